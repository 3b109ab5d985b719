#include <algorithm>
#include <map>
#include <tuple>

#include "amqp/properties.h"
#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/death.h"
#include "http/error.h"
#include "http/in_turn.h"
#include "http/queue_list.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using broker::Seq;

constexpr std::size_t scan_page_count = 500;
/// Distinct errors of hostile or very diverse messages; what is beyond is counted in one group.
constexpr std::size_t groups_max = 500;

/// As fast as its sources dead-letter, which may also go elsewhere.
double arrival_rate(const Context& context, std::string_view vhost,
                    const broker::QueueView& queue) {
  double sum = 0;
  for (const std::string& source : queue.dead_letter_sources)
    if (const MessageTrack* track = context.rates.find(vhost, source))
      sum += track->rates.rate("dead_lettered");
  return sum;
}

asio::awaitable<Response> list_dead_letter_queues(ContextPtr context, Request request) {
  const auto cores = cores_of(*context, request);
  Json items = Json::array();
  for (const auto& core : cores) {
    const auto queues = co_await view_dead_letter_queues(context, core);
    for (const broker::QueueView& queue : queues)
      items.push_back({{"vhost", core->vhost_name()},
                       {"name", queue.name},
                       {"messages", queue.ready + queue.unacked},
                       {"messages_ready", queue.ready},
                       {"sources", queue.dead_letter_sources},
                       {"dead_lettered_rate", arrival_rate(*context, core->vhost_name(), queue)}});
  }
  co_return json_response({{"items", std::move(items)}});
}

/// Dead letters of one cause.
struct Group {
  std::uint64_t count = 0;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
};
/// Reason, original queue, normalised error.
using GroupKey = std::tuple<std::string, std::string, std::optional<std::string>>;
using Groups = std::map<GroupKey, Group>;

void count_message(Groups& groups, const broker::Message& message) {
  amqp::Table headers;
  if (!message.headers().empty()) {
    amqp::Reader reader{message.headers()};
    try {
      headers = amqp::read_table(reader);
    } catch (const amqp::Error&) {
      // What cannot be read is counted with those that say nothing.
    }
  }
  const auto death = read_death(headers);
  const auto error = read_error(headers);
  GroupKey key{death ? death->reason : "", death ? death->queue : "",
               error ? std::optional{normalise_error(*error)} : std::nullopt};
  if (groups.size() >= groups_max && !groups.contains(key)) key = {"", "", "(other)"};
  const std::int64_t time = death && death->time > 0 ? death->time : message.published_at() / 1000;
  Group& group = groups[std::move(key)];
  if (group.count == 0) group.first_time = group.last_time = time;
  ++group.count;
  group.first_time = std::min(group.first_time, time);
  group.last_time = std::max(group.last_time, time);
}

/// The largest first.
Json groups_json(const Groups& groups) {
  std::vector<const Groups::value_type*> order;
  for (const auto& entry : groups) order.push_back(&entry);
  std::ranges::stable_sort(order, std::greater<>{}, [](const auto* e) { return e->second.count; });
  Json items = Json::array();
  for (const auto* entry : order) {
    const auto& [reason, queue, error] = entry->first;
    items.push_back({{"reason", reason},
                     {"queue", queue},
                     {"error", error ? Json(*error) : Json{}},
                     {"count", entry->second.count},
                     {"first_time", entry->second.first_time},
                     {"last_time", entry->second.last_time}});
  }
  return items;
}

asio::awaitable<Response> list_groups(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string queue = request.path.at("name");
  const auto access = access_of(*context, request);
  Groups groups;
  std::size_t scanned = 0;
  std::uint64_t total = 0;
  Seq after = 0;
  // More would hold the answer up, and the groups show by then.
  const std::size_t scan_count_max = context->occupancy.limits().grouped_messages_max;
  do {
    const std::size_t count = std::min(scan_page_count, scan_count_max - scanned);
    auto start = [queue, access, after, count](broker::Vhost& vhost, const auto& reply) {
      broker::Permissions{access, vhost.name()}.require_queue(broker::Right::read, queue);
      // Everything in the queue, also what is out for delivery.
      auto with_total = [reply, total = queue_length(vhost, queue)](broker::BrowsePage page) {
        page.ready = total;
        reply(std::move(page));
      };
      vhost.browse(queue, after, count, with_total);
    };
    const auto page = co_await ask_later<broker::BrowsePage>(context, core, std::move(start));
    for (const broker::BrowsedMessage& message : page.messages)
      count_message(groups, *message.message);
    scanned += page.messages.size();
    total = page.ready;
    after = page.next;
  } while (after != 0 && scanned < scan_count_max);
  co_return json_response({{"items", groups_json(groups)}, {"scanned", scanned}, {"total", total}});
}

}  // namespace

std::vector<Route> dead_letter_routes() {
  return {
      {"GET", "/api/x/dead-letters", Rule::management, in_turn<list_dead_letter_queues>},
      {"GET", "/api/x/queues/{vhost}/{name}/groups", Rule::vhost, in_turn<list_groups>},
  };
}

}  // namespace leveret::http
