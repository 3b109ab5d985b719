#include <array>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/exchange_name.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/message_json.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using broker::Seq;

constexpr std::size_t publish_bytes_max = std::size_t{16} << 20U;
/// A caller may always get fewer messages than it asks for.
constexpr std::size_t take_count_max = 1000;
constexpr std::size_t browse_count_max = 500;
constexpr std::size_t browse_bytes_default = 50'000;

asio::awaitable<Response> publish(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  broker::MessagePtr message = make_message(body, exchange_name(request.path.at("name")),
                                            request.identity.user, core->now());
  auto publish = [message, access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    return vhost.publish(message, &permissions);
  };
  const bool routed = co_await ask_durably(context, core, std::move(publish));
  co_return json_response({{"routed", routed}});
}

broker::TakeMode read_take_mode(const std::string& name) {
  struct Row {
    std::string_view name;
    broker::TakeMode mode;
  };
  static constexpr std::array<Row, 4> rows{{
      {"ack_requeue_true", broker::TakeMode::requeue},
      {"ack_requeue_false", broker::TakeMode::ack},
      {"reject_requeue_true", broker::TakeMode::reject_requeue},
      {"reject_requeue_false", broker::TakeMode::reject},
  }};
  for (const Row& row : rows)
    if (row.name == name) return row.mode;
  throw bad_request("'ackmode' is '" + name +
                    "': ack_requeue_true, ack_requeue_false, reject_requeue_true or "
                    "reject_requeue_false is expected");
}

PayloadEncoding read_encoding(const std::string& name) {
  if (name == "auto") return PayloadEncoding::automatic;
  if (name == "base64") return PayloadEncoding::base64;
  throw bad_request("'encoding' is '" + name + "': auto or base64 is expected");
}

asio::awaitable<Response> take(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const std::size_t count = std::min(find_number(body, "count").value_or(1), take_count_max);
  const broker::TakeMode mode = read_take_mode(require_text(body, "ackmode"));
  const PayloadEncoding encoding = read_encoding(find_text(body, "encoding").value_or("auto"));
  const std::size_t bytes_max = find_number(body, "truncate").value_or(payload_whole);
  auto start = [queue = request.path.at("name"), count, mode,
                access = access_of(*context, request)](broker::Vhost& vhost, const auto& reply) {
    broker::Permissions{access, vhost.name()}.require_queue(broker::Right::read, queue);
    vhost.queue(queue, stranger);
    vhost.take(queue, count, mode, reply);
  };
  const auto taken =
      co_await ask_later<std::vector<broker::TakenMessage>>(context, core, std::move(start));
  Json items = Json::array();
  for (const broker::TakenMessage& message : taken)
    items.push_back(taken_json(message, encoding, bytes_max));
  co_return json_response(items);
}

asio::awaitable<broker::BrowsePage> read_page(ContextPtr context,
                                              std::shared_ptr<broker::Core> core, std::string queue,
                                              std::shared_ptr<const broker::Access> access,
                                              Seq after, std::size_t count) {
  auto start = [queue = std::move(queue), access, after, count](broker::Vhost& vhost,
                                                                const auto& reply) {
    broker::Permissions{access, vhost.name()}.require_queue(broker::Right::read, queue);
    vhost.browse(queue, after, count, reply);
  };
  co_return co_await ask_later<broker::BrowsePage>(std::move(context), std::move(core),
                                                   std::move(start));
}

asio::awaitable<Response> browse(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Seq after = request.query.number("after", 0, UINT64_MAX).value_or(0);
  const std::size_t limit = request.query.number("limit", 1, browse_count_max).value_or(100);
  const std::size_t bytes_max =
      request.query.number("truncate", 0, UINT32_MAX).value_or(browse_bytes_default);
  const broker::BrowsePage page = co_await read_page(context, core, request.path.at("name"),
                                                     access_of(*context, request), after, limit);
  Json items = Json::array();
  Seq next = page.next;
  std::size_t bytes = 0;
  for (const broker::BrowsedMessage& message : page.messages) {
    bytes +=
        std::min(bytes_max, message.message->body().size()) + message.message->properties().size();
    if (bytes > context->occupancy.limits().browse_bytes_max && !items.empty()) {
      next = items.back().at("seq").get<Seq>();
      break;
    }
    items.push_back(browsed_json(message, bytes_max));
  }
  co_return json_response({{"items", std::move(items)},
                           {"next", next == 0 ? Json{} : Json(next)},
                           {"messages_ready", page.ready},
                           {"snapshot_seq", page.last_seq}});
}

asio::awaitable<Response> get_message(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string queue = request.path.at("name");
  const Seq seq = parse_number(request.path.at("seq"), "the message's seq");
  if (seq == 0) throw not_found("there is no message 0: the first is 1");
  const broker::BrowsePage page =
      co_await read_page(context, core, queue, access_of(*context, request), seq - 1, 1);
  if (page.messages.empty() || page.messages.front().seq != seq)
    throw not_found("message " + std::to_string(seq) + " is not in queue '" + queue + "' any more");
  co_return json_response(browsed_json(page.messages.front(), payload_whole));
}

}  // namespace

std::vector<Route> message_routes() {
  return {
      {"POST", "/api/exchanges/{vhost}/{name}/publish", Rule::vhost, publish, publish_bytes_max},
      {"POST", "/api/queues/{vhost}/{name}/get", Rule::vhost, take},
      {"GET", "/api/x/queues/{vhost}/{name}/messages", Rule::vhost, browse},
      {"GET", "/api/x/queues/{vhost}/{name}/messages/{seq}", Rule::vhost, get_message},
  };
}

}  // namespace leveret::http
