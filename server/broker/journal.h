#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "amqp/table.h"
#include "base/ids.h"
#include "broker/message.h"
#include "broker/stats.h"

namespace leveret::broker {

/// A message's place in its queue: from 1, rising by one with every enqueue, never reused.
using Seq = std::uint64_t;
/// A store transaction; they are numbered from 1 and commit in that order.
using CommitNumber = std::uint64_t;
/// A message body and its properties stored once for several queues; 0 when they stand in the row
/// itself.
using ContentId = std::uint64_t;

struct ExchangeRecord {
  std::string name;
  std::string type;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments;
};

/// A queue; or, when `level_of` is set, one more priority of that queue, whose messages are kept
/// apart under an id of their own, so that each is read in its order. Such a record has nothing
/// else.
struct QueueRecord {
  QueueId id;
  std::string name;
  bool auto_delete = false;
  amqp::Table arguments;
  QueueId level_of = {};
  std::uint8_t priority = 0;
};

/// A binding of `source` to a queue, or to an exchange when `to_exchange`.
struct BindingRecord {
  std::string source;
  std::string destination;
  bool to_exchange = false;
  std::string routing_key;
  amqp::Table arguments;
};

enum class PolicyKind : std::uint8_t { policy, operator_policy };

/// A policy as it was declared; see policy.h for what its parts mean.
struct PolicyRecord {
  PolicyKind kind = PolicyKind::policy;
  std::string name;
  std::string pattern;
  std::string apply_to = "all";
  std::int64_t priority = 0;
  amqp::Table definition;
};

/// What has a ready message beside memory, or instead of it: nothing; the journal, over a restart;
/// or the transient store, until then.
enum class Keeper : std::uint8_t { memory, journal, transient_store };

/// A stored message as it is read back.
struct StoredMessage {
  Seq seq = 0;
  std::uint32_t delivery_count = 0;
  ContentId content = 0;
  MessagePtr message;
  Keeper keeper = Keeper::journal;
};

/// Stored messages whose own `expiration` is over, and when that of the next one is (or was, if
/// there are more of them); 0 when there is none.
struct ExpiredMessages {
  std::vector<StoredMessage> messages;
  TimeMs next = 0;
};

/// What is known of a queue, or of one more priority of it, after a start without reading its
/// messages.
struct RecoveredQueue {
  QueueRecord record;
  std::uint64_t message_count = 0;
  std::uint64_t body_bytes = 0;
  /// The highest seq ever appended, and the highest marked as handed to a consumer.
  Seq last_seq = 0;
  Seq delivered_mark = 0;
};

struct Recovered {
  std::vector<ExchangeRecord> exchanges;
  /// Each before its further priorities.
  std::vector<RecoveredQueue> queues;
  std::vector<BindingRecord> bindings;
  std::vector<PolicyRecord> policies;
  ContentId last_content = 0;
  std::uint32_t last_queue_id = 0;
  /// The store was closed, not left by a crash: what it says of deliveries is exact.
  bool was_closed = false;
};

/// `now`: somebody waits for it. `soon`: nobody does, and what the next turns settle need not be
/// written at all: it may stay and gather. `due`: it has waited for that long enough.
enum class Urgency : std::uint8_t { now, soon, due };

/// Keeps messages outside of memory. All calls come on the core's loop and return at once; what one
/// turn of the core records becomes one indivisible part of one transaction.
class MessageStore {
 public:
  virtual ~MessageStore() = default;

  virtual void put_queue(const QueueRecord& queue) = 0;
  /// Also drops its messages and every stored binding to it. Its further priorities are dropped one
  /// by one, with an empty name.
  virtual void drop_queue(QueueId queue, const std::string& name) = 0;

  /// `content` is 0 for a message that goes to this queue only; else the same new id for each of
  /// its queues, all in the same turn.
  virtual void append(QueueId queue, Seq seq, MessagePtr message, ContentId content) = 0;
  virtual void remove(QueueId queue, Seq seq, ContentId content, std::size_t body_bytes) = 0;
  /// Removes every stored message with first <= seq <= last.
  virtual void remove_range(QueueId queue, Seq first, Seq last) = 0;

  /// The number under which what is recorded in this turn will commit. Commits are reported on the
  /// core's loop to Vhost::take_commit.
  virtual CommitNumber current_commit() const = 0;
  /// Ends the turn. With Urgency::now all that this turn and earlier ones recorded goes to the
  /// writer; with `due`, what is settled or has waited already. Returns whether anything stays.
  virtual bool flush(Urgency urgency) = 0;
  /// Bytes recorded and not committed yet; the core stops publishers above a limit.
  virtual std::size_t pending_bytes() const = 0;

  using ReadCallback = std::function<void(std::vector<StoredMessage> messages)>;
  /// Reads stored messages with first <= seq <= last in order, at most `count_max` and, beyond the
  /// first message, at most `bytes_max`; an empty result says that there is none. Waits for the
  /// transaction `after`, and may or may not see later ones. `done` runs later on the core's loop,
  /// as a turn of its own.
  virtual void read(QueueId queue, Seq first, Seq last, std::size_t count_max,
                    std::size_t bytes_max, CommitNumber after, ReadCallback done) = 0;

  using ExpiredCallback = std::function<void(ExpiredMessages expired)>;
  /// Reads those with first <= seq <= last that have an `expiration` of their own which is over by
  /// `now`, the earliest first, at most `count_max`. Sees everything recorded before the call; else
  /// like read().
  virtual void read_expired(QueueId queue, Seq first, Seq last, TimeMs now, std::size_t count_max,
                            ExpiredCallback done) = 0;
};

/// Where the core keeps what must survive. Transient messages and non-durable queues, exchanges and
/// bindings never come here: such messages go to another MessageStore, which is empty after a
/// start.
class Journal : public MessageStore {
 public:
  virtual void put_exchange(const ExchangeRecord& exchange) = 0;
  /// Also drops every stored binding from or to it.
  virtual void drop_exchange(const std::string& name) = 0;
  virtual void put_binding(const BindingRecord& binding) = 0;
  virtual void drop_binding(const BindingRecord& binding) = 0;
  /// In place of the one of the same kind and name.
  virtual void put_policy(const PolicyRecord& policy) = 0;
  virtual void drop_policy(PolicyKind kind, const std::string& name) = 0;

  virtual void set_delivery_count(QueueId queue, Seq seq, std::uint32_t count) = 0;
  /// Messages up to `seq` may have been handed to a consumer: after a crash they are `redelivered`.
  virtual void mark_delivered(QueueId queue, Seq seq) = 0;

  /// What it has done, for whoever watches; nothing where nobody counts.
  virtual JournalStats stats() const { return {}; }
};

}  // namespace leveret::broker
