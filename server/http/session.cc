#include "http/session.h"

#include <algorithm>
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
using std::chrono::milliseconds;

/// Beside a header, which has a limit of its own.
constexpr std::size_t buffer_bytes_max = 128 * 1024;
constexpr std::size_t linger_bytes_max = std::size_t{32} << 20U;
constexpr milliseconds linger_timeout{2'000};
constexpr std::size_t slowest_bytes_per_ms = 50;

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

/// A page of another site may make a browser send a request; only its answer would be kept from it,
/// and a stream lasts.
void check_origin(std::string_view origin, std::string_view host) {
  if (!origin.empty() && !is_own_origin(origin, host))
    throw HttpError{403, "forbidden", "a request from a page of " + log::escape(origin)};
}

/// What is unpacked may be a thousand times as long.
void check_coding(std::string_view coding) {
  if (!coding.empty() && coding != "identity")
    throw HttpError{415, "unsupported_media_type",
                    "a body is taken as it is, not as '" + log::escape(coding) + "'"};
}

}  // namespace

Session::Session(ContextPtr context, tcp::socket socket, const tls::NativeContext& tls,
                 Entrance entrance, Occupancy::Place place)
    : context_(std::move(context)),
      entrance_(entrance),
      place_(std::move(place)),
      first_deadline_(std::chrono::steady_clock::now() + milliseconds{limits().header_timeout_ms}),
      stream_(std::move(socket), tls),
      buffer_(buffer_bytes_max + limits().header_bytes_max) {
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

milliseconds Session::transfer_timeout(std::size_t bytes) const {
  return milliseconds{limits().transfer_timeout_ms} + milliseconds{bytes / slowest_bytes_per_ms};
}

void Session::begin_header() {
  if (is_first_)
    stream_.expires_at(first_deadline_);
  else
    stream_.expires_after(milliseconds{limits().header_timeout_ms});
}

void Session::note_timeout(beast::error_code error, Limit limit) {
  if (error == beast::error::timeout) limits_reached.add(limit);
}

asio::awaitable<void> Session::run() {
  begin_header();
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
  if (is_first_)
    begin_header();
  else
    stream_.expires_after(milliseconds{limits().idle_timeout_ms});
  beast::error_code error;
  const std::size_t count = co_await stream_.async_read_some(
      buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
  buffer_.commit(count);
  if (is_first_) note_timeout(error, Limit::http_header_time);
  co_return !error;
}

/// As Beast's async_read_header, which takes a field that goes on in the next line: whoever stands
/// in front of us may have taken that line for another field (RFC 9112, 5.2).
asio::awaitable<beast::error_code> Session::read_header() {
  constexpr std::size_t read_size = 4096;
  while (true) {
    const auto bytes = buffer_.data();
    const std::string_view unread{static_cast<const char*>(bytes.data()), bytes.size()};
    beast::error_code error;
    const std::size_t parsed = parser_->put(bytes, error);
    const std::string_view header = unread.substr(0, parsed);
    const bool is_folded = header.find("\n ") != std::string_view::npos ||
                           header.find("\n\t") != std::string_view::npos;
    buffer_.consume(parsed);
    if (is_folded) co_return bhttp::make_error_code(bhttp::error::bad_value);
    if (parser_->is_header_done() || (error && error != bhttp::error::need_more)) co_return error;
    const std::size_t count = co_await stream_.async_read_some(
        buffer_.prepare(read_size), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
    buffer_.commit(count);
  }
}

asio::awaitable<bool> Session::serve_one() {
  const bool has_bytes = co_await wait_for_bytes();
  if (!has_bytes) co_return false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits().header_bytes_max));
  // Set by route as soon as that is known; a declared length is compared by hand.
  parser_->body_limit(boost::none);
  begin_header();
  const beast::error_code error = co_await read_header();
  note_timeout(error, Limit::http_header_time);
  if (error) co_return co_await refuse_bytes(error);

  has_unread_body_ = !parser_->is_done();
  target_ = parse_target(head().target());
  Reply reply{head().version(), head().keep_alive(), head().method() == bhttp::verb::head};
  Response response = co_await answer();
  reply.keep_alive = reply.keep_alive && !has_unread_body_ && !context_->is_stopping;
  Share held;
  try {
    held = context_->occupancy.hold(response.body.size());
  } catch (const HttpError& refusal) {
    response = error_response(refusal);
  }
  if (response.events) co_return co_await send_events(std::move(response), reply);
  if (response.chunks) co_return co_await send_chunks(std::move(response), reply);
  co_return co_await send(std::move(response), reply);
}

HttpError Session::header_too_large() const {
  limits_reached.add(Limit::http_header_bytes);
  return {431, "header_too_large",
          "the header is longer than " + std::to_string(limits().header_bytes_max) +
              " bytes: http.header_bytes_max"};
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
    refusal = header_too_large();
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
    std::string_view first;
    if (!target_->segments.empty()) first = target_->segments.front();
    if (entrance_.door == Door::metrics && first != "metrics")
      throw not_found(
          "this port has metrics only: /metrics, /metrics/per-object and "
          "/metrics/detailed");
    if (first != "api" && first != "metrics") co_return answer_asset_request();
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
  if (is_unsafe(head().method()) || is_stream(match))
    check_origin(head()[bhttp::field::origin], head()[bhttp::field::host]);
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
  request.client = peer_address_;
  request.is_abandoned = [this] { return stream_.is_abandoned(); };
  check_coding(head()[bhttp::field::content_encoding]);
  const std::size_t bytes_max = std::min(route.body_bytes_max, limits().body_bytes_max);
  const std::size_t announced =
      parser_->is_done()
          ? 0
          : std::min<std::uint64_t>(parser_->content_length().value_or(bytes_max), bytes_max);
  const Share held = context_->occupancy.hold(announced);
  request.body = co_await read_body(bytes_max);
  const Share place = context_->occupancy.begin_request();
  co_return co_await route.handler(context_, std::move(request));
}

bool Session::is_for_anyone(const RouteTable::Match& match) const {
  const auto* found = std::get_if<RouteTable::Found>(&match);
  return entrance_.door == Door::metrics ||
         (found && context_->routes[found->route].rule == Rule::anyone);
}

bool Session::is_stream(const RouteTable::Match& match) const {
  const auto* found = std::get_if<RouteTable::Found>(&match);
  return found && context_->routes[found->route].is_stream;
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
  const auto too_large = [bytes_max] {
    limits_reached.add(Limit::http_body_bytes);
    return HttpError{413, "payload_too_large",
                     "the body is longer than " + std::to_string(bytes_max) + " bytes"};
  };
  const auto length = parser_->content_length();
  if (length && *length > bytes_max) throw too_large();
  parser_->body_limit(bytes_max);
  if (beast::iequals(head()[bhttp::field::expect], "100-continue")) {
    bhttp::response<bhttp::empty_body> go_on{bhttp::status::continue_, head().version()};
    co_await bhttp::async_write(stream_, go_on, asio::use_awaitable);
  }
  const auto start = std::chrono::steady_clock::now();
  beast::error_code error;
  // Piece by piece: a long body has more time, but only when it comes.
  while (!error && !parser_->is_done()) {
    stream_.expires_at(start + transfer_timeout(parser_->get().body().size()));
    co_await bhttp::async_read_some(stream_, buffer_, *parser_,
                                    asio::redirect_error(asio::use_awaitable, error));
  }
  note_timeout(error, Limit::http_transfer_time);
  if (error == bhttp::error::body_limit) throw too_large();
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
  note_timeout(error, Limit::http_transfer_time);
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
  stream_.expires_after(transfer_timeout(0));
  beast::error_code error;
  co_await bhttp::async_write_header(stream_, serializer,
                                     asio::redirect_error(asio::use_awaitable, error));
  const std::shared_ptr<EventStream> events = response.events;
  while (!error && !reply.is_head) {
    const std::vector<EventText> texts = co_await events->next();
    if (texts.empty()) {
      // Closed by us, as who sees what has changed: an end, which no client takes for a break.
      stream_.expires_after(transfer_timeout(0));
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
  stream_.expires_after(transfer_timeout(0));
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

void send_refusal(tcp::socket& socket, const HttpError& refusal) {
  const std::string body = error_response(refusal).body;
  const std::string answer = "HTTP/1.1 " + std::to_string(refusal.status) +
                             " Service Unavailable\r\nContent-Type: application/json\r\n"
                             "Retry-After: 1\r\nConnection: close\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n" + body;
  beast::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(answer), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> serve(ContextPtr context, tcp::socket socket, tls::NativeContext tls,
                            Entrance entrance, Occupancy::Place place) {
  Session session{std::move(context), std::move(socket), tls, entrance, std::move(place)};
  try {
    co_await session.run();
  } catch (const std::exception& error) {
    log::debug(std::string{"HTTP connection: "} + error.what());
  }
}

}  // namespace leveret::http
