#include "broker/queue.h"

#include <algorithm>
#include <utility>

#include "amqp/reply_code.h"
#include "broker/channel.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// How many messages are read back at once, and how low the window may run before that: much for a
/// queue that is being worked, next to nothing for one that only waits.
constexpr std::size_t block_messages = 2048;
constexpr std::size_t block_bytes = std::size_t{4} << 20U;
constexpr std::size_t low_mark_working = 1024;
constexpr std::size_t block_messages_idle = 64;
constexpr std::size_t low_mark_idle = 1;

/// Deliveries are marked in the journal once in so many messages, and after a crash that many more
/// may have been delivered than the mark says: more than happens while one transaction is on its
/// way to the disk.
constexpr Seq mark_step = 4096;
constexpr Seq mark_slack = 4 * mark_step;

std::string describe_queue(std::string_view name, const std::string& vhost) {
  return "queue '" + std::string{name} + "' in vhost '" + vhost + "'";
}

}  // namespace

Queue::Queue(Vhost& vhost, QueueId id, const QueueSpec& spec, ConnectionId owner)
    : vhost_(vhost),
      id_(id),
      name_(spec.name),
      durable_(spec.durable && !spec.exclusive),  // RabbitMQ: an exclusive queue is never durable
      exclusive_(spec.exclusive),
      auto_delete_(spec.auto_delete),
      owner_(spec.exclusive ? owner : ConnectionId{}),
      arguments_(spec.arguments),
      parsed_(parse_queue_arguments(spec.arguments, describe_queue(spec.name, vhost.name()))),
      window_(vhost.limits().queue_window_messages, vhost.limits().queue_window_bytes),
      last_used_(vhost.now()) {
  register_deadline();
}

std::string Queue::describe() const {
  return describe_queue(name_, vhost_.name());
}

void Queue::assert_equivalent(const QueueSpec& spec, ConnectionId owner) const {
  if ((exclusive_ && owner_ != owner) || spec.exclusive != exclusive_)
    throw amqp::Error{
        amqp::ReplyCode::resource_locked,
        "cannot obtain exclusive access to locked " + describe() +
            ". It could be originally declared on another connection or the exclusive "
            "property value does not match that of the original declaration."};
  const std::string what = describe();
  assert_flag_equivalent("durable", spec.durable && !spec.exclusive, durable_, what);
  assert_flag_equivalent("auto_delete", spec.auto_delete, auto_delete_, what);
  assert_queue_arguments_equivalent(spec.arguments, arguments_, what);
}

void Queue::recover(const RecoveredQueue& recovered, bool was_closed) {
  last_seq_ = recovered.last_seq;
  recorded_mark_ = recovered.delivered_mark;
  recovered_mark_ = std::min(last_seq_, recorded_mark_ + (was_closed ? 0 : mark_slack));
  delivered_ = recovered_mark_;
  window_.recover(recovered.message_count, recovered.body_bytes, recovered.last_seq);
  read_ahead();
}

bool Queue::accepts_publish(std::size_t body_bytes) const {
  return parsed_.overflow == Overflow::drop_head || !is_beyond_limit(1, body_bytes);
}

bool Queue::push(const MessagePtr& message, ContentId content, const ConfirmOrigin& origin) {
  Entry entry;
  entry.seq = ++last_seq_;
  entry.message = message;
  entry.expires_at = expiry_of(*message);
  entry.is_stored = stores(*message);
  if (entry.is_stored) {
    entry.content = content;
    entry.origin = origin;
    entry.commit = vhost_.journal().current_commit();
    vhost_.record().append(id_, entry.seq, message, content);
  }
  const bool is_stored = entry.is_stored;
  ++stats.publish;
  if (!has_ready()) {
    if (Consumer* consumer = next_consumer()) {
      deliver(*consumer, std::move(entry));
      return is_stored;
    }
  }
  const bool expires = entry.expires_at != 0;
  window_.push(std::move(entry));
  enforce_limits();
  if (!consumers_.empty()) vhost_.mark_dirty(*this);
  if (expires) {
    drop_expired();
    register_deadline();
  }
  return is_stored;
}

void Queue::dispatch() {
  drop_expired();
  while (window_.has_head()) {
    Consumer* consumer = next_consumer();
    if (consumer == nullptr) break;
    deliver(*consumer, window_.pop());
    drop_expired();
  }
  read_ahead();
  register_deadline();
}

std::optional<Entry> Queue::take() {
  drop_expired();
  if (!window_.has_head()) return std::nullopt;
  Entry entry = window_.pop();
  mark_delivered(entry);
  ++unacked_;
  unacked_bytes_ += entry.body_bytes();
  drop_expired();  // there is another head now
  read_ahead();
  register_deadline();
  return entry;
}

void Queue::when_loaded(std::function<void()> then) {
  load_waiters_.push_back(std::move(then));
  read_ahead();
}

void Queue::settle(const Entry& entry) {
  --unacked_;
  unacked_bytes_ -= entry.body_bytes();
  forget(entry);
  // The consumer has answered for it: its publisher need not wait for the disk any more.
  if (entry.is_stored && entry.commit > vhost_.committed()) vhost_.copy_settled(entry.origin);
}

void Queue::requeue(Entry entry) {
  entry.is_redelivered = true;
  ++entry.delivery_count;
  if (parsed_.delivery_limit && entry.delivery_count > *parsed_.delivery_limit) {
    --unacked_;
    unacked_bytes_ -= entry.body_bytes();
    vhost_.dead_letter(*this, std::move(entry), DeathReason::delivery_limit);
    return;
  }
  if (entry.is_stored) vhost_.record().set_delivery_count(id_, entry.seq, entry.delivery_count);
  restore(std::move(entry));
}

void Queue::restore(Entry entry) {
  --unacked_;
  unacked_bytes_ -= entry.body_bytes();
  window_.put_back(std::move(entry));
  enforce_limits();
  drop_expired();
  register_deadline();
  vhost_.mark_dirty(*this);
}

void Queue::reject(Entry entry) {
  --unacked_;
  unacked_bytes_ -= entry.body_bytes();
  vhost_.dead_letter(*this, std::move(entry), DeathReason::rejected);
}

std::uint64_t Queue::purge() {
  QueueWindow::Purged purged = window_.purge();
  for (const Entry& entry : purged.entries) forget(entry);
  if (purged.stored_range)
    vhost_.record().remove_range(id_, purged.stored_range->first, purged.stored_range->second);
  stats.purged += purged.count;
  return purged.count;
}

void Queue::maintain() {
  if (registered_deadline_ != 0 && registered_deadline_ <= vhost_.now()) registered_deadline_ = 0;
  drop_expired();
  read_ahead();
  register_deadline();
}

bool Queue::is_expired(TimeMs now) const {
  return parsed_.expires_ms && consumers_.empty() && last_used_ + *parsed_.expires_ms <= now;
}

void Queue::add_consumer(Consumer& consumer) {
  const bool is_taken = std::ranges::any_of(consumers_, &Consumer::exclusive);
  if (is_taken || (consumer.exclusive && !consumers_.empty()))
    throw amqp::Error{amqp::ReplyCode::access_refused, describe() + " in exclusive use"};
  const auto behind = std::ranges::find_if(consumers_, [&](const Consumer* other) {
    return !parsed_.single_active_consumer && other->priority < consumer.priority;
  });
  consumers_.insert(behind, &consumer);
  had_consumer_ = true;
  vhost_.mark_dirty(*this);
}

void Queue::remove_consumer(Consumer& consumer) {
  std::erase(consumers_, &consumer);
  touch();
  if (consumers_.empty() && auto_delete_) vhost_.doom(*this);
  if (!consumers_.empty() && parsed_.single_active_consumer) vhost_.mark_dirty(*this);
}

void Queue::touch() {
  last_used_ = vhost_.now();
  register_deadline();
}

std::optional<Entry> Queue::extract(Seq seq, const StoredMessage* stored) {
  vhost_.mark_dirty(*this);  // there may be another head, or none in memory
  if (auto entry = window_.take(seq)) return entry;
  if (stored == nullptr || !window_.take_from_tail(seq, stored->message->body().size()))
    return std::nullopt;
  return entry_of(*stored);
}

TimeMs Queue::expiry_of(const Message& message) const {
  std::int64_t ttl = message.ttl_ms();
  if (parsed_.message_ttl_ms && (ttl < 0 || *parsed_.message_ttl_ms < ttl))
    ttl = *parsed_.message_ttl_ms;
  return ttl < 0 ? 0 : message.published_at() + ttl;
}

/// Among the consumers with the highest priority that can take a message, the one served longest
/// ago.
Consumer* Queue::next_consumer() {
  const std::size_t eligible = parsed_.single_active_consumer
                                   ? std::min<std::size_t>(1, consumers_.size())
                                   : consumers_.size();
  for (std::size_t i = 0; i < eligible; ++i) {
    Consumer* consumer = consumers_[i];
    if (!consumer->has_credit() || !consumer->channel->can_deliver(*consumer)) continue;
    std::size_t group_end = i + 1;
    while (group_end < eligible && consumers_[group_end]->priority == consumer->priority)
      ++group_end;
    const auto at = [&](std::size_t index) {
      return consumers_.begin() + static_cast<std::ptrdiff_t>(index);
    };
    std::rotate(at(i), at(i + 1), at(group_end));
    return consumer;
  }
  return nullptr;
}

void Queue::deliver(Consumer& consumer, Entry entry) {
  if (entry.is_redelivered) ++stats.redeliver;
  if (consumer.no_ack) {
    ++stats.deliver_no_ack;
    forget(entry);
    if (entry.is_stored && entry.commit > vhost_.committed()) vhost_.copy_settled(entry.origin);
  } else {
    ++stats.deliver;
    mark_delivered(entry);
    ++unacked_;
    unacked_bytes_ += entry.body_bytes();
  }
  consumer.channel->deliver(consumer, std::move(entry));
}

bool Queue::is_beyond_limit(std::uint64_t more_messages, std::uint64_t more_bytes) const {
  return (parsed_.max_length && window_.count() + more_messages > *parsed_.max_length) ||
         (parsed_.max_length_bytes && window_.bytes() + more_bytes > *parsed_.max_length_bytes);
}

void Queue::enforce_limits() {
  if (parsed_.overflow != Overflow::drop_head || !is_beyond_limit(0, 0)) return;
  while (is_beyond_limit(0, 0) && window_.has_head())
    vhost_.dead_letter(*this, window_.pop(), DeathReason::maxlen);
  if (!window_.has_head()) read_ahead();
  register_deadline();  // there is another head now
}

void Queue::drop_expired() {
  while (window_.has_head()) {
    const TimeMs expires_at = window_.head().expires_at;
    if (expires_at == 0 || expires_at > vhost_.now()) return;
    vhost_.dead_letter(*this, window_.pop(), DeathReason::expired);
  }
}

void Queue::read_ahead() {
  const bool is_working = !consumers_.empty() || !load_waiters_.empty();
  if (!window_.wants_block(is_working ? low_mark_working : low_mark_idle)) return;
  const QueueWindow::Block block = window_.begin_block();
  vhost_.journal().read(id_, block.first, block.last,
                        is_working ? block_messages : block_messages_idle, block_bytes,
                        [&vhost = vhost_, id = id_, block](std::vector<StoredMessage> messages) {
                          if (Queue* queue = vhost.find_queue(id))
                            queue->take_block(block, std::move(messages));
                        });
}

void Queue::take_block(const QueueWindow::Block& block, std::vector<StoredMessage> messages) {
  std::vector<Entry> entries;
  entries.reserve(messages.size());
  for (const StoredMessage& stored : messages) entries.push_back(entry_of(stored));
  window_.end_block(block, std::move(entries));
  enforce_limits();
  drop_expired();
  register_deadline();
  vhost_.mark_dirty(*this);
  // Last: whoever waited may go on to delete this queue.
  for (auto& waiter : take_load_waiters()) waiter();
}

Entry Queue::entry_of(const StoredMessage& stored) const {
  Entry entry;
  entry.seq = stored.seq;
  entry.message = stored.message;
  entry.content = stored.content;
  entry.expires_at = expiry_of(*stored.message);
  entry.delivery_count = stored.delivery_count;
  entry.is_redelivered = stored.seq <= recovered_mark_;
  entry.is_stored = true;
  return entry;
}

/// One entry in the vhost's heap at a time, for whatever comes first; see Deadlines.
void Queue::register_deadline() {
  TimeMs next = 0;
  if (window_.has_head()) next = window_.head().expires_at;
  if (parsed_.expires_ms && consumers_.empty()) {
    const TimeMs queue_expiry = last_used_ + *parsed_.expires_ms;
    next = next == 0 ? queue_expiry : std::min(next, queue_expiry);
  }
  if (next == 0 || (registered_deadline_ != 0 && registered_deadline_ <= next)) return;
  registered_deadline_ = next;
  vhost_.add_deadline(next, id_);
}

void Queue::forget(const Entry& entry) {
  if (entry.is_stored) vhost_.record().remove(id_, entry.seq, entry.content, entry.body_bytes());
}

void Queue::mark_delivered(const Entry& entry) {
  if (!entry.is_stored || entry.seq <= delivered_) return;
  delivered_ = entry.seq;
  if (delivered_ >= recorded_mark_ + mark_step) record_delivered();
}

void Queue::record_delivered() {
  if (!durable_ || recorded_mark_ == delivered_) return;
  recorded_mark_ = delivered_;
  vhost_.record().mark_delivered(id_, recorded_mark_);
}

}  // namespace leveret::broker
