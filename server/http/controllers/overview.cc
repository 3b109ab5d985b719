#include <unistd.h>

#include <fstream>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/render.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

broker::OverviewView look(const broker::Vhost& vhost) {
  return view_overview(vhost);
}

/// The process's memory in bytes, 0 where the system does not tell.
std::uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

asio::awaitable<Response> get_overview(ContextPtr context, Request request) {
  broker::OverviewView sum;
  const auto cores = visible_cores(*context, request.identity);
  for (const auto& core : cores) {
    const broker::OverviewView view = co_await ask(context, core, look);
    sum += view;
  }
  co_return json_response(overview_json(*context, sum));
}

asio::awaitable<Response> get_whoami(ContextPtr, Request request) {
  co_return json_response({{"name", request.identity.user}, {"tags", request.identity.tags}});
}

/// How to log in: not by OAuth. The second name is RabbitMQ 3.10's.
asio::awaitable<Response> get_auth(ContextPtr, Request) {
  co_return json_response({{"oauth_enabled", false}, {"enable_uaa", false}});
}

Json node_json(const Context& context) {
  return {
      {"name", context.node},
      {"type", "disc"},
      {"running", true},
      {"os_pid", std::to_string(getpid())},
      {"processors", sysconf(_SC_NPROCESSORS_ONLN)},
      {"mem_used", resident_bytes()},
      {"rates_mode", "basic"},
      {"uptime", context.clock.now() - context.started_at},
  };
}

asio::awaitable<Response> list_nodes(ContextPtr context, Request request) {
  Json items = Json::array();
  items.push_back(node_json(*context));
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> get_node(ContextPtr context, Request request) {
  if (request.path.at("name") != context->node)
    throw not_found("no node '" + request.path.at("name") + "'");
  co_return json_response(node_json(*context));
}

}  // namespace

std::vector<Route> overview_routes() {
  return {
      {"GET", "/api/overview", Rule::management, get_overview},
      {"GET", "/api/whoami", Rule::management, get_whoami},
      {"GET", "/api/auth", Rule::anyone, get_auth},
      {"GET", "/api/nodes", Rule::monitoring, list_nodes},
      {"GET", "/api/nodes/{name}", Rule::monitoring, get_node},
  };
}

}  // namespace leveret::http
