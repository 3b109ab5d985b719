#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/dead_letter.h"
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
  std::uint64_t left = queue ? queue->ready().count() + take->entries.size() : 0;
  for (const Entry& entry : take->entries)
    taken.push_back({visible_form(entry.message), entry.is_redelivered, --left});
  if (queue) {
    const bool acks = take->mode == TakeMode::ack;
    for (MessageStats* stats : {&queue->stats, &vhost.stats(queue->kind())}) {
      (acks ? stats->get_no_ack : stats->get) += take->entries.size();
      stats->get_empty += take->entries.empty() ? 1 : 0;
    }
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
          .keeper = entry.keeper,
          .message = entry.message};
}

/// What is in memory with seq > after, in order, at most `limit`: ready messages and unacked ones.
std::vector<BrowsedMessage> browse_memory(const Vhost& vhost, const Queue& queue, Seq after,
                                          std::size_t limit) {
  std::vector<BrowsedMessage> found;
  for (const auto& level : queue.ready()) {
    const std::size_t enough = found.size() + limit;
    level->window.for_each_after(after, [&](const Entry& entry) {
      found.push_back(browsed(entry, false));
      return found.size() < enough;
    });
  }
  const auto note_unacked = [&](const Delivery& delivery) {
    if (delivery.queue == &queue && delivery.entry.seq > after)
      found.push_back(browsed(delivery.entry, true));
  };
  if (queue.unacked_count() > 0) {
    vhost.for_each_connection([&](const Connection& connection) {
      connection.for_each_channel(
          [&](const Channel& channel) { channel.for_each_held(note_unacked); });
    });
    vhost.requeueing().for_each(note_unacked);
  }
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
  page.ready = queue.ready().count();
  return page;
}

/// A page of browsing under way: what the store has of each priority is still to be read.
struct Browse {
  struct Range {
    QueueId id;
    KeptRange kept;
    /// What is found already, but for the content of some.
    bool is_found = false;
  };
  QueueId queue;
  std::size_t limit = 0;
  bool has_more = false;
  std::vector<BrowsedMessage> found;
  std::vector<Range> to_read;
  /// Priorities that remember what is taken from their tails meanwhile: it may be in an answer.
  std::vector<std::uint8_t> remembering;
  /// Behind this some may be missing: a read stopped there.
  Seq complete_to = std::numeric_limits<Seq>::max();
  std::function<void(BrowsePage)> done;
};

void append(std::vector<BrowsedMessage>& found, std::vector<StoredMessage> stored) {
  for (StoredMessage& each : stored)
    found.push_back({.seq = each.seq,
                     .delivery_count = each.delivery_count,
                     .content = each.content,
                     .keeper = each.keeper,
                     .message = std::move(each.message)});
}

/// Both are in order of seq.
void fill(std::vector<BrowsedMessage>& found, const std::vector<StoredMessage>& stored) {
  auto at = found.begin();
  for (const StoredMessage& each : stored) {
    at = std::lower_bound(at, found.end(), each.seq,
                          [](const BrowsedMessage& a, Seq seq) { return a.seq < seq; });
    if (at == found.end()) return;
    if (at->seq == each.seq && !at->message) at->message = each.message;
  }
}

void end_browsing(const Vhost& vhost, const Queue& queue, Browse& browse) {
  std::erase_if(browse.found, [&](const BrowsedMessage& each) {
    return each.seq > browse.complete_to || !each.message;  // it cannot be read
  });
  const bool is_cut = browse.complete_to != std::numeric_limits<Seq>::max();
  browse.done(make_page(queue, std::move(browse.found), browse.limit, is_cut || browse.has_more));
  // Whoever has looked may have deleted the queue.
  const Queue* left = vhost.find_queue(browse.queue);
  for (const std::uint8_t priority : browse.remembering)
    if (left) left->ready().find(priority)->window.end_read();
}

void go_on_browsing(const Vhost& vhost, const std::shared_ptr<Browse>& browse) {
  const Queue* queue = vhost.find_queue(browse->queue);
  if (queue == nullptr) return browse->done(BrowsePage{});
  if (browse->to_read.empty()) return end_browsing(vhost, *queue, *browse);
  const Browse::Range range = browse->to_read.back();
  browse->to_read.pop_back();
  read_kept(vhost.journal(), vhost.transient_store(), range.id, range.kept,
            {browse->limit, browse_bytes_max},
            [&vhost, browse, range](std::vector<StoredMessage> stored) {
              if (!stored.empty() && stored.back().seq < range.kept.last)
                browse->complete_to = std::min(browse->complete_to, stored.back().seq);
              if (range.is_found)
                fill(browse->found, stored);
              else
                append(browse->found, std::move(stored));
              go_on_browsing(vhost, browse);
            });
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
  auto browse = std::make_shared<Browse>();
  browse->queue = from.id();
  browse->limit = std::max<std::size_t>(limit, 1);
  browse->found = browse_memory(*this, from, after, browse->limit);
  browse->has_more = browse->found.size() == browse->limit;
  browse->done = std::move(done);
  const auto add_range = [&](const PriorityLevel& level, Seq first, Seq last, bool is_found) {
    const KeptRange kept = from.kept_range(level, first, last, recorded_commit());
    if (kept.is_anywhere()) browse->to_read.push_back({level.id, kept, is_found});
  };
  for (const auto& level : from.ready()) {
    const Seq first = level->window.tail_first();
    const Seq last = level->window.tail_last();
    const bool is_needed =
        first != 0 && after < last && (!browse->has_more || browse->found.back().seq > first);
    if (!is_needed) continue;
    add_range(*level, std::max(after + 1, first), last, false);
    level->window.begin_read();
    browse->remembering.push_back(level->priority);
  }
  const auto lacks_content = [](const BrowsedMessage& each) { return !each.message; };
  const auto& found = browse->found;
  const auto first = std::ranges::find_if(found, lacks_content);
  if (first != found.end()) {
    const auto last = std::find_if(found.rbegin(), found.rend(), lacks_content);
    for (const auto& level : from.ready()) add_range(*level, first->seq, last->seq, true);
  }
  go_on_browsing(*this, browse);
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
  route(exchange(exchange_name), RoutingSubject{routing_key, raw, {}, route_stamp_});
  std::vector<std::string> names;
  for (const Queue* target : targets_) names.push_back(target->name());
  return names;
}

}  // namespace leveret::broker
