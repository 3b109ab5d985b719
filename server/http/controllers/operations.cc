#include "broker/operation.h"

#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// {"seqs": [1, 2]} or {"all": true, "snapshot_seq": N}.
broker::Selection read_selection(const Json& body) {
  broker::Selection selection;
  selection.all = find_bool(body, "all").value_or(false);
  const auto seqs = body.find("seqs");
  if (selection.all == (seqs != body.end()))
    throw bad_request("either 'seqs' or 'all': true with 'snapshot_seq' is expected");
  if (selection.all) {
    const auto snapshot = find_number(body, "snapshot_seq");
    if (!snapshot)
      throw bad_request("'all' needs 'snapshot_seq', the highest seq that was seen when deciding");
    selection.snapshot_seq = *snapshot;
    return selection;
  }
  if (!seqs->is_array() || seqs->empty()) throw bad_request("'seqs' is not a list of numbers");
  for (const Json& seq : *seqs) {
    if (!seq.is_number_unsigned()) throw bad_request("'seqs' is not a list of numbers");
    selection.seqs.push_back(seq.get<broker::Seq>());
  }
  return selection;
}

std::string read_target(const Json& body) {
  const auto target = body.find("target");
  if (target == body.end() || target->is_null()) return {};
  if (!target->is_object()) throw bad_request("'target' is not an object {\"queue\": name}");
  return require_text(*target, "queue");
}

/// Those of a client that takes messages from the one queue and publishes them to another.
void require_rights(broker::Permissions permissions, const broker::OperationRequest& wanted) {
  permissions.require_queue(broker::Right::read, wanted.queue);
  if (wanted.kind == broker::OperationKind::replay)
    permissions.require_exchange(broker::Right::write, "");
}

asio::awaitable<Response> start_operation(ContextPtr context, Request request,
                                          broker::OperationKind kind) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  broker::OperationRequest wanted;
  wanted.kind = kind;
  wanted.queue = request.path.at("name");
  wanted.selection = read_selection(body);
  if (kind == broker::OperationKind::replay) wanted.target = read_target(body);
  wanted.actor = request.identity.user;
  auto start = [wanted = std::move(wanted),
                access = access_of(*context, request)](broker::Vhost& vhost) {
    require_rights(broker::Permissions{access, vhost.name()}, wanted);
    return vhost.start_operation(wanted);
  };
  const broker::OperationView operation = co_await ask(context, core, std::move(start));
  co_return json_response(operation_json(operation, core->vhost_name()), 202);
}

asio::awaitable<Response> replay(ContextPtr context, Request request) {
  co_return co_await start_operation(std::move(context), std::move(request),
                                     broker::OperationKind::replay);
}

asio::awaitable<Response> remove(ContextPtr context, Request request) {
  co_return co_await start_operation(std::move(context), std::move(request),
                                     broker::OperationKind::remove);
}

asio::awaitable<Response> list_operations(ContextPtr context, Request request) {
  Json items = Json::array();
  const auto cores = cores_of(*context, request);
  for (const auto& core : cores) {
    auto look = [](const broker::Vhost& vhost) { return vhost.operations(); };
    const auto operations = co_await ask(context, core, look);
    for (const broker::OperationView& operation : operations)
      items.push_back(operation_json(operation, core->vhost_name()));
  }
  co_return json_response(items);
}

struct FoundOperation {
  std::shared_ptr<broker::Core> core;
  broker::OperationView view;
};

/// The one of the path, where the user may look. Throws HttpError 404.
asio::awaitable<FoundOperation> find_operation(ContextPtr context, Request request) {
  const auto id = parse_number(request.path.at("id"), "the operation's id");
  const auto cores = cores_of(*context, request);
  for (const auto& core : cores) {
    auto look = [id](const broker::Vhost& vhost) { return vhost.operation(id); };
    auto view = co_await ask(context, core, look);
    if (view) co_return FoundOperation{core, std::move(*view)};
  }
  throw not_found("no operation " + std::to_string(id));
}

asio::awaitable<Response> get_operation(ContextPtr context, Request request) {
  const FoundOperation found = co_await find_operation(context, std::move(request));
  co_return json_response(operation_json(found.view, found.core->vhost_name()));
}

asio::awaitable<Response> cancel_operation(ContextPtr context, Request request) {
  FoundOperation found = co_await find_operation(context, request);
  auto cancel = [id = found.view.id, wanted = std::move(found.view.request),
                 access = require_access(*context->cores, request.identity,
                                         found.core->vhost_name())](broker::Vhost& vhost) {
    require_rights(broker::Permissions{access, vhost.name()}, wanted);
    return vhost.cancel_operation(id);
  };
  co_await ask(context, found.core, std::move(cancel));
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> operation_routes() {
  return {
      {"POST", "/api/x/queues/{vhost}/{name}/replay", Rule::vhost, replay},
      {"POST", "/api/x/queues/{vhost}/{name}/delete", Rule::vhost, remove},
      {"GET", "/api/x/operations", Rule::management, list_operations},
      {"GET", "/api/x/operations/{id}", Rule::management, get_operation},
      {"DELETE", "/api/x/operations/{id}", Rule::management, cancel_operation},
  };
}

}  // namespace leveret::http
