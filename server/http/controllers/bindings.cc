#include <algorithm>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/exchange_name.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/list.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// Which bindings of a virtual host are meant; what is not set may be anything.
struct Filter {
  std::optional<std::string> source;
  std::optional<std::string> destination;
  std::optional<bool> to_exchange;
  std::optional<std::string> key;

  bool matches(const broker::BindingView& binding) const {
    return (!source || *source == binding.source) &&
           (!destination || *destination == binding.destination) &&
           (!to_exchange || *to_exchange == binding.to_exchange) &&
           (!key || has_properties_key(binding, *key));
  }
};

std::vector<broker::BindingView> find_bindings(const broker::Vhost& vhost, const Filter& filter) {
  auto bindings = view_bindings(vhost);
  std::erase_if(bindings, [&](const auto& binding) { return !filter.matches(binding); });
  return bindings;
}

struct Row {
  std::string vhost;
  broker::BindingView binding;
};

asio::awaitable<std::vector<Row>> read_rows(ContextPtr context, std::shared_ptr<broker::Core> core,
                                            Filter filter) {
  auto look = [filter = std::move(filter)](const broker::Vhost& vhost) {
    return find_bindings(vhost, filter);
  };
  auto bindings = co_await ask(context, core, std::move(look));
  std::vector<Row> rows;
  for (broker::BindingView& binding : bindings)
    rows.push_back({core->vhost_name(), std::move(binding)});
  co_return rows;
}

Response binding_list(const Request& request, std::vector<Row> rows) {
  const auto name_of = [](const Row&) { return std::string{}; };
  const auto render = [](const Row& row) { return binding_json(row.binding, row.vhost); };
  return json_response(
      apply_list_options(std::move(rows), read_list_options(request.query), name_of, render));
}

asio::awaitable<Response> answer_list(ContextPtr context, Request request, Filter filter) {
  const auto core = find_core(*context, request.path.at("vhost"));
  std::vector<Row> rows = co_await read_rows(context, core, std::move(filter));
  co_return binding_list(request, std::move(rows));
}

asio::awaitable<Response> list_bindings(ContextPtr context, Request request) {
  std::vector<Row> rows;
  const auto cores = visible_cores(*context, request.identity);
  for (const auto& core : cores) {
    std::vector<Row> of_vhost = co_await read_rows(context, core, Filter{});
    std::ranges::move(of_vhost, std::back_inserter(rows));
  }
  co_return binding_list(request, std::move(rows));
}

asio::awaitable<Response> list_vhost_bindings(ContextPtr context, Request request) {
  co_return co_await answer_list(std::move(context), std::move(request), Filter{});
}

asio::awaitable<Response> list_queue_bindings(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto check = [name = request.path.at("name")](const broker::Vhost& vhost) {
    if (!vhost.find_queue(std::string_view{name}))
      throw not_found("no queue '" + name + "' in vhost '" + vhost.name() + "'");
    return true;
  };
  co_await ask(context, core, std::move(check));
  Filter filter;
  filter.destination = request.path.at("name");
  filter.to_exchange = false;
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

asio::awaitable<Response> list_source_bindings(ContextPtr context, Request request) {
  Filter filter;
  filter.source = exchange_name(request.path.at("name"));
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

asio::awaitable<Response> list_destination_bindings(ContextPtr context, Request request) {
  Filter filter;
  filter.destination = exchange_name(request.path.at("name"));
  filter.to_exchange = true;
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

Filter between(const Request& request, bool to_exchange) {
  Filter filter;
  filter.source = exchange_name(request.path.at("source"));
  filter.destination = request.path.at("destination");
  filter.to_exchange = to_exchange;
  return filter;
}

asio::awaitable<Response> bind(ContextPtr context, Request request, bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const Filter filter = between(request, to_exchange);
  const std::string routing_key = find_text(body, "routing_key").value_or("");
  if (routing_key.size() > 255) throw bad_request("'routing_key' holds at most 255 bytes");
  auto bind = [filter, routing_key, arguments = find_table(body, "arguments"),
               access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    vhost.bind({*filter.source, *filter.destination, *filter.to_exchange, routing_key, arguments},
               stranger, &permissions);
    for (const broker::BindingView& binding : find_bindings(vhost, filter))
      if (binding.routing_key == routing_key && binding.arguments == arguments)
        return properties_key(binding);
    return std::string{};
  };
  const std::string key = co_await ask_durably(context, core, std::move(bind));
  Response response = empty_response(201);
  response.headers.emplace_back("Location",
                                percent_encode(*filter.destination) + "/" + percent_encode(key));
  co_return response;
}

asio::awaitable<Response> unbind(ContextPtr context, Request request, bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  Filter filter = between(request, to_exchange);
  filter.key = request.path.at("properties_key");
  auto unbind = [filter = std::move(filter),
                 access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    const auto bindings = find_bindings(vhost, filter);
    if (bindings.empty())
      throw not_found("no binding '" + *filter.key + "' from '" + *filter.source + "' to '" +
                      *filter.destination + "'");
    const broker::BindingView& binding = bindings.front();
    vhost.unbind({binding.source, binding.destination, binding.to_exchange, binding.routing_key,
                  binding.arguments},
                 stranger, &permissions);
    return true;
  };
  co_await ask_durably(context, core, std::move(unbind));
  co_return empty_response(204);
}

asio::awaitable<Response> get_binding(ContextPtr context, Request request, bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  Filter filter = between(request, to_exchange);
  filter.key = request.path.at("properties_key");
  const std::vector<Row> rows = co_await read_rows(context, core, std::move(filter));
  if (rows.empty()) throw not_found("no such binding");
  co_return json_response(binding_json(rows.front().binding, rows.front().vhost));
}

asio::awaitable<Response> list_to_queue(ContextPtr context, Request request) {
  Filter filter = between(request, false);
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}
asio::awaitable<Response> list_to_exchange(ContextPtr context, Request request) {
  Filter filter = between(request, true);
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}
asio::awaitable<Response> bind_queue(ContextPtr context, Request request) {
  co_return co_await bind(std::move(context), std::move(request), false);
}
asio::awaitable<Response> bind_exchange(ContextPtr context, Request request) {
  co_return co_await bind(std::move(context), std::move(request), true);
}
asio::awaitable<Response> get_to_queue(ContextPtr context, Request request) {
  co_return co_await get_binding(std::move(context), std::move(request), false);
}
asio::awaitable<Response> get_to_exchange(ContextPtr context, Request request) {
  co_return co_await get_binding(std::move(context), std::move(request), true);
}
asio::awaitable<Response> unbind_queue(ContextPtr context, Request request) {
  co_return co_await unbind(std::move(context), std::move(request), false);
}
asio::awaitable<Response> unbind_exchange(ContextPtr context, Request request) {
  co_return co_await unbind(std::move(context), std::move(request), true);
}

}  // namespace

std::vector<Route> binding_routes() {
  return {
      {"GET", "/api/bindings", Rule::management, list_bindings},
      {"GET", "/api/bindings/{vhost}", Rule::vhost, list_vhost_bindings},
      {"GET", "/api/queues/{vhost}/{name}/bindings", Rule::vhost, list_queue_bindings},
      {"GET", "/api/exchanges/{vhost}/{name}/bindings/source", Rule::vhost, list_source_bindings},
      {"GET", "/api/exchanges/{vhost}/{name}/bindings/destination", Rule::vhost,
       list_destination_bindings},
      {"GET", "/api/bindings/{vhost}/e/{source}/q/{destination}", Rule::vhost, list_to_queue},
      {"POST", "/api/bindings/{vhost}/e/{source}/q/{destination}", Rule::vhost, bind_queue},
      {"GET", "/api/bindings/{vhost}/e/{source}/e/{destination}", Rule::vhost, list_to_exchange},
      {"POST", "/api/bindings/{vhost}/e/{source}/e/{destination}", Rule::vhost, bind_exchange},
      {"GET", "/api/bindings/{vhost}/e/{source}/q/{destination}/{properties_key}", Rule::vhost,
       get_to_queue},
      {"DELETE", "/api/bindings/{vhost}/e/{source}/q/{destination}/{properties_key}", Rule::vhost,
       unbind_queue},
      {"GET", "/api/bindings/{vhost}/e/{source}/e/{destination}/{properties_key}", Rule::vhost,
       get_to_exchange},
      {"DELETE", "/api/bindings/{vhost}/e/{source}/e/{destination}/{properties_key}", Rule::vhost,
       unbind_exchange},
  };
}

}  // namespace leveret::http
