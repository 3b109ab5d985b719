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

asio::awaitable<Response> get_overview(ContextPtr context, Request) {
  broker::OverviewView sum;
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const broker::OverviewView view = co_await ask(context, core, look);
    sum += view;
  }
  co_return json_response(overview_json(*context, sum));
}

asio::awaitable<Response> get_whoami(ContextPtr, Request request) {
  co_return json_response({{"name", request.identity.user}, {"tags", request.identity.tags}});
}

Json vhost_json(const std::string& name, const broker::OverviewView& view) {
  return {
      {"name", name},
      {"description", name == "/" ? "Default virtual host" : ""},
      {"tags", Json::array()},
      {"messages", view.ready + view.unacked},
      {"messages_ready", view.ready},
      {"messages_unacknowledged", view.unacked},
      {"message_stats", stats_json(view.stats, nullptr, StatsDetail::brief)},
  };
}

asio::awaitable<Response> list_vhosts(ContextPtr context, Request request) {
  Json items = Json::array();
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const broker::OverviewView view = co_await ask(context, core, look);
    items.push_back(vhost_json(core->vhost_name(), view));
  }
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> get_vhost(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const broker::OverviewView view = co_await ask(context, core, look);
  co_return json_response(vhost_json(core->vhost_name(), view));
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
      {"GET", "/api/overview", get_overview}, {"GET", "/api/whoami", get_whoami},
      {"GET", "/api/vhosts", list_vhosts},    {"GET", "/api/vhosts/{vhost}", get_vhost},
      {"GET", "/api/nodes", list_nodes},      {"GET", "/api/nodes/{name}", get_node},
  };
}

}  // namespace leveret::http
