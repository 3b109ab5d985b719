#include "broker/exchange_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/exchange_name.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/in_turn.h"
#include "http/list.h"
#include "http/survey_list.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

Json item_json(const Context& context, const std::string& vhost,
               const broker::ExchangeView& exchange, const SampleRanges& ranges) {
  return exchange_json(
      exchange, vhost,
      past_of(context.rates.find_exchange(vhost, exchange.serial), ranges, context.clock.now()));
}

asio::awaitable<Response> answer_list(ContextPtr context, Request request, Cores cores) {
  SurveyList<broker::ExchangeSurvey> list;
  list.begin = [](const broker::Vhost& vhost, broker::SurveySearch search) {
    return broker::ExchangeSurvey{vhost, std::move(search)};
  };
  list.render = [context](const broker::ExchangeView& exchange, const std::string& vhost,
                          const Shown& shown) {
    return item_json(*context, vhost, exchange, shown.ranges);
  };
  list.name_of = [](const broker::ExchangeView& exchange) { return exchange.name; };
  co_return co_await answer_survey(context, std::move(request), std::move(list), std::move(cores));
}

asio::awaitable<Response> list_exchanges(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_list(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_exchanges(ContextPtr context, Request request) {
  Cores cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_list(std::move(context), std::move(request), std::move(cores));
}

broker::ExchangeView require_exchange(const broker::Vhost& vhost, const std::string& name) {
  auto exchange = view_exchange(vhost, name);
  if (!exchange) throw not_found("no exchange '" + name + "' in vhost '" + vhost.name() + "'");
  return std::move(*exchange);
}

asio::awaitable<Response> get_exchange(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  const auto core = find_core(*context, request.path.at("vhost"));
  auto look = [name = exchange_name(request.path.at("name"))](const broker::Vhost& vhost) {
    return require_exchange(vhost, name);
  };
  const broker::ExchangeView exchange = co_await ask(context, core, std::move(look));
  Json item = item_json(*context, core->vhost_name(), exchange, ranges);
  // Which channel published how much, to which queue: nothing is counted so finely.
  item["incoming"] = item["outgoing"] = Json::array();
  co_return json_response(keep_columns(std::move(item), request.query));
}

asio::awaitable<Response> put_exchange(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const std::string name = exchange_name(request.path.at("name"));
  if (name.size() > 255) throw bad_request("an exchange's name holds at most 255 bytes");
  const std::string type = find_text(body, "type").value_or("direct");
  broker::ExchangeSpec spec;
  spec.durable = find_bool(body, "durable").value_or(false);
  spec.auto_delete = find_bool(body, "auto_delete").value_or(false);
  spec.internal = find_bool(body, "internal").value_or(false);
  spec.arguments = find_table(body, "arguments");
  auto declare = [name, type, spec,
                  access = access_of(*context, request)](broker::Vhost& vhost) mutable {
    broker::Permissions permissions{access, vhost.name()};
    const bool is_new = !view_exchange(vhost, name);
    spec.name = name;
    spec.type = type;
    vhost.declare_exchange(spec, &permissions);
    return is_new;
  };
  const bool is_new = co_await ask_durably(context, core, std::move(declare));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_exchange(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto remove = [name = exchange_name(request.path.at("name")),
                 if_unused = request.query.flag("if-unused"),
                 access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    require_exchange(vhost, name);
    vhost.delete_exchange(name, if_unused, &permissions);
    return true;
  };
  co_await ask_durably(context, core, std::move(remove));
  co_return empty_response(204);
}

}  // namespace

std::string exchange_name(const std::string& segment) {
  return segment == "amq.default" ? std::string{} : segment;
}

std::vector<Route> exchange_routes() {
  return {
      {"GET", "/api/exchanges", Rule::management, in_turn<list_exchanges>},
      {"GET", "/api/exchanges/{vhost}", Rule::vhost, in_turn<list_vhost_exchanges>},
      {"GET", "/api/exchanges/{vhost}/{name}", Rule::vhost, get_exchange},
      {"PUT", "/api/exchanges/{vhost}/{name}", Rule::vhost, put_exchange},
      {"DELETE", "/api/exchanges/{vhost}/{name}", Rule::vhost, delete_exchange},
  };
}

}  // namespace leveret::http
