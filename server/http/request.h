#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/users.h"
#include "http/json.h"
#include "http/router.h"
#include "http/url.h"

namespace leveret::http {

struct Context;
class ChunkSource;
class EventStream;

/// A request for the API, read whole, from somebody who is known.
struct Request {
  PathParameters path;
  Query query;
  std::string body;
  std::string content_type;
  auth::Identity identity;
  /// The X-Reason header: why a connection is closed.
  std::string reason;
  /// The Accept header.
  std::string accept;
  /// The address it came from.
  std::string client;
  /// Whether nobody waits for the answer any more.
  std::function<bool()> is_abandoned;
};

struct Response {
  int status = 200;
  /// JSON, unless `content_type` says otherwise. Empty: no body.
  std::string body;
  std::string_view content_type = "application/json";
  /// The body when `body` is empty: bytes that live as long as the process.
  std::string_view embedded;
  std::vector<std::pair<std::string, std::string>> headers;
  /// When set, the answer is this stream of events and not `body`.
  std::shared_ptr<EventStream> events;
  /// When set, the body comes from here and not from `body`.
  std::shared_ptr<ChunkSource> chunks;
};

Response json_response(const Json& value, int status = 200);
/// Without a body: 204, or 201 for what is new.
Response empty_response(int status);

/// What answers a route, on the HTTP loop. Throws HttpError or amqp::Error to refuse.
using Handler = boost::asio::awaitable<Response> (*)(std::shared_ptr<Context>, Request);

}  // namespace leveret::http
