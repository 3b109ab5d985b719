#include "broker/queue.h"

#include <algorithm>
#include <utility>

#include "amqp/reply_code.h"
#include "broker/channel.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// Expired messages that are read from the store at once.
constexpr std::size_t expired_messages = 512;
/// Looking for expired messages in memory may take so many a millisecond.
constexpr std::uint64_t looked_at_per_ms = 10'000;

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
      ready_(parsed_.default_priority, id, vhost.limits().queue_window_messages,
             vhost.limits().queue_window_bytes, &vhost.unkept_bytes),
      last_used_(vhost.now()) {
  register_deadline();
}

bool Queue::settles_quickly() const {
  return quick_settles_ >= quick_settles_enough;
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

void Queue::apply_policy(EffectivePolicy policy) {
  policy_ = std::move(policy);
  const QueueArguments before = std::exchange(
      parsed_,
      with_policy(parse_queue_arguments(arguments_, describe()), arguments_, policy_.definition));
  if (parsed_.message_ttl_ms != before.message_ttl_ms)
    for (const auto& level : ready_)
      level->window.for_each_in_memory([this](Entry& entry) {
        if (entry.message) entry.expires_at = expiry_of(*entry.message);
      });
  if (parsed_.expires_ms != before.expires_ms) last_used_ = vhost_.now();
  enforce_limits();
  maintain();
}

void Queue::recover(const RecoveredQueue& recovered, bool was_closed) {
  const QueueRecord& record = recovered.record;
  PriorityLevel& level =
      record.level_of ? ready_.add(record.priority, record.id) : **ready_.begin();
  level.recorded_mark = recovered.delivered_mark;
  level.recovered_mark =
      std::min(recovered.last_seq, recovered.delivered_mark + (was_closed ? 0 : mark_slack));
  level.delivered = level.recovered_mark;
  level.window.recover(recovered.message_count, recovered.body_bytes, recovered.last_seq);
  last_seq_ = std::max(last_seq_, recovered.last_seq);
  read_ahead();
  register_deadline();
}

bool Queue::accepts_publish(std::size_t body_bytes) const {
  return parsed_.overflow == Overflow::drop_head || !is_beyond_limit(1, body_bytes);
}

Keeper Queue::push(const MessagePtr& message, ContentId content, const ConfirmOrigin& origin) {
  PriorityLevel& to = level(priority_of(*message));
  Consumer* consumer = has_ready() || is_held() ? nullptr : next_consumer();
  Entry entry;
  entry.seq = ++last_seq_;
  entry.message = message;
  entry.priority = to.priority;
  entry.expires_at = expiry_of(*message);
  entry.content = content;
  if (stores(*message)) {
    entry.keeper = Keeper::journal;
    entry.origin = origin;
    entry.commit = vhost_.journal().current_commit();
    Journal& journal = consumer && settles_quickly() ? vhost_.record_patiently() : vhost_.record();
    journal.append(to.id, entry.seq, message, content);
  } else if (!consumer && goes_to_transient_store(to)) {
    append_transient(to, entry);
  }
  const Keeper keeper = entry.keeper;
  ++stats.publish;
  if (consumer) {
    deliver(*consumer, std::move(entry));
    return keeper;
  }
  const bool expires = entry.expires_at != 0;
  to.window.push(std::move(entry), vhost_.committed(keeper), !consumers_.empty());
  enforce_limits();
  if (!consumers_.empty()) vhost_.mark_dirty(*this);
  if (expires) {
    drop_expired_heads();
    register_deadline();
  }
  return keeper;
}

/// Behind a tail it must be kept; else when memory has enough of those that nothing else has.
bool Queue::goes_to_transient_store(const PriorityLevel& level) const {
  return level.window.has_tail() ||
         (level.window.is_full() && vhost_.unkept_bytes >= vhost_.limits().transient_bytes_max);
}

void Queue::append_transient(PriorityLevel& level, Entry& entry) {
  MessageStore& store = vhost_.record_transient();
  if (!std::exchange(level.is_in_transient_store, true))
    store.put_queue({.id = level.id, .name = {}, .arguments = {}, .level_of = id_});
  entry.keeper = Keeper::transient_store;
  entry.commit = store.current_commit();
  store.append(level.id, entry.seq, entry.message, entry.content);
}

void Queue::dispatch() {
  if (is_held()) return;
  do {
    drop_expired_heads();
    while (PriorityLevel* from = ready_.next_loaded()) {
      Consumer* consumer = next_consumer();
      if (consumer == nullptr) break;
      deliver(*consumer, from->window.pop());
      drop_expired_heads();
    }
  } while (take_unsaved());
  read_ahead();
  register_deadline();
}

std::optional<Entry> Queue::take() {
  if (is_held()) return std::nullopt;
  drop_expired_heads();
  PriorityLevel* from = ready_.next_loaded();
  if (from == nullptr) return std::nullopt;
  Entry entry = from->window.pop();
  mark_delivered(entry);
  note_taken(entry);
  drop_expired_heads();  // there is another head now
  read_ahead();
  register_deadline();
  return entry;
}

void Queue::when_loaded(std::function<void()> then) {
  load_waiters_.push_back(std::move(then));
  read_ahead();
}

void Queue::note_taken(const Entry& entry) {
  ++unacked_;
  unacked_bytes_ += entry.body_bytes();
  if (entry.message) note_held(*entry.message);
}

void Queue::note_back(const Entry& entry) {
  --unacked_;
  unacked_bytes_ -= entry.body_bytes();
  if (entry.message) note_let_go(*entry.message);
}

void Queue::settle(const Entry& entry) {
  note_back(entry);
  forget(entry);
  if (!entry.is_stored()) return;
  const bool is_quick = entry.commit > vhost_.committed();
  // The consumer has answered for it: its publisher need not wait for the disk any more.
  if (is_quick) vhost_.copy_settled(entry.origin);
  quick_settles_ = is_quick ? std::min(quick_settles_ + 1, quick_settles_max)
                            : std::max(quick_settles_ - late_settle_costs, 0);
}

void Queue::requeue(Entry entry) {
  entry.is_redelivered = true;
  ++entry.delivery_count;
  if (parsed_.delivery_limit && entry.delivery_count > *parsed_.delivery_limit) {
    note_back(entry);
    return die(std::move(entry), DeathReason::delivery_limit);
  }
  if (entry.is_stored())
    vhost_.record().set_delivery_count(level(entry.priority).id, entry.seq, entry.delivery_count);
  restore(std::move(entry));
}

void Queue::restore(Entry entry) {
  note_back(entry);
  if (entry.message)
    entry.expires_at = expiry_of(*entry.message);  // a policy may have changed it meanwhile
  level(entry.priority).window.put_back(std::move(entry));
  enforce_limits();
  drop_expired_heads();
  register_deadline();
  vhost_.mark_dirty(*this);
}

void Queue::release() {
  if (--holds_ > 0) return;
  drop_expired_anywhere();
  went_on_loading();
}

void Queue::reject(Entry entry) {
  note_back(entry);
  die(std::move(entry), DeathReason::rejected);
}

std::uint64_t Queue::purge() {
  std::uint64_t count = 0;
  for (const auto& level : ready_) {
    QueueWindow::Purged purged = level->window.purge();
    for (const Entry& entry : purged.entries) forget(entry);
    if (purged.tail && durable_)
      vhost_.record().remove_range(level->id, purged.tail->first, purged.tail->second);
    if (purged.tail && level->is_in_transient_store)
      vhost_.record_transient().remove_range(level->id, purged.tail->first, purged.tail->second);
    count += purged.count;
  }
  stats.purged += count;
  return count;
}

void Queue::maintain() {
  if (registered_deadline_ != 0 && registered_deadline_ <= vhost_.now()) registered_deadline_ = 0;
  if (is_held()) return;
  drop_expired_heads();
  drop_expired_anywhere();
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
  vhost_.add_argument_bytes(consumer.arguments.memory_bytes());
  vhost_.mark_dirty(*this);
}

void Queue::remove_consumer(Consumer& consumer) {
  std::erase(consumers_, &consumer);
  vhost_.remove_argument_bytes(consumer.arguments.memory_bytes());
  touch();
  if (consumers_.empty()) {
    for (const auto& level : ready_) level->window.let_go_of_unsaved();
    if (auto_delete_) vhost_.doom(*this);
  }
  if (!consumers_.empty() && parsed_.single_active_consumer) vhost_.mark_dirty(*this);
}

void Queue::touch() {
  last_used_ = vhost_.now();
  register_deadline();
}

std::optional<Entry> Queue::extract(Seq seq, const StoredMessage* stored) {
  vhost_.mark_dirty(*this);  // there may be another head, or none in memory
  for (const auto& level : ready_) {
    auto entry = level->window.take(seq);
    if (!entry) continue;
    if (!entry->message && stored) entry->message = stored->message;
    if (entry->message) return entry;
    level->window.put_back(std::move(*entry));
    return std::nullopt;
  }
  if (stored == nullptr) return std::nullopt;
  PriorityLevel& from = level(priority_of(*stored->message));
  if (!from.window.take_from_tail(seq, stored->message->body().size(), stored->keeper,
                                  vhost_.current_commit(stored->keeper)))
    return std::nullopt;
  return entry_of(*stored, from);
}

/// Above the queue's maximum counts as the maximum (RabbitMQ, priority).
std::uint8_t Queue::priority_of(const Message& message) const {
  if (!message.has_priority()) return parsed_.default_priority;
  return std::min(message.priority(), parsed_.max_priority);
}

PriorityLevel& Queue::level(std::uint8_t priority) {
  if (PriorityLevel* found = ready_.find(priority)) return *found;
  const QueueId id = vhost_.next_queue_id();
  if (durable_)
    vhost_.record().put_queue(
        {.id = id, .name = {}, .arguments = {}, .level_of = id_, .priority = priority});
  return ready_.add(priority, id);
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
    if (entry.is_stored() && entry.commit > vhost_.committed()) vhost_.copy_settled(entry.origin);
  } else {
    ++stats.deliver;
    mark_delivered(entry);
    note_taken(entry);
  }
  consumer.channel->deliver(consumer, std::move(entry));
}

bool Queue::is_beyond_limit(std::uint64_t more_messages, std::uint64_t more_bytes) const {
  return (parsed_.max_length && ready_.count() + more_messages > *parsed_.max_length) ||
         (parsed_.max_length_bytes && ready_.bytes() + more_bytes > *parsed_.max_length_bytes);
}

/// The head goes first, even if that has a higher priority than what came (RabbitMQ, priority).
void Queue::enforce_limits() {
  if (is_held() || parsed_.overflow != Overflow::drop_head || !is_beyond_limit(0, 0)) return;
  PriorityLevel* from = ready_.next_loaded();
  for (; from && is_beyond_limit(0, 0); from = ready_.next_loaded())
    vhost_.dead_letter(*this, from->window.pop(), DeathReason::maxlen);
  if (from == nullptr) read_ahead();
  register_deadline();  // there is another head now
}

// Expiry. What expires by the queue's TTL does so in order: it is enough to look at the heads. A
// message's own expiration may be over anywhere.

void Queue::drop_expired_heads() {
  if (is_held()) return;
  for (const auto& level : ready_) {
    while (level->window.has_head()) {
      const TimeMs expires_at = level->window.head().expires_at;
      if (expires_at == 0 || expires_at > vhost_.now()) break;
      vhost_.dead_letter(*this, level->window.pop(), DeathReason::expired);
    }
  }
}

void Queue::drop_expired_anywhere() {
  const TimeMs now = vhost_.now();
  const auto is_due = [&](TimeMs at) { return at != 0 && at <= now; };
  for (const auto& level : ready_) {
    if (is_due(level->window.memory_expiry()) && level->next_look <= now) {
      level->next_look = now + static_cast<TimeMs>(level->window.in_memory() / looked_at_per_ms);
      for (Entry& entry : level->window.take_expired(now))
        die(std::move(entry), DeathReason::expired);
    }
    if (!is_due(level->window.tail_expiry()) || level->expired_reads > 0) continue;
    for (const Keeper keeper : {Keeper::journal, Keeper::transient_store})
      if (level->window.has_tail_in(keeper)) read_expired(*level, keeper);
  }
}

void Queue::read_expired(PriorityLevel& level, Keeper keeper) {
  ++level.expired_reads;
  level.window.begin_expired();
  vhost_.store(keeper).read_expired(
      level.id, level.window.tail_first(), level.window.tail_last(), vhost_.now(), expired_messages,
      [&vhost = vhost_, id = id_, priority = level.priority, keeper](ExpiredMessages expired) {
        for (StoredMessage& each : expired.messages) each.keeper = keeper;
        if (Queue* queue = vhost.find_queue(id))
          queue->take_expired(queue->level(priority), expired);
      });
}

void Queue::take_expired(PriorityLevel& level, const ExpiredMessages& expired) {
  --level.expired_reads;
  for (const StoredMessage& stored : expired.messages)
    if (std::optional<Entry> entry = extract(stored.seq, &stored))
      vhost_.dead_letter(*this, std::move(*entry), DeathReason::expired);
  level.window.end_expired(expired.next);
  vhost_.finish_command();
  register_deadline();
}

Entry Queue::entry_of(const StoredMessage& stored, const PriorityLevel& level) const {
  Entry entry;
  entry.seq = stored.seq;
  entry.message = stored.message;
  entry.priority = level.priority;
  entry.content = stored.content;
  entry.expires_at = expiry_of(*stored.message);
  entry.delivery_count = stored.delivery_count;
  entry.is_redelivered = stored.seq <= level.recovered_mark;
  entry.keeper = stored.keeper;
  return entry;
}

/// One entry in the vhost's heap at a time, for whatever comes first; see Deadlines.
void Queue::register_deadline() {
  if (is_held()) return;
  TimeMs next = 0;
  const auto consider = [&](TimeMs at) {
    if (at != 0) next = next == 0 ? at : std::min(next, at);
  };
  for (const auto& level : ready_) {
    const QueueWindow& window = level->window;
    if (window.has_head()) consider(window.head().expires_at);
    if (window.memory_expiry() != 0) consider(std::max(window.memory_expiry(), level->next_look));
    if (level->expired_reads == 0) consider(window.tail_expiry());
  }
  if (parsed_.expires_ms && consumers_.empty()) consider(last_used_ + *parsed_.expires_ms);
  if (next == 0 || (registered_deadline_ != 0 && registered_deadline_ <= next)) return;
  registered_deadline_ = next;
  vhost_.add_deadline(next, id_);
}

void Queue::forget(const Entry& entry) {
  if (!entry.is_kept()) return;
  MessageStore& store = entry.is_stored() ? vhost_.record_patiently() : vhost_.record_transient();
  store.remove(level(entry.priority).id, entry.seq, entry.content, entry.body_bytes());
}

void Queue::mark_delivered(const Entry& entry) {
  if (!entry.is_stored()) return;
  PriorityLevel& of = level(entry.priority);
  if (entry.seq <= of.delivered) return;
  of.delivered = entry.seq;
  if (of.delivered >= of.recorded_mark + mark_step) record_delivered(of);
}

void Queue::record_delivered(PriorityLevel& level) {
  if (!durable_ || level.recorded_mark == level.delivered) return;
  level.recorded_mark = level.delivered;
  vhost_.record_patiently().mark_delivered(level.id, level.recorded_mark);
}

void Queue::record_delivered() {
  for (const auto& level : ready_) record_delivered(*level);
}

}  // namespace leveret::broker
