#include <optional>

#include "broker/binding_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/exchange_name.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/in_turn.h"
#include "http/survey_list.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

using broker::BindingFilter;

asio::awaitable<Response> answer_bindings(ContextPtr context, Request request, BindingFilter filter,
                                          Cores cores) {
  SurveyList<broker::BindingSurvey> list;
  list.begin = [filter = std::move(filter)](const broker::Vhost& vhost,
                                            broker::SurveySearch search) {
    return broker::BindingSurvey{vhost, filter, std::move(search)};
  };
  list.render = [](const broker::BindingView& binding, const std::string& vhost,
                   const Shown& shown) { return binding_json(binding, vhost, shown.columns); };
  list.name_of = [](const broker::BindingView&) { return std::string{}; };
  co_return co_await answer_survey(std::move(context), std::move(request), std::move(list),
                                   std::move(cores));
}

asio::awaitable<Response> answer_list(ContextPtr context, Request request, BindingFilter filter) {
  Cores cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_bindings(std::move(context), std::move(request), std::move(filter),
                                     std::move(cores));
}

asio::awaitable<Response> list_bindings(ContextPtr context, Request request) {
  Cores cores = visible_cores(*context, request.identity);
  co_return co_await answer_bindings(std::move(context), std::move(request), BindingFilter{},
                                     std::move(cores));
}

asio::awaitable<Response> list_vhost_bindings(ContextPtr context, Request request) {
  co_return co_await answer_list(std::move(context), std::move(request), BindingFilter{});
}

asio::awaitable<Response> list_queue_bindings(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto check = [name = request.path.at("name")](const broker::Vhost& vhost) {
    if (!vhost.find_queue(std::string_view{name}))
      throw not_found("no queue '" + name + "' in vhost '" + vhost.name() + "'");
    return true;
  };
  co_await ask(context, core, std::move(check));
  BindingFilter filter;
  filter.destination = request.path.at("name");
  filter.to_exchange = false;
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

asio::awaitable<Response> list_source_bindings(ContextPtr context, Request request) {
  BindingFilter filter;
  filter.source = exchange_name(request.path.at("name"));
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

asio::awaitable<Response> list_destination_bindings(ContextPtr context, Request request) {
  BindingFilter filter;
  filter.destination = exchange_name(request.path.at("name"));
  filter.to_exchange = true;
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}

BindingFilter between(const Request& request, bool to_exchange) {
  BindingFilter filter;
  filter.source = exchange_name(request.path.at("source"));
  filter.destination = request.path.at("destination");
  filter.to_exchange = to_exchange;
  return filter;
}

asio::awaitable<Response> bind(ContextPtr context, Request request, bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const BindingFilter filter = between(request, to_exchange);
  const std::string routing_key = find_text(body, "routing_key").value_or("");
  if (routing_key.size() > 255) throw bad_request("'routing_key' holds at most 255 bytes");
  auto bind = [filter, routing_key, arguments = find_table(body, "arguments"),
               access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    vhost.bind({*filter.source, *filter.destination, *filter.to_exchange, routing_key, arguments},
               stranger, &permissions);
    broker::BindingView bound;
    bound.routing_key = routing_key;
    bound.arguments_key = broker::arguments_key(arguments);
    return properties_key(bound);
  };
  const std::string key = co_await ask_durably(context, core, std::move(bind));
  Response response = empty_response(201);
  response.headers.emplace_back("Location",
                                percent_encode(*filter.destination) + "/" + percent_encode(key));
  co_return response;
}

/// The binding whose properties_key the path names. Throws HttpError 404.
asio::awaitable<broker::BindingView> find_binding(ContextPtr context, Request request,
                                                  bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string key = request.path.at("properties_key");
  auto begin = [filter = between(request, to_exchange)](const broker::Vhost& vhost) {
    return broker::BindingSurvey{vhost, filter, {}};
  };
  std::optional<broker::BindingView> found;
  auto compare = [&found, &key](broker::BindingSurvey& survey) {
    for (broker::BindingView& binding : survey.take())
      if (has_properties_key(binding, key)) found = std::move(binding);
  };
  co_await walk<broker::BindingSurvey>(context, core, std::move(begin), compare);
  if (!found)
    throw not_found("no binding '" + key + "' from '" + request.path.at("source") + "' to '" +
                    request.path.at("destination") + "'");
  co_return std::move(*found);
}

asio::awaitable<Response> unbind(ContextPtr context, Request request, bool to_exchange) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const broker::BindingView found = co_await find_binding(context, request, to_exchange);
  auto unbind = [binding = found, access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
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
  const broker::BindingView found =
      co_await find_binding(std::move(context), std::move(request), to_exchange);
  co_return json_response(binding_json(found, core->vhost_name()));
}

asio::awaitable<Response> list_to_queue(ContextPtr context, Request request) {
  BindingFilter filter = between(request, false);
  co_return co_await answer_list(std::move(context), std::move(request), std::move(filter));
}
asio::awaitable<Response> list_to_exchange(ContextPtr context, Request request) {
  BindingFilter filter = between(request, true);
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
      {"GET", "/api/bindings", Rule::management, in_turn<list_bindings>},
      {"GET", "/api/bindings/{vhost}", Rule::vhost, in_turn<list_vhost_bindings>},
      {"GET", "/api/queues/{vhost}/{name}/bindings", Rule::vhost, in_turn<list_queue_bindings>},
      {"GET", "/api/exchanges/{vhost}/{name}/bindings/source", Rule::vhost,
       in_turn<list_source_bindings>},
      {"GET", "/api/exchanges/{vhost}/{name}/bindings/destination", Rule::vhost,
       in_turn<list_destination_bindings>},
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
