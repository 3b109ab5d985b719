#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::sim {

using Time = std::int64_t;  // milliseconds

/// What a queue was declared as, in the words of the promises.
struct QueueRules {
  std::string name;
  bool durable = false;
  /// Where what dies in it goes; -1: it is dropped and counted.
  int dead_letters = -1;
  /// Its messages live so long; -1: for ever.
  Time ttl = -1;
  /// Beyond its length the head is dropped.
  bool may_overflow = false;
  /// Beyond its length publishes are refused.
  bool may_refuse = false;
  /// A message that comes back too often dies.
  bool has_delivery_limit = false;
  /// It is consumed without acknowledgements, purged and deleted.
  bool may_lose = false;
  bool has_priorities = false;
};

/// What a run has shown to be broken.
struct Violation {
  std::string kind;  // LOSS, GHOST, ...
  std::string text;
};

/// The reference: what the promises say of each message, from what clients did and saw. It knows
/// nothing of how the broker works, and includes nothing of it.
///
/// A message has one copy in each queue that it was published to, and may have one in that queue's
/// dead-letter queue. A copy is *assured* from the moment on when the broker has answered for it
/// (confirm, commit-ok), or when it was seen in the queue by an audit; until somebody acknowledges
/// it, it must then be there, held by one consumer at most. What is sent but not answered may be
/// there or not, whole or not at all.
class Model {
 public:
  using MessageId = std::uint32_t;
  using Holder = std::uint64_t;  // a channel; 0: nobody

  struct Publish {
    std::uint32_t publisher = 0;  // a channel
    std::vector<int> queues;
    bool is_persistent = false;
    bool is_mandatory = false;
    bool is_in_tx = false;
    int priority = 0;
    Time ttl = -1;
    std::size_t body_bytes = 0;
  };
  /// How far an acknowledgement has come.
  enum class Ack : std::uint8_t { none, sent, processed, durable };
  struct Copy {
    MessageId message = 0;
    int queue = 0;
    int source = -1;  // of a dead letter: the copy that it comes from, in Message::copies
    bool is_sent = false;
    bool is_assured = false;
    /// It is not in the queue, and will not be.
    bool is_gone = false;
    /// It may have died in a start whose changes are not known to be on disk.
    bool is_gone_for_now = false;
    bool is_rejected = false;
    bool is_purged = false;
    /// It was seen as a dead letter.
    bool has_moved = false;
    bool was_delivered = false;
    Ack ack = Ack::none;
    std::uint32_t acks = 0;  // tells one acknowledgement from a later one
    Holder holder = 0;
  };
  struct Message {
    Publish publish;
    Time sent_at = 0;
    Time accepted_at = -1;
    std::uint64_t sent_stamp = 0;
    std::uint64_t assured_stamp = 0;
    /// Until it is answered for, it stands and falls with the others of its transaction.
    std::uint32_t transaction = 0;
    bool is_answered = false;
    bool was_returned = false;
    std::deque<Copy> copies;
  };
  /// A message of a queue as an audit finds it.
  struct Found {
    std::string body;
  };

  explicit Model(std::vector<QueueRules> queues) : queues_(std::move(queues)) {}

  /// The first thing that was wrong.
  const std::optional<Violation>& violation() const { return violation_; }
  void fail(std::string kind, std::string text);

  /// The broker's clock; it may be set back over a restart.
  void at(Time now);

  // Publishing.
  MessageId publish(Publish publish);
  std::string body_of(MessageId id) const;
  /// The broker has answered for it at `at`, so it is in its queues since then at the latest.
  void confirmed(MessageId id, Time at);
  void refused(MessageId id);
  void returned(std::string_view body);
  void commit_sent(const std::vector<MessageId>& ids);
  void committed(const std::vector<MessageId>& ids, Time at);
  void rolled_back(const std::vector<MessageId>& ids);

  // Consuming.
  /// A delivery from `queue` to `holder`, who answers for it unless it is one without
  /// acknowledgement; the broker has sent it at `sent_at`. `line`: what comes in order to one
  /// consumer. Null when it is wrong.
  Copy* delivered(int queue, std::string_view body, bool redelivered, Holder holder, bool no_ack,
                  Time sent_at, Holder line);
  void acked(Copy& copy);
  /// A later request of that channel has been answered.
  void ack_processed(Copy& copy);
  void rejected(Copy& copy);
  void requeued(Copy& copy);
  /// The channel is gone.
  void released(Holder holder);
  /// Whether that channel may be closed by the broker any moment, since it has asked for a queue
  /// that may be missing: what it holds may go to somebody else before it hears of that.
  void set_at_risk(Holder holder, bool is_at_risk);
  void purge_sent(int queue);

  /// All that is known to have been acknowledged and processed, and `more`: what is recorded next
  /// is recorded after it.
  struct Mark {
    std::vector<std::pair<Copy*, std::uint32_t>> acks;
  };
  Mark mark(const std::vector<Copy*>& more);
  /// What came after the mark is on disk, so all before it is.
  void is_durable(const Mark& mark);

  // Looking.
  /// The broker has gone without a word; what was not on disk may be gone.
  void crashed();
  /// All queues from head to tail: right after a crash, or when nothing is under way.
  void audit(const std::vector<std::vector<Found>>& found, bool is_after_crash);
  /// Whether a copy must be ready in `queue` now.
  bool must_have_ready(int queue) const;

  std::uint64_t published() const { return messages_.size(); }
  std::uint64_t deliveries() const { return deliveries_; }
  const QueueRules& rules(int queue) const { return queues_[static_cast<std::size_t>(queue)]; }
  int queue_count() const { return static_cast<int>(queues_.size()); }

 private:
  struct Line {
    std::map<std::pair<std::uint32_t, int>, MessageId> last;  // by publisher and priority
  };
  Message& message(MessageId id) { return messages_[id - 1]; }
  const Message& message(MessageId id) const { return messages_[id - 1]; }
  const QueueRules& rules_of(const Copy& copy) const { return rules(copy.queue); }
  Message* identify(std::string_view body);
  Copy* find(Message& of, int queue);
  Copy* dead_letter_of(Message& of, const Copy& copy);
  std::string name(const Copy& copy) const;
  Time ttl_of(const Message& of, const Copy& copy) const;
  bool may_have_died(const Copy& copy) const;
  bool may_be_dropped(const Copy& copy) const;
  bool survives_crash(const Copy& copy) const;
  void check_order(Copy& copy, bool redelivered, Holder line);
  using Counts = std::map<const Copy*, int>;
  void count_found(const std::vector<std::vector<Found>>& found, Counts& counts);
  void check_queue_order(int queue, const std::vector<Found>& found);
  void check_copy(Message& of, Copy& copy, const Counts& counts, bool is_after_crash);
  void check_whole(const Counts& counts);
  void adopt(Copy& copy, const Counts& counts, bool is_after_crash);

  std::vector<QueueRules> queues_;
  std::deque<Message> messages_;
  std::set<Holder> at_risk_;
  std::map<std::pair<int, Holder>, Line> lines_;
  std::optional<Violation> violation_;
  Time now_ = 0;
  Time latest_ = 0;
  std::uint64_t stamp_ = 0;
  std::uint64_t deliveries_ = 0;
  std::uint32_t transactions_ = 0;
};

}  // namespace leveret::sim
