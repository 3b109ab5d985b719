#include <algorithm>
#include <memory>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// The most that one page of browsing reads from the store.
constexpr std::size_t browse_bytes_max = std::size_t{16} << 20U;

/// A "get" of the management API under way: it may have to wait for the queue's head to be read.
struct Take {
  std::size_t count;
  TakeMode mode;
  std::function<void(std::vector<TakenMessage>)> done;
  std::vector<Entry> entries;
};

void settle_taken(Queue& queue, Entry entry, TakeMode mode) {
  switch (mode) {
    case TakeMode::ack: queue.settle(entry); break;
    case TakeMode::requeue:
    case TakeMode::reject_requeue: queue.requeue(std::move(entry)); break;
    case TakeMode::reject: queue.reject(std::move(entry)); break;
  }
}

void go_on_taking(Vhost& vhost, QueueId id, const std::shared_ptr<Take>& take) {
  Queue* queue = vhost.find_queue(id);
  while (queue && take->entries.size() < take->count) {
    if (std::optional<Entry> entry = queue->take()) {
      take->entries.push_back(std::move(*entry));
      continue;
    }
    if (queue->is_head_loaded()) break;
    return queue->when_loaded([&vhost, id, take] { go_on_taking(vhost, id, take); });
  }
  std::vector<TakenMessage> taken;
  std::uint64_t left = queue ? queue->window().count() + take->entries.size() : 0;
  for (const Entry& entry : take->entries)
    taken.push_back({entry.message, entry.is_redelivered, --left});
  if (queue) {
    const bool acks = take->mode == TakeMode::ack;
    for (MessageStats* stats : {&queue->stats, &vhost.stats()})
      (acks ? stats->get_no_ack : stats->get) += take->entries.size();
    for (Entry& entry : take->entries) settle_taken(*queue, std::move(entry), take->mode);
    vhost.finish_command();
  }
  take->done(std::move(taken));
}

BrowsedMessage browsed(const Entry& entry, bool is_unacked) {
  return {.seq = entry.seq,
          .is_unacked = is_unacked,
          .redelivered = entry.is_redelivered,
          .delivery_count = entry.delivery_count,
          .content = entry.content,
          .message = entry.message};
}

/// What is in memory with seq > after, in order, at most `limit`: ready messages and unacked ones.
std::vector<BrowsedMessage> browse_memory(const Vhost& vhost, const Queue& queue, Seq after,
                                          std::size_t limit) {
  std::vector<BrowsedMessage> found;
  queue.window().for_each_after(after, [&](const Entry& entry) {
    found.push_back(browsed(entry, false));
    return found.size() < limit;
  });
  if (queue.unacked_count() > 0)
    vhost.for_each_connection([&](const Connection& connection) {
      connection.for_each_channel([&](const Channel& channel) {
        channel.unacked().for_each([&](const Delivery& delivery) {
          if (delivery.queue == &queue && delivery.entry.seq > after)
            found.push_back(browsed(delivery.entry, true));
        });
      });
    });
  std::ranges::sort(found, {}, &BrowsedMessage::seq);
  if (found.size() > limit) found.resize(limit);
  return found;
}

BrowsePage make_page(const Queue& queue, std::vector<BrowsedMessage> messages, std::size_t limit,
                     bool has_more) {
  BrowsePage page;
  std::ranges::sort(messages, {}, &BrowsedMessage::seq);
  if (messages.size() > limit) {
    messages.resize(limit);
    has_more = true;
  }
  page.next = has_more && !messages.empty() ? messages.back().seq : 0;
  page.messages = std::move(messages);
  page.last_seq = queue.last_seq();
  page.ready = queue.window().count();
  return page;
}

}  // namespace

void Vhost::take(std::string_view name, std::size_t count, TakeMode mode,
                 std::function<void(std::vector<TakenMessage>)> done) {
  Queue& from = queue(name, ConnectionId{});
  from.touch();
  auto take = std::make_shared<Take>(Take{count, mode, std::move(done), {}});
  go_on_taking(*this, from.id(), take);
}

void Vhost::browse(std::string_view name, Seq after, std::size_t limit,
                   std::function<void(BrowsePage)> done) {
  const Queue& from = queue(name, ConnectionId{});
  limit = std::max<std::size_t>(limit, 1);
  std::vector<BrowsedMessage> found = browse_memory(*this, from, after, limit);
  const bool is_full = found.size() == limit;
  const Seq tail_first = from.window().tail_first();
  // Messages in the store only come before transient ones that arrived later.
  const bool needs_store = tail_first != 0 && after < from.window().tail_last() &&
                           (!is_full || found.back().seq > tail_first);
  if (!needs_store) return done(make_page(from, std::move(found), limit, is_full));
  journal_.read(from.id(), std::max(after + 1, tail_first), from.window().tail_last(), limit,
                browse_bytes_max,
                [this, id = from.id(), limit, is_full, found = std::move(found),
                 done = std::move(done)](std::vector<StoredMessage> stored) mutable {
                  const Queue* read = find_queue(id);
                  if (read == nullptr) return done(BrowsePage{});
                  const bool is_cut = !stored.empty();
                  // What stands behind the last one read may still be in the store.
                  const Seq last = is_cut ? stored.back().seq : 0;
                  if (is_cut)
                    std::erase_if(found, [&](const BrowsedMessage& m) { return m.seq > last; });
                  for (StoredMessage& each : stored)
                    found.push_back({.seq = each.seq,
                                     .delivery_count = each.delivery_count,
                                     .content = each.content,
                                     .message = std::move(each.message)});
                  done(make_page(*read, std::move(found), limit, is_cut || is_full));
                });
}

std::vector<std::string> Vhost::route_test(std::string_view exchange_name,
                                           std::string_view routing_key,
                                           const amqp::Table& headers) {
  std::string raw;
  amqp::Writer writer{raw};
  amqp::write_table(writer, headers);
  targets_.clear();
  ++route_stamp_;
  visited_.clear();
  route(exchange(exchange_name), RoutingSubject{routing_key, raw});
  std::vector<std::string> names;
  for (const Queue* target : targets_) names.push_back(target->name());
  return names;
}

}  // namespace leveret::broker
