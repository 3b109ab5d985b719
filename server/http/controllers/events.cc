#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/feed.h"
#include "http/sampler.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

std::vector<std::string> names_of(const std::vector<std::shared_ptr<broker::Core>>& cores) {
  std::vector<std::string> names;
  for (const auto& core : cores) names.push_back(core->vhost_name());
  return names;
}

/// Topics that show only what the user may see. Throws HttpError 403 for a queue that he may not.
std::vector<Topic> limit_topics(const Context& context, const auth::Identity& identity,
                                std::vector<Topic> topics) {
  for (Topic& topic : topics) {
    if (topic.kind == Topic::Kind::queue)
      check_rule(Rule::vhost, *context.users, identity, topic.vhost);
    else if (!is_administrator(identity))
      topic.vhosts = names_of(visible_cores(context, identity));
  }
  return topics;
}

asio::awaitable<Response> open_events(ContextPtr context, Request request) {
  const auto raw = request.query.raw("topics");
  if (!raw) throw bad_request("'topics' is missing: overview, queues or queue:VHOST:NAME");
  const std::uint64_t generation = context->users->generation();
  auto stream = std::make_shared<EventStream>(
      context->executor, limit_topics(*context, request.identity, parse_topics(*raw)), generation);
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
  return {{.method = "GET",
           .pattern = "/api/x/events",
           .rule = Rule::management,
           .handler = open_events,
           .is_stream = true}};
}

}  // namespace leveret::http
