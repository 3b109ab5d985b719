#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/in_turn.h"
#include "http/list.h"
#include "http/queue_list.h"
#include "http/render.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> list_queues(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_queue_list(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_queues(ContextPtr context, Request request) {
  std::vector<std::shared_ptr<broker::Core>> cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_queue_list(std::move(context), std::move(request), std::move(cores));
}

/// The error of RabbitMQ's channel, for what has no effect on an absent queue in AMQP.
void require_queue(const broker::Vhost& vhost, const std::string& name) {
  if (!vhost.find_queue(std::string_view{name}))
    throw not_found("no queue '" + name + "' in vhost '" + vhost.name() + "'");
}

asio::awaitable<Response> get_queue(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  const auto core = find_core(*context, request.path.at("vhost"));
  const QueueDetail detail = co_await require_queue_detail(context, core, request.path.at("name"));
  co_return json_response(
      keep_columns(queue_detail_json(*context, core->vhost_name(), detail, ranges), request.query));
}

asio::awaitable<Response> put_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const std::string name = request.path.at("name");
  if (name.size() > 255) throw bad_request("a queue's name holds at most 255 bytes");
  broker::QueueSpec spec;
  spec.durable = find_bool(body, "durable").value_or(false);
  spec.auto_delete = find_bool(body, "auto_delete").value_or(false);
  spec.arguments = find_table(body, "arguments");
  auto declare = [name, spec, access = access_of(*context, request)](broker::Vhost& vhost) mutable {
    broker::Permissions permissions{access, vhost.name()};
    const bool is_new = !vhost.find_queue(std::string_view{name});
    spec.name = name;
    vhost.declare_queue(spec, stranger, &permissions);
    return is_new;
  };
  const bool is_new = co_await ask_durably(context, core, std::move(declare));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto remove = [name = request.path.at("name"), if_unused = request.query.flag("if-unused"),
                 if_empty = request.query.flag("if-empty"),
                 access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    require_queue(vhost, name);
    return vhost.delete_queue(name, if_unused, if_empty, stranger, &permissions);
  };
  co_await ask_durably(context, core, std::move(remove));
  co_return empty_response(204);
}

asio::awaitable<Response> purge_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto purge = [name = request.path.at("name"),
                access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions{access, vhost.name()}.require_queue(broker::Right::read, name);
    vhost.queue(name, stranger);
    return vhost.purge(name);
  };
  co_await ask_durably(context, core, std::move(purge));
  co_return empty_response(204);
}

/// Mirrors are what RabbitMQ's actions are about, and there are none: nothing is left to do.
asio::awaitable<Response> act(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string action = require_text(parse_object(request.body), "action");
  auto look = [name = request.path.at("name")](const broker::Vhost& vhost) {
    require_queue(vhost, name);
    return true;
  };
  co_await ask(context, core, std::move(look));
  if (action != "sync" && action != "cancel_sync")
    throw bad_request("'action' is '" + action + "': sync or cancel_sync is expected");
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> queue_routes() {
  return {
      {"GET", "/api/queues", Rule::management, in_turn<list_queues>},
      {"GET", "/api/queues/detailed", Rule::management, in_turn<list_queues>},
      {"POST", "/api/queues/{vhost}/{name}/actions", Rule::vhost, act},
      {"GET", "/api/queues/{vhost}", Rule::vhost, in_turn<list_vhost_queues>},
      {"GET", "/api/queues/{vhost}/{name}", Rule::vhost, get_queue},
      {"PUT", "/api/queues/{vhost}/{name}", Rule::vhost, put_queue},
      {"DELETE", "/api/queues/{vhost}/{name}", Rule::vhost, delete_queue},
      {"DELETE", "/api/queues/{vhost}/{name}/contents", Rule::vhost, purge_queue},
  };
}

}  // namespace leveret::http
