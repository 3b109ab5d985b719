#include "http/overview.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/history.h"
#include "http/list.h"
#include "http/render.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> get_overview(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  auto cores = visible_cores(*context, request.identity);
  const broker::OverviewView sum = co_await view_overview(context, std::move(cores));
  co_return json_response(keep_columns(overview_json(*context, sum, ranges), request.query));
}

asio::awaitable<Response> get_whoami(ContextPtr, Request request) {
  co_return json_response({{"name", request.identity.user}, {"tags", request.identity.tags}});
}

/// How to log in: not by OAuth. The other names are RabbitMQ 3.10's.
asio::awaitable<Response> get_auth(ContextPtr, Request) {
  co_return json_response({{"oauth_enabled", false},
                           {"enable_uaa", false},
                           {"uaa_client_id", ""},
                           {"uaa_location", ""}});
}

}  // namespace

std::vector<Route> overview_routes() {
  return {
      {"GET", "/api/overview", Rule::management, get_overview},
      {"GET", "/api/whoami", Rule::management, get_whoami},
      {"GET", "/api/auth", Rule::anyone, get_auth},
  };
}

}  // namespace leveret::http
