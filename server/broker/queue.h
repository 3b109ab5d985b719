#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/ring.h"
#include "broker/arguments.h"
#include "broker/binding.h"
#include "broker/consumer.h"
#include "broker/definitions.h"
#include "broker/entry.h"
#include "broker/policy.h"
#include "broker/ready_messages.h"
#include "broker/stats.h"

namespace leveret::broker {

class Vhost;

/// A queue: its ready messages in order, its consumers, and what its arguments ask for. Owned by
/// its vhost. Messages that it hands out belong to the channel until they come back through
/// settle(), requeue() or reject().
class Queue {
 public:
  Queue(Vhost& vhost, QueueId id, const QueueSpec& spec, ConnectionId owner);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  QueueId id() const { return id_; }
  const std::string& name() const { return name_; }
  bool is_durable() const { return durable_; }
  bool is_exclusive() const { return exclusive_; }
  bool is_auto_delete() const { return auto_delete_; }
  ConnectionId owner() const { return owner_; }
  const amqp::Table& arguments() const { return arguments_; }
  /// What its arguments and its policies together ask for.
  const QueueArguments& parsed() const { return parsed_; }
  QueueKind kind() const { return parsed_.is_quorum ? QueueKind::quorum : QueueKind::classic; }
  const EffectivePolicy& policy() const { return policy_; }
  /// Lays these policies on it in place of those before, at once: lengths, and the expiry of what
  /// is in it, are brought in line. To be followed by Vhost::finish_command().
  void apply_policy(EffectivePolicy policy);
  /// "queue 'q' in vhost '/'", as error texts name it.
  std::string describe() const;
  /// Throws amqp::Error: 405 when it is exclusive to another connection or `spec` is exclusive and
  /// it is not, 406 for any other difference that counts.
  void assert_equivalent(const QueueSpec& spec, ConnectionId owner) const;

  /// Takes what a start found of one of its priorities. `was_closed`: see Recovered.
  void recover(const RecoveredQueue& recovered, bool was_closed);
  /// Records exactly up to where messages have been delivered, before the store is closed.
  void record_delivered();

  // Messages in.
  /// False when a message of that size would exceed a length limit with overflow reject-publish.
  bool accepts_publish(std::size_t body_bytes) const;
  /// Enqueues; hands over at once to a waiting consumer. `content` is the shared content in the
  /// store when it goes to several queues. Returns what keeps it.
  Keeper push(const MessagePtr& message, ContentId content, const ConfirmOrigin& origin);
  /// Whether push() would store this message.
  bool stores(const Message& message) const { return durable_ && message.is_persistent(); }

  // Messages out.
  /// Serves consumers while there are messages and credit.
  void dispatch();
  /// The head may be in the store, or on its way back, while has_ready(): then ask again once
  /// when_loaded() has called.
  bool has_ready() const { return ready_.next() != nullptr; }
  bool is_head_loaded() const { return !is_held() && ready_.next() == ready_.next_loaded(); }
  /// Takes the first message that has not expired.
  std::optional<Entry> take();
  /// Calls `then` once, in a later turn, when a block has been read, when all is back, or the queue
  /// is gone.
  void when_loaded(std::function<void()> then);
  std::vector<std::function<void()>> take_load_waiters() {
    return std::exchange(load_waiters_, {});
  }
  /// A channel holds it from now on. Beyond what the queue may have in memory the message itself
  /// is let go, if a store has it: a consumer that acknowledges nothing holds little.
  void let_go_beyond_window(Entry& entry);

  // Messages that were taken.
  void settle(const Entry& entry);
  /// Back to its place; dead-letters instead when its delivery limit is exceeded.
  void requeue(Entry entry);
  /// Rejected without requeue: dead-letters or drops.
  void reject(Entry entry);
  /// Puts a message back that nobody has seen, as if it had not been taken.
  void restore(Entry entry);
  /// Nothing leaves it, nor expires or is dropped for its length, until as many calls of release():
  /// messages from its head are on their way back (see Requeueing).
  void hold() { ++holds_; }
  void release();
  bool is_held() const { return holds_ > 0; }

  /// Removes all ready messages, without dead-lettering; returns how many.
  std::uint64_t purge();
  /// Removes expired messages, applies limits, reads ahead. When `now` has reached what it
  /// registered, or after anything that may have changed it.
  void maintain();
  /// True when x-expires is over.
  bool is_expired(TimeMs now) const;

  // Consumers.
  /// Throws 403 when exclusiveness is violated.
  void add_consumer(Consumer& consumer);
  void remove_consumer(Consumer& consumer);
  const std::vector<Consumer*>& consumers() const { return consumers_; }
  bool had_consumer() const { return had_consumer_; }
  /// Use by a client renews x-expires.
  void touch();

  // Operations on messages in the middle (see operation.h).
  /// Takes a ready message out of its place, wherever it stands: `stored` is it as just read from
  /// the store when it is not in memory.
  std::optional<Entry> extract(Seq seq, const StoredMessage* stored);
  /// The store need not keep an extracted message any longer.
  void forget(const Entry& entry);

  const ReadyMessages& ready() const { return ready_; }
  /// Messages of one of its priorities, to be read with what is recorded by now; of the journal,
  /// with what `journal_after` holds.
  KeptRange kept_range(const PriorityLevel& level, Seq first, Seq last,
                       CommitNumber journal_after) const;
  Seq last_seq() const { return last_seq_; }
  std::uint64_t unacked_count() const { return unacked_; }
  std::uint64_t unacked_bytes() const { return unacked_bytes_; }

  IncomingBindings incoming;  // bindings that lead here; owned by their exchanges
  MessageStats stats;
  bool is_dirty = false;            // in Vhost's list of queues to dispatch
  std::uint64_t route_stamp = 0;    // the last publish that chose this queue
  std::uint64_t roster_serial = 0;  // in Vhost::all_queues()

 private:
  /// See settles_quickly(): so many quick ones in a row are enough, and one late one in five is too
  /// much.
  static constexpr int quick_settles_max = 16;
  static constexpr int quick_settles_enough = 8;
  static constexpr int late_settle_costs = 4;
  /// Whether its workers have lately acknowledged before the disk had the message: then it pays to
  /// wait for the next acknowledgement rather than to write.
  bool settles_quickly() const;
  TimeMs expiry_of(const Message& message) const;
  std::uint8_t priority_of(const Message& message) const;
  PriorityLevel& level(std::uint8_t priority);
  bool goes_to_transient_store(const PriorityLevel& level) const;
  void append_transient(PriorityLevel& level, Entry& entry);
  Consumer* next_consumer();
  void deliver(Consumer& consumer, Entry entry);
  bool is_beyond_limit(std::uint64_t more_messages, std::uint64_t more_bytes) const;
  void enforce_limits();
  void note_taken(const Entry& entry);
  void note_back(const Entry& entry);
  void note_held(const Message& message);
  void note_let_go(const Message& message);
  void die(Entry entry, DeathReason reason);
  void drop_expired_heads();
  void drop_expired_anywhere();
  void read_expired(PriorityLevel& level, Keeper keeper);
  void take_expired(PriorityLevel& level, const ExpiredMessages& expired);
  // queue_reading.cc
  using UseContent = void (Queue::*)(std::uint8_t priority, Seq first,
                                     const std::vector<StoredMessage>& messages);
  void read_content(std::uint8_t priority, Seq first, Seq last, UseContent use);
  void read_returned(PriorityLevel& level, std::size_t messages_max);
  void take_returned(std::uint8_t priority, Seq first, const std::vector<StoredMessage>& messages);
  void read_dying();
  void take_dying(std::uint8_t priority, Seq first, const std::vector<StoredMessage>& messages);
  void report_lost(Seq seq) const;
  bool take_unsaved();
  void read_ahead();
  void went_on_loading();
  void read_block(PriorityLevel& level, std::size_t messages_max);
  void take_block(PriorityLevel& level, const QueueWindow::Block& block,
                  std::vector<StoredMessage> messages);
  void register_deadline();
  void mark_delivered(const Entry& entry);
  void record_delivered(PriorityLevel& level);
  Entry entry_of(const StoredMessage& stored, const PriorityLevel& level) const;

  Vhost& vhost_;
  QueueId id_;
  std::string name_;
  bool durable_;
  bool exclusive_;
  bool auto_delete_;
  ConnectionId owner_;
  amqp::Table arguments_;
  QueueArguments parsed_;
  EffectivePolicy policy_;

  ReadyMessages ready_;
  Seq last_seq_ = 0;  // over all priorities
  std::uint64_t unacked_ = 0;
  std::uint64_t unacked_bytes_ = 0;
  std::uint64_t held_ = 0;  // those among them whose message has not been let go
  std::uint64_t held_bytes_ = 0;
  /// Dead letters in order, from the first one whose content has to be read. They count as unacked.
  struct Dying {
    Entry entry;
    DeathReason reason;
  };
  Ring<Dying> dying_;
  bool is_reading_dying_ = false;
  int quick_settles_ = quick_settles_enough;  // a new queue's first worker is taken to be quick

  std::vector<Consumer*> consumers_;  // by falling priority, then the one served longest ago
  bool had_consumer_ = false;
  std::size_t holds_ = 0;
  TimeMs last_used_ = 0;
  TimeMs registered_deadline_ = 0;  // 0: none in Vhost's heap
  std::vector<std::function<void()>> load_waiters_;
};

}  // namespace leveret::broker
