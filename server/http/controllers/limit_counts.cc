#include "base/limit_counts.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/render.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// How often each limit has been reached since the start.
asio::awaitable<Response> list_limits(ContextPtr, Request) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < limit_names.size(); ++i)
    rows.push_back({{"name", limit_names[i]}, {"reached", limits_reached.at(i)}});
  co_return json_response(rows);
}

}  // namespace

std::vector<Route> limit_count_routes() {
  return {{"GET", "/api/x/limits", Rule::monitoring, list_limits}};
}

}  // namespace leveret::http
