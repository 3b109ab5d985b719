#include <algorithm>
#include <array>

#include "auth/password.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/member.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/text.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t name_bytes_max = 255;
constexpr std::string_view default_algorithm = "rabbit_password_hashing_sha256";

Json user_json(const auth::User& user) {
  const auth::RabbitHash hash = auth::export_hash(user.password_hash);
  return {{"name", user.name},
          {"password_hash", hash.base64},
          {"hashing_algorithm", hash.algorithm},
          {"tags", user.tags},
          {"limits", user.limits.empty() ? Json::object() : Json(user.limits)}};
}

auth::User require_user(const Context& context, const std::string& name) {
  auto user = context.users->find(name);
  if (!user) throw not_found("no user '" + name + "'");
  return std::move(*user);
}

asio::awaitable<Response> answer_users(Request request, std::vector<auth::User> users) {
  Json items = Json::array();
  for (const auth::User& user : users) items.push_back(user_json(user));
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> list_users(ContextPtr context, Request request) {
  co_return co_await answer_users(std::move(request), context->users->users());
}

asio::awaitable<Response> list_without_permissions(ContextPtr context, Request request) {
  auto users = context->users->users();
  const auto permissions = context->users->permissions();
  std::erase_if(users, [&](const auth::User& user) {
    return std::ranges::find(permissions, user.name, &auth::Permission::user) != permissions.end();
  });
  co_return co_await answer_users(std::move(request), std::move(users));
}

asio::awaitable<Response> get_user(ContextPtr context, Request request) {
  co_return json_response(user_json(require_user(*context, request.path.at("name"))));
}

/// Nothing when the body gives none. Throws HttpError 400.
std::optional<std::string> read_hash(const Json& body) {
  const auto base64 = find_text(body, "password_hash");
  if (!base64) return std::nullopt;
  if (base64->empty()) return std::string{};
  const std::string algorithm =
      find_text(body, "hashing_algorithm").value_or(std::string{default_algorithm});
  auto hash = auth::import_hash({algorithm, *base64});
  if (!hash)
    throw bad_request("'password_hash' is not what '" + algorithm +
                      "' makes, in base64; known are " + auth::known_algorithms());
  return hash;
}

asio::awaitable<Response> put_user(ContextPtr context, Request request) {
  const Json body = parse_object(request.body);
  auth::User user{request.path.at("name"), {}, {}, {}};
  if (user.name.size() > name_bytes_max) throw bad_request("a user's name holds at most 255 bytes");
  if (!is_utf8(user.name)) throw bad_request("a user's name must be UTF-8");
  const auto tags = find_tags(body);
  if (!tags) throw bad_request("tags_not_present: 'tags' is missing; \"\" is for none");
  user.tags = *tags;
  const auto password = find_text(body, "password");
  const auto hash = read_hash(body);
  if (password && hash)
    throw bad_request("both_password_and_password_hash_are_provided: give one of them");
  auto put = [context, user, password, hash]() mutable {
    if (password)
      user.password_hash = password->empty() ? "" : auth::hash_password(*password);
    else if (hash)
      user.password_hash = *hash;
    else if (const auto known = context->users->find(user.name))
      user.password_hash = known->password_hash;
    return context->users->put(user);
  };
  const bool is_new = co_await change(context, std::move(put));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_user(ContextPtr context, Request request) {
  const std::string name = request.path.at("name");
  auto remove = [context, name] { return context->users->remove(name); };
  const bool was_there = co_await change(context, std::move(remove));
  if (!was_there) throw not_found("no user '" + name + "'");
  co_return empty_response(204);
}

/// All or, when one of them is unknown, none.
asio::awaitable<Response> delete_users(ContextPtr context, Request request) {
  const Json body = parse_object(request.body);
  const auto names = body.find("users");
  if (names == body.end()) throw bad_request("'users' is missing, a list of names");
  std::vector<std::string> doomed;
  if (!names->is_array()) throw bad_request("'users' is not a list of names");
  for (const Json& name : *names) {
    if (!name.is_string()) throw bad_request("'users' is not a list of names");
    doomed.push_back(name.get<std::string>());
    if (!context->users->find(doomed.back()))
      throw bad_request("no_such_user: there is no user '" + doomed.back() + "'");
  }
  auto remove = [context, doomed] {
    for (const std::string& name : doomed) context->users->remove(name);
    return true;
  };
  co_await change(context, std::move(remove));
  co_return empty_response(204);
}

// Limits.

constexpr std::array<std::string_view, 2> limit_names{"max-connections", "max-channels"};

Json limits_item(const auth::User& user) {
  return {{"user", user.name}, {"value", Json(user.limits)}};
}

asio::awaitable<Response> list_limits(ContextPtr context, Request request) {
  Json items = Json::array();
  for (const auth::User& user : context->users->users())
    if (!user.limits.empty()) items.push_back(limits_item(user));
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> get_limits(ContextPtr context, Request request) {
  const auth::User user = require_user(*context, request.path.at("name"));
  Json items = Json::array();
  if (!user.limits.empty()) items.push_back(limits_item(user));
  co_return json_response(items);
}

asio::awaitable<Response> put_limit(ContextPtr context, Request request) {
  const std::string user = request.path.at("name");
  const std::string name = request.path.at("limit");
  const Json value = require_value(parse_object(request.body));
  if (std::ranges::find(limit_names, name) == limit_names.end())
    throw bad_request("Unrecognised terms [{<<\"" + name + "\">>," + erlang_text(value) +
                      "}] in user-limits");
  if (!value.is_number_integer())
    throw bad_request(name + " should be a number, actually was " + erlang_text(value));
  if (!context->users->find(user))
    throw bad_request("no_such_user: there is no user '" + user + "'");
  auto put = [context, user, name, limit = value.get<std::int64_t>()] {
    context->users->set_limit(user, name, limit);
    return true;
  };
  co_await change(context, std::move(put));
  co_return empty_response(204);
}

asio::awaitable<Response> delete_limit(ContextPtr context, Request request) {
  const std::string user = require_user(*context, request.path.at("name")).name;
  auto remove = [context, user, name = request.path.at("limit")] {
    context->users->clear_limit(user, name);
    return true;
  };
  co_await change(context, std::move(remove));
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> user_routes() {
  using enum Rule;
  return {
      {"GET", "/api/users", administrator, list_users},
      {"GET", "/api/users/without-permissions", administrator, list_without_permissions},
      {"POST", "/api/users/bulk-delete", administrator, delete_users},
      {"GET", "/api/users/{name}", administrator, get_user},
      {"PUT", "/api/users/{name}", administrator, put_user},
      {"DELETE", "/api/users/{name}", administrator, delete_user},
      {"GET", "/api/user-limits", management, list_limits},
      {"GET", "/api/user-limits/{name}", management, get_limits},
      {"PUT", "/api/user-limits/{name}/{limit}", administrator, put_limit},
      {"DELETE", "/api/user-limits/{name}/{limit}", administrator, delete_limit},
  };
}

}  // namespace leveret::http
