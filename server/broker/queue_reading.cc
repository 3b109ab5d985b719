#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/queue.h"
#include "broker/vhost.h"

/// What a queue reads back from the store: what comes next, and what it let go while consumers had
/// it.
namespace leveret::broker {
namespace {

/// How many messages are read back at once, and how low the window may run before that: much for a
/// queue that is being worked, next to nothing for one that only waits.
constexpr std::size_t block_messages = 2048;
constexpr std::size_t block_bytes = std::size_t{4} << 20U;
constexpr std::size_t low_mark_working = 1024;
constexpr std::size_t block_messages_idle = 64;
constexpr std::size_t low_mark_idle = 1;

}  // namespace

/// Returns whether there is more in memory now.
bool Queue::take_unsaved() {
  bool has_more = false;
  for (const auto& level : ready_)
    if (level->window.wants_block(low_mark_working) &&
        level->window.take_unsaved(vhost_.committed(), vhost_.committed(Keeper::transient_store)))
      has_more = true;
  return has_more;
}

void Queue::read_ahead() {
  const bool is_working = !consumers_.empty() || !load_waiters_.empty();
  const PriorityLevel* next = ready_.next();
  for (const auto& level : ready_) {
    const bool is_hot = is_working && level.get() == next;
    if (level->window.wants_content())
      read_returned(*level, is_hot ? block_messages : block_messages_idle);
    if (level->window.wants_block(is_hot ? low_mark_working : low_mark_idle))
      read_block(*level, is_hot ? block_messages : block_messages_idle);
  }
}

void Queue::read_block(PriorityLevel& level, std::size_t messages_max) {
  const QueueWindow::Block block =
      level.window.begin_block(vhost_.committed(), vhost_.committed(Keeper::transient_store));
  read_kept(vhost_.journal(), vhost_.transient_store(), level.id, block.range,
            {messages_max, block_bytes},
            [&vhost = vhost_, id = id_, priority = level.priority,
             block](std::vector<StoredMessage> messages) {
              if (Queue* queue = vhost.find_queue(id))
                queue->take_block(queue->level(priority), block, std::move(messages));
            });
}

void Queue::take_block(PriorityLevel& level, const QueueWindow::Block& block,
                       std::vector<StoredMessage> messages) {
  std::vector<Entry> entries;
  entries.reserve(messages.size());
  for (const StoredMessage& stored : messages) entries.push_back(entry_of(stored, level));
  level.window.end_block(block, std::move(entries));
  went_on_loading();
}

void Queue::went_on_loading() {
  enforce_limits();
  drop_expired_heads();
  register_deadline();
  vhost_.mark_dirty(*this);
  // Last: whoever waited may go on to delete this queue.
  for (auto& waiter : take_load_waiters()) waiter();
}

// Messages that were let go while a consumer had them.

void Queue::let_go_beyond_window(Entry& entry) {
  const Limits& limits = vhost_.limits();
  const bool is_beyond =
      held_ > limits.queue_window_messages || held_bytes_ > limits.queue_window_bytes;
  if (!is_beyond || !entry.is_kept()) return;
  note_let_go(*entry.message);
  entry.let_go();
}

void Queue::note_held(const Message& message) {
  ++held_;
  held_bytes_ += message.memory_bytes();
}

void Queue::note_let_go(const Message& message) {
  --held_;
  held_bytes_ -= message.memory_bytes();
}

KeptRange Queue::kept_range(const PriorityLevel& level, Seq first, Seq last,
                            CommitNumber journal_after) const {
  KeptRange range{.first = first, .last = last};
  if (durable_) range.journal_after = journal_after;
  if (level.is_in_transient_store) range.transients_after = vhost_.transients_recorded();
  return range;
}

/// Reads [first, last] of one priority once all that the journal has of it is on disk.
void Queue::read_content(std::uint8_t priority, Seq first, Seq last, UseContent use) {
  const auto read = [&vhost = vhost_, id = id_, priority, first, last, use] {
    Queue* queue = vhost.find_queue(id);
    if (queue == nullptr) return;
    const PriorityLevel& level = queue->level(priority);
    read_kept(vhost.journal(), vhost.transient_store(), level.id,
              queue->kept_range(level, first, last, vhost.committed()),
              {block_messages, block_bytes},
              [&vhost, id, priority, first, use](const std::vector<StoredMessage>& messages) {
                if (Queue* found = vhost.find_queue(id)) (found->*use)(priority, first, messages);
              });
  };
  durable_ ? vhost_.when_recorded(read) : read();
}

void Queue::read_returned(PriorityLevel& level, std::size_t messages_max) {
  if (std::exchange(level.is_reading_content, true)) return;
  const auto [first, last] = level.window.without_content(messages_max);
  read_content(level.priority, first, last, &Queue::take_returned);
}

void Queue::take_returned(std::uint8_t priority, Seq first,
                          const std::vector<StoredMessage>& messages) {
  PriorityLevel& to = level(priority);
  to.is_reading_content = false;
  for (const StoredMessage& stored : messages)
    to.window.fill(stored.seq, stored.message, expiry_of(*stored.message));
  if (to.window.wants_content() && to.window.without_content(1).first == first) {
    to.window.take(first);
    report_lost(first);
  }
  went_on_loading();
}

/// As Vhost::dead_letter(), in order also when the message has to be read first.
void Queue::die(Entry entry, DeathReason reason) {
  const bool can_die = !parsed_.dead_letter_exchange || (entry.message && dying_.empty());
  if (can_die) return vhost_.dead_letter(*this, std::move(entry), reason);
  note_taken(entry);
  dying_.push_back({std::move(entry), reason});
  read_dying();
}

void Queue::read_dying() {
  if (dying_.empty() || std::exchange(is_reading_dying_, true)) return;
  const Entry& first = dying_.front().entry;
  Seq last = first.seq;
  for (const Dying& each : dying_) {
    const bool is_next = each.entry.priority == first.priority && each.entry.seq >= last;
    if (!is_next || each.entry.seq - first.seq >= block_messages) break;
    last = each.entry.seq;
  }
  read_content(first.priority, first.seq, last, &Queue::take_dying);
}

void Queue::take_dying(std::uint8_t /*priority*/, Seq first,
                       const std::vector<StoredMessage>& messages) {
  is_reading_dying_ = false;
  auto stored = messages.begin();
  for (Dying& each : dying_) {
    while (stored != messages.end() && stored->seq < each.entry.seq) ++stored;
    if (stored == messages.end()) break;
    if (stored->seq != each.entry.seq || each.entry.message) continue;
    each.entry.message = stored->message;
    note_held(*each.entry.message);
  }
  if (!dying_.front().entry.message) {
    report_lost(first);
    note_back(dying_.front().entry);
    dying_.pop_front();
  }
  while (!dying_.empty() && dying_.front().entry.message) {
    note_back(dying_.front().entry);
    vhost_.dead_letter(*this, std::move(dying_.front().entry), dying_.front().reason);
    dying_.pop_front();
  }
  read_dying();
  vhost_.finish_command();
}

/// The store has told why.
void Queue::report_lost(Seq seq) const {
  log::error("message " + std::to_string(seq) + " of " + describe() + " cannot be read back");
}

}  // namespace leveret::broker
