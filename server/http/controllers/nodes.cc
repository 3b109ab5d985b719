#include <unistd.h>

#include "broker/inspect.h"
#include "broker/routing.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/machine.h"
#include "http/overview.h"
#include "http/render.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

Json mechanisms_json() {
  Json mechanisms = Json::array();
  for (const auto& [name, description] :
       {std::pair{"PLAIN", "SASL PLAIN authentication mechanism"},
        std::pair{"AMQPLAIN", "QPid AMQPLAIN mechanism"},
        std::pair{"EXTERNAL", "TLS peer verification-based authentication plugin"}})
    mechanisms.push_back({{"name", name}, {"description", description}, {"enabled", true}});
  return mechanisms;
}

/// Where the memory is, in RabbitMQ's form (vm_memory, rabbit_mgmt_wm_node_memory.erl), by what the
/// system tells: Leveret has none of Erlang's kinds of memory.
Json memory_json(const MachineView& machine) {
  const MemoryParts parts = view_memory();
  return {
      {"anonymous", parts.anonymous},
      {"files", parts.files},
      {"shared", parts.shared},
      {"strategy", "rss"},
      {"total", {{"rss", machine.memory_used}, {"allocated", parts.anonymous}}},
  };
}

Json application_json(const Context& context) {
  return {{"name", "leveret"}, {"description", "Leveret"}, {"version", context.listeners.version}};
}

/// Rates of change and samples.
void put_past(const Context& context, Json& node, const std::optional<SampleRange>& range) {
  const LongHistory& past = context.rates.node_history();
  for (std::size_t i = 0; i < node_figure_count; ++i) {
    Json details{{"rate", past.reaching(0).rate(i)}};
    if (range) put_samples(details, past.reaching(range->age_s), i, *range, context.clock.now());
    node[std::string{node_figures[i].name} + "_details"] = std::move(details);
  }
}

Json node_json(const Context& context, const broker::OverviewView& all, const Query& query) {
  const MachineView machine = view_machine(context.options.data_dir);
  const ResourceMarks marks = context.options.resource_marks();
  Json node{
      {"name", context.node},
      {"type", "disc"},
      {"running", true},
      {"being_drained", false},
      {"os_pid", std::to_string(getpid())},
      {"uptime", context.clock.now() - context.started_at},
      {"processors", machine.processors},
      {"run_queue", machine.threads_running},
      {"mem_used", machine.memory_used},
      {"mem_limit", marks.memory_limit},
      {"mem_alarm", all.alarms.memory},
      {"mem_calculation_strategy", "rss"},
      {"disk_free", machine.disk_free},
      {"disk_free_limit", marks.disk_free_limit},
      {"disk_free_alarm", all.alarms.disk},
      {"fd_used", machine.files_used},
      {"fd_total", machine.files_limit},
      {"sockets_used", all.connections + context.sessions.size()},
      {"sockets_total", machine.files_limit},
      {"proc_used", machine.threads},
      {"proc_total", machine.threads_limit},
      {"context_switches", machine.context_switches},
      {"rates_mode", "basic"},
      {"partitions", Json::array()},
      {"cluster_links", Json::array()},
      {"applications", Json::array({application_json(context)})},
      {"enabled_plugins", Json::array()},
      {"auth_mechanisms", mechanisms_json()},
      {"exchange_types", exchange_types_json()},
      {"contexts", contexts_json(context)},
      {"db_dir", context.options.data_dir},
      {"config_files", Json::array()},
      {"log_files", Json::array({"<stderr>"})},
  };
  put_past(context, node, read_sample_ranges(query).node_stats);
  if (query.value("memory") == "true") node["memory"] = memory_json(machine);
  return keep_columns(std::move(node), query);
}

asio::awaitable<Response> list_nodes(ContextPtr context, Request request) {
  const broker::OverviewView all = co_await view_overview(context, context->cores->all());
  Json items = Json::array();
  items.push_back(node_json(*context, all, request.query));
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

void require_node(const Context& context, const Request& request) {
  const std::string& name = request.path.at("node");
  if (name != context.node)
    throw not_found("no node '" + name + "': this one is '" + context.node + "'");
}

asio::awaitable<Response> get_node(ContextPtr context, Request request) {
  require_node(*context, request);
  const broker::OverviewView all = co_await view_overview(context, context->cores->all());
  co_return json_response(node_json(*context, all, request.query));
}

asio::awaitable<Response> get_memory(ContextPtr context, Request request) {
  require_node(*context, request);
  Json answer{{"memory", memory_json(view_machine(context->options.data_dir))}};
  co_return json_response(keep_columns(std::move(answer), request.query));
}

/// Forgets what rates are computed from, as RabbitMQ forgets its statistics; counters go on.
asio::awaitable<Response> reset_statistics(ContextPtr context, Request) {
  context->rates = RateHistory{};
  co_return empty_response(204);
}

asio::awaitable<Response> reset_node(ContextPtr context, Request request) {
  require_node(*context, request);
  co_return co_await reset_statistics(std::move(context), std::move(request));
}

/// One node has the leaders of all queues.
asio::awaitable<Response> rebalance(ContextPtr, Request) {
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> node_routes() {
  using enum Rule;
  return {
      {"GET", "/api/nodes", monitoring, list_nodes},
      {"GET", "/api/nodes/{node}", monitoring, get_node},
      {"GET", "/api/nodes/{node}/memory", monitoring, get_memory},
      {"DELETE", "/api/reset", administrator, reset_statistics},
      {"DELETE", "/api/reset/{node}", administrator, reset_node},
      {"POST", "/api/rebalance/queues", administrator, rebalance},
  };
}

}  // namespace leveret::http
