#include <algorithm>
#include <utility>

#include "http/chunks.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/in_turn.h"
#include "http/metrics/own.h"
#include "http/metrics/rabbitmq.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using metrics::Exposition;
using metrics::Sections;

/// What one scraper may hold of an answer at a time.
constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;

class MetricsBody final : public ChunkSource {
 public:
  MetricsBody(Sections sections, metrics::Format format)
      : sections_(std::move(sections)), out_(format) {}
  asio::awaitable<std::string> next() override { co_return sections_.next(out_, chunk_bytes); }

 private:
  Sections sections_;
  Exposition out_;
};

Response metrics_response(Sections sections, const Request& request) {
  const metrics::Format format = metrics::choose_format(request.accept);
  Response response;
  response.content_type = metrics::content_type(format);
  response.chunks = std::make_shared<MetricsBody>(std::move(sections), format);
  return response;
}

asio::awaitable<Response> get_aggregated(ContextPtr context, Request request) {
  const auto snapshot = co_await metrics::take_snapshot(context, {}, {});
  Sections sections;
  metrics::add_aggregated(sections, snapshot);
  metrics::add_own(sections, *snapshot);
  co_return metrics_response(std::move(sections), request);
}

asio::awaitable<Response> get_per_object(ContextPtr context, Request request) {
  const broker::CountDetail all{.queues = true, .connections = true, .exchanges = true};
  const auto snapshot = co_await metrics::take_snapshot(context, all, {});
  Sections sections;
  metrics::add_per_object(sections, snapshot);
  metrics::add_own(sections, *snapshot);
  metrics::add_own_per_object(sections, snapshot);
  co_return metrics_response(std::move(sections), request);
}

asio::awaitable<Response> get_detailed(ContextPtr context, Request request) {
  const std::vector<std::string> groups = request.query.values("family");
  const std::vector<std::string> vhosts = request.query.values("vhost");
  const auto snapshot =
      co_await metrics::take_snapshot(context, metrics::detail_of(groups), vhosts);
  Sections sections;
  metrics::add_detailed(sections, snapshot, groups);
  co_return metrics_response(std::move(sections), request);
}

}  // namespace

/// On the HTTP ports for who may monitor; on the port for metrics for anybody.
std::vector<Route> metrics_routes() {
  return {
      {"GET", "/metrics", Rule::monitoring, in_turn<get_aggregated>},
      {"GET", "/metrics/per-object", Rule::monitoring, in_turn<get_per_object>},
      {"GET", "/metrics/detailed", Rule::monitoring, in_turn<get_detailed>},
  };
}

}  // namespace leveret::http
