#include "http/session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

#include "base/log.h"
#include "http/assets.h"
#include "http/chunks.h"
#include "http/error.h"
#include "http/headers.h"
#include "http/negotiation.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using std::chrono::seconds;

constexpr std::uint32_t header_bytes_max = 16 * 1024;
constexpr std::size_t buffer_bytes_max = 128 * 1024;
constexpr std::size_t linger_bytes_max = std::size_t{32} << 20U;
/// A first request, or the rest of a header, must come in this time; so must the body as a whole,
/// with more time for a long one.
constexpr seconds header_timeout{10};
constexpr seconds idle_timeout{60};
constexpr seconds write_timeout{30};
constexpr seconds linger_timeout{2};
constexpr std::size_t slowest_bytes_per_second = 50'000;

seconds transfer_timeout(std::size_t bytes) {
  return write_timeout + seconds{bytes / slowest_bytes_per_second};
}

bool is_unsafe(bhttp::verb method) {
  return method != bhttp::verb::get && method != bhttp::verb::head &&
         method != bhttp::verb::options;
}

Response error_response(const HttpError& error) {
  Response response =
      json_response({{"error", error.error}, {"reason", error.what()}}, error.status);
  return response;
}

bool is_loopback_address(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address.is_loopback();
}

/// Answers that are not JSON errors but say what may be done instead.
struct Refused {
  Response response;
};

Response method_not_allowed(const std::string& allow) {
  Response response = error_response({405, "method_not_allowed", "the methods here are " + allow});
  response.headers.emplace_back("Allow", allow);
  return response;
}

void check_host(const Context& context, const Entrance& entrance, std::string_view host) {
  // No browser leaves the header out.
  if (!entrance.is_loopback || host.empty() || is_loopback_host(host)) return;
  for (const std::string& name : context.options.hosts)
    if (name == host_name(host)) return;
  throw HttpError{403, "forbidden",
                  "bound to the loopback address, only its own names are answered, not '" +
                      log::escape(host) + "'"};
}

/// A page of another site may make a browser send a request; only its answer would be kept from it.
void check_origin(std::string_view origin, std::string_view host) {
  if (!origin.empty() && !is_own_origin(origin, host))
    throw HttpError{403, "forbidden", "a request from a page of " + log::escape(origin)};
}

}  // namespace

Session::Session(ContextPtr context, tcp::socket socket, const tls::NativeContext& tls,
                 Entrance entrance)
    : context_(std::move(context)),
      entrance_(entrance),
      stream_(std::move(socket), tls),
      buffer_(buffer_bytes_max) {
  context_->sessions.insert(this);
  beast::error_code error;
  const tcp::endpoint peer = stream_.socket().remote_endpoint(error);
  peer_is_loopback_ = !error && is_loopback_address(peer.address());
  peer_address_ = peer.address().to_string();
  stream_.socket().set_option(tcp::no_delay{true}, error);
}

Session::~Session() {
  context_->sessions.erase(this);
}

void Session::close() {
  stream_.close();
}

asio::awaitable<void> Session::run() {
  stream_.expires_after(header_timeout);
  bool goes_on = co_await stream_.open();
  if (!goes_on) co_return;
  // Not in the loop's condition: GCC 12 resumes a co_await behind && with a frame that is not its
  // own.
  while (goes_on && !context_->is_stopping) {
    goes_on = co_await serve_one();
    is_first_ = false;
  }
  co_await linger();
}

/// Returns false at the end of the connection, be it orderly or not.
asio::awaitable<bool> Session::wait_for_bytes() {
  if (buffer_.size() > 0) co_return true;
  stream_.expires_after(is_first_ ? header_timeout : idle_timeout);
  beast::error_code error;
  const std::size_t count = co_await stream_.async_read_some(
      buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
  buffer_.commit(count);
  co_return !error;
}

asio::awaitable<bool> Session::serve_one() {
  const bool has_bytes = co_await wait_for_bytes();
  if (!has_bytes) co_return false;
  parser_.emplace();
  parser_->header_limit(header_bytes_max);
  // Set by route as soon as that is known; a declared length is compared by hand.
  parser_->body_limit(boost::none);
  stream_.expires_after(header_timeout);
  beast::error_code error;
  co_await bhttp::async_read_header(stream_, buffer_, *parser_,
                                    asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return co_await refuse_bytes(error);

  has_unread_body_ = !parser_->is_done();
  target_ = parse_target(head().target());
  Reply reply{head().version(), head().keep_alive(), head().method() == bhttp::verb::head};
  Response response = co_await answer();
  reply.keep_alive = reply.keep_alive && !has_unread_body_ && !context_->is_stopping;
  if (response.events) co_return co_await send_events(std::move(response), reply);
  if (response.chunks) co_return co_await send_chunks(std::move(response), reply);
  co_return co_await send(std::move(response), reply);
}

/// What is not a request gets a hint where there is something to tell. Always ends the connection.
asio::awaitable<bool> Session::refuse_bytes(beast::error_code error) {
  if (error == bhttp::error::end_of_stream ||
      error.category() != bhttp::make_error_code(bhttp::error::bad_method).category())
    co_return false;
  const auto bytes = buffer_.data();
  const std::string_view start{static_cast<const char*>(bytes.data()), bytes.size()};
  HttpError refusal = bad_request("not an HTTP request: " + error.message());
  if (start.starts_with("AMQP"))
    refusal =
        bad_request("this is the HTTP port: AMQP clients connect to another one, 5672 by default");
  else if (start.starts_with("\x16\x03"))
    refusal = bad_request("this port speaks HTTP, not HTTPS");
  else if (error == bhttp::error::header_limit)
    refusal = {431, "header_too_large", "the header is longer than 16 KiB"};
  log::debug(std::string{"HTTP: refused: "} + refusal.what());
  has_unread_body_ = true;
  co_await send(error_response(refusal), Reply{});
  co_return false;
}

asio::awaitable<Response> Session::answer() {
  try {
    if (head().count(bhttp::field::transfer_encoding) > 0 && !parser_->chunked()) {
      // A body whose end we cannot tell would be taken for the next request.
      has_unread_body_ = true;
      throw HttpError{501, "not_implemented", "chunked is the only transfer coding here"};
    }
    if (!target_) throw bad_request("the request's target is not a path");
    const std::string_view host = head()[bhttp::field::host];
    check_host(*context_, entrance_, host);
    const std::string_view first = target_->segments.empty() ? "" : target_->segments.front();
    if (entrance_.door == Door::metrics && first != "metrics")
      throw not_found(
          "this port has metrics only: /metrics, /metrics/per-object and "
          "/metrics/detailed");
    if (first != "api" && first != "metrics") co_return answer_asset_request();
    if (is_unsafe(head().method())) check_origin(head()[bhttp::field::origin], host);
    co_return co_await answer_api();
  } catch (const Refused& refused) {
    co_return refused.response;
  } catch (const HttpError& error) {
    co_return error_response(error);
  } catch (const broker::AccessRefused& error) {
    co_return error_response({403, "not_authorised", error.close_text()});
  } catch (const amqp::Error& error) {
    co_return error_response(to_http_error(error));
  } catch (const boost::system::system_error&) {
    throw;  // The connection's, not the request's.
  } catch (const std::exception& error) {
    log::error(std::string{"HTTP: "} + error.what());
    co_return error_response({500, "internal_error", "the server failed; its log says more"});
  }
}

asio::awaitable<Response> Session::answer_api() {
  Request request;
  RouteTable::Match match = context_->table.find(head().method_string(), target_->segments);
  if (!is_for_anyone(match)) request.identity = co_await authenticate();
  if (std::holds_alternative<RouteTable::NoPath>(match))
    throw not_found("there is nothing at this path");
  if (const auto* other = std::get_if<RouteTable::OtherMethod>(&match)) {
    if (head().method() != bhttp::verb::options) co_return method_not_allowed(other->allow);
    Response response = empty_response(200);
    response.headers.emplace_back("Allow", other->allow);
    co_return response;
  }
  auto& found = std::get<RouteTable::Found>(match);
  const Route& route = context_->routes[found.route];
  request.path = std::move(found.parameters);
  if (entrance_.door == Door::api)
    check_rule(route.rule, *context_->users, request.identity, request.path.find("vhost"));
  request.query = target_->query;
  request.reason = head()["X-Reason"];
  request.content_type = head()[bhttp::field::content_type];
  request.accept = head()[bhttp::field::accept];
  request.body = co_await read_body(route.body_bytes_max);
  co_return co_await route.handler(context_, std::move(request));
}

bool Session::is_for_anyone(const RouteTable::Match& match) const {
  const auto* found = std::get_if<RouteTable::Found>(&match);
  return entrance_.door == Door::metrics ||
         (found && context_->routes[found->route].rule == Rule::anyone);
}

asio::awaitable<auth::Identity> Session::authenticate() {
  const auto credentials = read_authorization(head()[bhttp::field::authorization]);
  std::optional<auth::Identity> identity;
  if (credentials)
    identity =
        co_await context_->authenticator.check(*credentials, peer_is_loopback_, peer_address_);
  if (identity && may_manage(*identity)) co_return std::move(*identity);
  if (identity) throw HttpError{401, "not_authorised", "Not management user"};
  Response response = error_response(
      {401, "not_authorised",
       credentials ? "Login failed" : "a user and a password, or a token, are needed"});
  // A browser would answer with a prompt of its own; the dashboard has a better one.
  if (head()["X-Requested-With"] != "leveret-ui")
    response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Leveret\"");
  throw Refused{std::move(response)};
}

asio::awaitable<std::string> Session::read_body(std::size_t bytes_max) {
  if (parser_->is_done()) co_return std::string{};
  const HttpError too_large{413, "payload_too_large",
                            "the body is longer than " + std::to_string(bytes_max) + " bytes"};
  const auto length = parser_->content_length();
  if (length && *length > bytes_max) throw too_large;
  parser_->body_limit(bytes_max);
  if (beast::iequals(head()[bhttp::field::expect], "100-continue")) {
    bhttp::response<bhttp::empty_body> go_on{bhttp::status::continue_, head().version()};
    co_await bhttp::async_write(stream_, go_on, asio::use_awaitable);
  }
  stream_.expires_after(transfer_timeout(bytes_max));
  beast::error_code error;
  co_await bhttp::async_read(stream_, buffer_, *parser_,
                             asio::redirect_error(asio::use_awaitable, error));
  if (error == bhttp::error::body_limit) throw too_large;
  if (error.category() == bhttp::make_error_code(bhttp::error::bad_method).category())
    throw bad_request("broken body: " + error.message());
  if (error) throw boost::system::system_error{error};
  has_unread_body_ = false;
  co_return std::move(parser_->get().body());
}

Response Session::answer_asset_request() const {
  if (head().method() != bhttp::verb::get && head().method() != bhttp::verb::head)
    return method_not_allowed("GET, HEAD");
  const Asset* asset = find_asset(embedded_assets(), target_->segments);
  if (!asset) throw not_found("there is nothing at this path");
  AssetAnswer answer = answer_asset(*asset, head()[bhttp::field::accept_encoding],
                                    head()[bhttp::field::if_none_match]);
  Response response;
  response.status = answer.status;
  response.content_type = {};
  response.embedded = answer.body;
  response.headers = std::move(answer.headers);
  return response;
}

asio::awaitable<bool> Session::send(Response response, Reply reply) {
  const std::string_view body = response.body.empty() ? response.embedded : response.body;
  bhttp::response<bhttp::span_body<const char>> message;
  message.result(static_cast<unsigned>(response.status));
  message.version(reply.version);
  message.keep_alive(reply.keep_alive);
  put_headers(message.base(), response);
  message.body() = {body.data(), body.size()};
  if (response.status != 204 && response.status != 304) message.content_length(body.size());
  bhttp::response_serializer<bhttp::span_body<const char>> serializer{message};
  stream_.expires_after(transfer_timeout(body.size()));
  beast::error_code error;
  if (reply.is_head)
    co_await bhttp::async_write_header(stream_, serializer,
                                       asio::redirect_error(asio::use_awaitable, error));
  else
    co_await bhttp::async_write(stream_, serializer,
                                asio::redirect_error(asio::use_awaitable, error));
  co_return !error && reply.keep_alive;
}

/// Writes events as they come, until the client goes, reads too slowly, or the server stops.
asio::awaitable<bool> Session::send_events(Response response, Reply reply) {
  bhttp::response<bhttp::empty_body> message;
  message.result(bhttp::status::ok);
  message.version(reply.version);
  put_headers(message.base(), response);
  // A reverse proxy must pass each event on at once.
  message.set("X-Accel-Buffering", "no");
  const bool is_chunked = reply.version >= 11;
  message.chunked(is_chunked);
  if (!is_chunked) message.keep_alive(false);
  bhttp::response_serializer<bhttp::empty_body> serializer{message};
  stream_.expires_after(write_timeout);
  beast::error_code error;
  co_await bhttp::async_write_header(stream_, serializer,
                                     asio::redirect_error(asio::use_awaitable, error));
  const std::shared_ptr<EventStream> events = response.events;
  while (!error && !reply.is_head) {
    const std::vector<EventText> texts = co_await events->next();
    if (texts.empty()) {
      // Closed by us, as who sees what has changed: an end, which no client takes for a break.
      stream_.expires_after(write_timeout);
      if (is_chunked)
        co_await asio::async_write(stream_, bhttp::make_chunk_last(),
                                   asio::redirect_error(asio::use_awaitable, error));
      break;
    }
    for (const EventText& text : texts) {
      if (error) break;
      stream_.expires_after(transfer_timeout(text->size()));
      if (is_chunked)
        co_await asio::async_write(stream_, bhttp::make_chunk(asio::buffer(*text)),
                                   asio::redirect_error(asio::use_awaitable, error));
      else
        co_await asio::async_write(stream_, asio::buffer(*text),
                                   asio::redirect_error(asio::use_awaitable, error));
    }
  }
  co_return false;
}

/// Writes a body piece by piece; each piece is made when the client has taken the last one.
asio::awaitable<bool> Session::send_chunks(Response response, Reply reply) {
  bhttp::response<bhttp::empty_body> message;
  message.result(static_cast<unsigned>(response.status));
  message.version(reply.version);
  put_headers(message.base(), response);
  // HTTP/1.0 has no chunks: there the end of the connection is that of the body.
  const bool is_chunked = reply.version >= 11;
  message.chunked(is_chunked);
  reply.keep_alive = reply.keep_alive && is_chunked;
  message.keep_alive(reply.keep_alive);
  bhttp::response_serializer<bhttp::empty_body> serializer{message};
  stream_.expires_after(write_timeout);
  beast::error_code error;
  co_await bhttp::async_write_header(stream_, serializer,
                                     asio::redirect_error(asio::use_awaitable, error));
  const std::shared_ptr<ChunkSource> chunks = response.chunks;
  while (!error && !reply.is_head) {
    const std::string piece = co_await chunks->next();
    if (piece.empty()) break;
    stream_.expires_after(transfer_timeout(piece.size()));
    if (is_chunked)
      co_await asio::async_write(stream_, bhttp::make_chunk(asio::buffer(piece)),
                                 asio::redirect_error(asio::use_awaitable, error));
    else
      co_await asio::async_write(stream_, asio::buffer(piece),
                                 asio::redirect_error(asio::use_awaitable, error));
  }
  if (!error && is_chunked && !reply.is_head)
    co_await asio::async_write(stream_, bhttp::make_chunk_last(),
                               asio::redirect_error(asio::use_awaitable, error));
  co_return !error && reply.keep_alive;
}

/// Reads on for a while after the last answer: closing with unread bytes would reset the
/// connection, and the client might lose the answer.
asio::awaitable<void> Session::linger() {
  stream_.expires_after(linger_timeout);
  co_await stream_.finish_output();
  if (!has_unread_body_) co_return;
  beast::error_code error;
  std::size_t discarded = 0;
  buffer_.consume(buffer_.size());
  while (!error && discarded < linger_bytes_max)
    discarded += co_await stream_.async_read_some(buffer_.prepare(4096),
                                                  asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> serve(ContextPtr context, tcp::socket socket, tls::NativeContext tls,
                            Entrance entrance) {
  Session session{std::move(context), std::move(socket), tls, entrance};
  try {
    co_await session.run();
  } catch (const std::exception& error) {
    log::debug(std::string{"HTTP connection: "} + error.what());
  }
}

}  // namespace leveret::http
