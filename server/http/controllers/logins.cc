#include <algorithm>
#include <chrono>

#include "base/limit_counts.h"
#include "http/ask.h"
#include "http/authenticator.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/json.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t description_bytes_max = 255;
constexpr std::uint64_t lifetime_s_max = 10ULL * 366 * 24 * 3600;

// Tokens.

Json time_json(auth::Token::Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Json token_json(const auth::Token& token) {
  return {{"id", token.id},
          {"user", token.user},
          {"description", token.description},
          {"created_at", time_json(token.created_at)},
          {"expires_at", token.expires_at ? time_json(*token.expires_at) : Json()}};
}

/// A stolen token must not make others that outlive it.
void refuse_tokens(const Request& request) {
  if (!request.identity.token.empty())
    throw HttpError{403, "forbidden",
                    "whoever has logged in with a token may not make or take back tokens: "
                    "log in with a password"};
}

asio::awaitable<Response> list_tokens(ContextPtr context, Request request) {
  std::optional<std::string> user = request.identity.user;
  if (is_administrator(request.identity)) user = request.query.value("user");
  Json items = Json::array();
  for (const auth::Token& token : context->users->tokens(user)) items.push_back(token_json(token));
  co_return json_response(items);
}

asio::awaitable<Response> post_token(ContextPtr context, Request request) {
  refuse_tokens(request);
  const Json body = parse_object(request.body);
  const std::string user = find_text(body, "user").value_or(request.identity.user);
  if (user != request.identity.user && !is_administrator(request.identity))
    throw HttpError{403, "forbidden", "only an administrator makes tokens for other users"};
  if (!context->users->find(user)) throw bad_request("there is no user '" + user + "'");
  const std::string description = find_text(body, "description").value_or("");
  if (description.size() > description_bytes_max)
    throw bad_request("description is longer than 255 bytes");
  const auto lifetime = find_number(body, "expires_in");
  if (lifetime && (*lifetime == 0 || *lifetime > lifetime_s_max))
    throw bad_request("expires_in has to be seconds from 1 to " + std::to_string(lifetime_s_max));
  auto make = [context, user, description, lifetime,
               most = context->occupancy.limits().tokens_per_user_max] {
    if (context->users->tokens(user).size() >= most) {
      limits_reached.add(Limit::http_tokens);
      throw bad_request("limit of tokens of user '" + user + "' (" + std::to_string(most) +
                        ") is reached");
    }
    std::optional<std::chrono::seconds> seconds;
    if (lifetime) seconds = std::chrono::seconds{*lifetime};
    auth::Token token;
    const std::string text = context->users->make_token(user, description, seconds, token);
    Json made = token_json(token);
    made["token"] = text;
    return made;
  };
  co_return json_response(co_await change(context, std::move(make)), 201);
}

asio::awaitable<Response> delete_token(ContextPtr context, Request request) {
  refuse_tokens(request);
  const std::string id = request.path.at("id");
  const auto owner = is_administrator(request.identity)
                         ? std::nullopt
                         : std::optional<std::string>{request.identity.user};
  const auto tokens = context->users->tokens(owner);
  if (std::ranges::find(tokens, id, &auth::Token::id) == tokens.end())
    throw not_found("no token '" + id + "'");
  auto remove = [context, id] { return context->users->remove_token(id); };
  co_await change(context, std::move(remove));
  co_return empty_response(204);
}

// How often somebody has tried to log in.

Json counts_json(auth::Protocol protocol, const auth::Attempts::Counts& counts) {
  return {{"protocol", name_of(protocol)},
          {"auth_attempts", counts.succeeded + counts.failed},
          {"auth_attempts_failed", counts.failed},
          {"auth_attempts_succeeded", counts.succeeded}};
}

void require_node(const Context& context, const Request& request) {
  if (request.path.at("node") != context.node)
    throw not_found("no node '" + request.path.at("node") + "', only '" + context.node + "'");
}

asio::awaitable<Response> get_attempts(ContextPtr context, Request request) {
  require_node(*context, request);
  Json items = Json::array();
  for (const auto& total : context->users->attempts())
    items.push_back(counts_json(total.protocol, total.counts));
  co_return json_response(items);
}

asio::awaitable<Response> get_attempt_sources(ContextPtr context, Request request) {
  require_node(*context, request);
  Json items = Json::array();
  for (const auto& source : context->users->attempt_sources()) {
    Json item = counts_json(source.protocol, source.counts);
    item["remote_address"] = source.address;
    item["username"] = source.user;
    items.push_back(std::move(item));
  }
  co_return json_response(items);
}

asio::awaitable<Response> delete_attempts(ContextPtr context, Request request) {
  require_node(*context, request);
  context->users->clear_attempts();
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> login_routes() {
  using enum Rule;
  return {
      {"GET", "/api/auth/attempts/{node}", administrator, get_attempts},
      {"DELETE", "/api/auth/attempts/{node}", administrator, delete_attempts},
      {"GET", "/api/auth/attempts/{node}/source", administrator, get_attempt_sources},
      {"DELETE", "/api/auth/attempts/{node}/source", administrator, delete_attempts},
      {"GET", "/api/x/tokens", management, list_tokens},
      {"POST", "/api/x/tokens", management, post_token},
      {"DELETE", "/api/x/tokens/{id}", management, delete_token},
  };
}

}  // namespace leveret::http
