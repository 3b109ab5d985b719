#include "cli/api.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <limits>
#include <stdexcept>

#include "cli/exit_code.h"
#include "cli/text.h"
#include "lib/stream.h"
#include "lib/url.h"

namespace leveret::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

asio::awaitable<void> exchange(std::string host, std::string port,
                               std::optional<client::TlsOptions> tls, const Request& request,
                               Response& response) {
  auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto endpoints = co_await resolver.async_resolve(host, port, use_awaitable);
  client::Stream stream{asio::ip::tcp::socket{executor}};
  co_await asio::async_connect(stream.socket(), endpoints, use_awaitable);
  if (tls) co_await stream.start_tls(*tls, host);
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // The server is ours.
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  response = parser.release();
}

/// The sentence in an error's JSON body, or what the status says.
std::string reason_in(const Response& response) {
  const Json json = Json::parse(response.body(), nullptr, false);
  if (json.is_object() && json.contains("reason") && json["reason"].is_string())
    return json["reason"].get<std::string>();
  return "HTTP status " + std::to_string(response.result_int());
}

Exit exit_code_of_status(unsigned status) {
  switch (status) {
    case 400:
    case 413: return Exit::bad_data;
    case 401:
    case 403: return Exit::not_permitted;
    case 404:
    case 410: return Exit::not_found;
    case 409: return Exit::exists_differently;
    case 429:
    case 503: return Exit::try_again;
    default: return Exit::internal;
  }
}

const char* hint_for_status(unsigned status) {
  switch (status) {
    case 401:
    case 403: return "check user and password in --api; guest may log in from this machine only";
    case 404: return "leveret queues shows what exists";
    case 429:
    case 503: return "the server is busy: try again";
    default: return "";
  }
}

}  // namespace

Api::Api(std::string_view address) {
  try {
    const client::UrlParts parts = client::split_url(address);
    if (parts.scheme != "http" && parts.scheme != "https")
      throw std::invalid_argument("the scheme must be http:// or https://");
    if (parts.scheme == "https") tls_.emplace();
    client::for_each_parameter(parts.query, [this](std::string_view name, std::string_view value) {
      if (!tls_ || !tls_->take(name, value))
        throw std::invalid_argument("unknown parameter '" + std::string(name) +
                                    "' after '?': https:// knows cacertfile, certfile, keyfile, "
                                    "verify and server_name_indication");
    });
    host_ = parts.host.empty() ? "127.0.0.1" : client::percent_decode(parts.host);
    port_ = parts.port.value_or(tls_ ? std::uint16_t{443} : std::uint16_t{80});
    if (parts.user) user_ = *parts.user;
    if (parts.password) password_ = *parts.password;
    prefix_ = parts.path;
    while (prefix_.ends_with('/')) prefix_.pop_back();
  } catch (const std::invalid_argument& error) {
    throw Failure{Exit::usage, std::string{"bad address of the HTTP API: "} + error.what(),
                  "write it like http://user:password@host:15672"};
  }
}

std::string Api::path(std::string_view prefix, const std::vector<std::string>& names) {
  std::string path{prefix};
  for (const std::string& name : names) path += "/" + client::percent_encode(name);
  return path;
}

Json Api::get(const std::string& path) const {
  return request("GET", path, {});
}
Json Api::post(const std::string& path, const Json& body) const {
  return request("POST", path, dump(body));
}
Json Api::post_text(const std::string& path, const std::string& body) const {
  return request("POST", path, body);
}
Json Api::put(const std::string& path, const Json& body) const {
  return request("PUT", path, dump(body));
}
Json Api::remove(const std::string& path, const std::string& reason) const {
  return request("DELETE", path, {}, reason);
}
Api Api::as(const std::string& user, const std::string& password) const {
  Api other = *this;
  other.user_ = user;
  other.password_ = password;
  return other;
}

Json Api::request(std::string_view method, const std::string& path, const std::string& body,
                  const std::string& reason) const {
  const std::string authority = host_ + ":" + std::to_string(port_);
  Request request;
  request.method_string({method.data(), method.size()});
  request.target(prefix_ + path);
  request.set(http::field::host, authority);
  request.set(http::field::user_agent, "leveret");
  request.set(http::field::authorization, "Basic " + base64(user_ + ":" + password_));
  request.set(http::field::accept, "application/json");
  request.set(http::field::connection, "close");
  // A line break would begin another header.
  if (!reason.empty()) request.set("X-Reason", escape_for_terminal(reason));
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();

  Response response;
  asio::io_context context;
  bool is_done = false;
  std::exception_ptr failure;
  asio::co_spawn(context, exchange(host_, std::to_string(port_), tls_, request, response),
                 [&](std::exception_ptr thrown) {
                   failure = std::move(thrown);
                   is_done = true;
                 });
  context.run_for(timeout_);
  const std::string where = "cannot reach the HTTP API at " + authority + ": ";
  const char* hint =
      "is the server running?  start one with: leveretd   or name another with --api";
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    throw Failure{Exit::unreachable, where + error.code().message(), hint};
  } catch (const std::runtime_error& error) {  // TLS
    throw Failure{Exit::unreachable, where + error.what(), ""};
  }
  if (!is_done)
    throw Failure{Exit::unreachable,
                  where + "no answer within " + std::to_string(timeout_.count()) + " s", hint};
  if (response.result_int() >= 300)
    throw Failure{exit_code_of_status(response.result_int()),
                  std::string{method} + " " + path + ": " + reason_in(response),
                  hint_for_status(response.result_int())};
  if (response.body().empty()) return nullptr;
  Json json = Json::parse(response.body(), nullptr, false);
  if (json.is_discarded())
    throw Failure{Exit::internal, "the answer from " + authority + " is not JSON",
                  "is that address an HTTP API of Leveret or RabbitMQ?"};
  return json;
}

}  // namespace leveret::cli
