#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/feed.h"
#include "http/sampler.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> open_events(ContextPtr context, Request request) {
  const auto raw = request.query.raw("topics");
  if (!raw) throw bad_request("'topics' is missing: overview, queues or queue:VHOST:NAME");
  auto stream = std::make_shared<EventStream>(context->executor, parse_topics(*raw));
  const auto samples = co_await take_samples(context, stream->topics());
  context->feed.fill(*context, samples, *stream);
  context->feed.subscribe(stream);
  Response response;
  response.content_type = "text/event-stream";
  response.events = std::move(stream);
  co_return response;
}

}  // namespace

std::vector<Route> event_routes() {
  return {{"GET", "/api/x/events", open_events}};
}

}  // namespace leveret::http
