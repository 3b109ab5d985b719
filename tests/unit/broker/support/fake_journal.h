#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "broker/journal.h"

namespace leveret::broker::test {

/// A journal in memory that commits and answers reads only when it is told to. Everything recorded
/// applies to what read() sees at once and, when its commit is taken, to what a restart finds.
class FakeJournal final : public Journal {
 public:
  void put_exchange(const ExchangeRecord& exchange) override;
  void drop_exchange(const std::string& name) override;
  void put_queue(const QueueRecord& queue) override;
  void drop_queue(QueueId queue, const std::string& name) override;
  void put_binding(const BindingRecord& binding) override;
  void drop_binding(const BindingRecord& binding) override;
  void put_policy(const PolicyRecord& policy) override;
  void drop_policy(PolicyKind kind, const std::string& name) override;
  void append(QueueId queue, Seq seq, MessagePtr message, ContentId content) override;
  void remove(QueueId queue, Seq seq, ContentId content, std::size_t body_bytes) override;
  void remove_range(QueueId queue, Seq first, Seq last) override;
  void set_delivery_count(QueueId queue, Seq seq, std::uint32_t count) override;
  void mark_delivered(QueueId queue, Seq seq) override;
  CommitNumber current_commit() const override { return current_; }
  bool flush(Urgency urgency) override;
  std::size_t pending_bytes() const override { return pending_bytes_ + extra_pending_bytes; }
  void read(QueueId queue, Seq first, Seq last, std::size_t count_max, std::size_t bytes_max,
            CommitNumber after, ReadCallback done) override;
  void read_expired(QueueId queue, Seq first, Seq last, TimeMs now, std::size_t count_max,
                    ExpiredCallback done) override;

  /// Commits what was flushed; returns the number, 0 when there was nothing.
  CommitNumber commit();
  bool has_uncommitted() const { return !uncommitted_.empty(); }

  /// How each hand-over to the writer came about.
  std::vector<Urgency> handed_over;

  bool has_reads() const { return !reads_.empty(); }
  std::size_t read_count() const { return reads_.size(); }
  /// Answers the oldest read. Only between turns: it has to be a turn of its own.
  void answer_read();
  /// Reads are answered from what the store holds when they are answered, not when they are asked.
  bool reads_see_later_changes = false;
  /// Reads see no more than they ask for: of what is not committed, nothing.
  bool reads_see_only_committed = false;

  /// What a start after a crash of now would find.
  Recovered recovered() const;
  /// Forgets what was not committed, as a crash does.
  void crash();

  /// The records of each turn that recorded anything, as text: "append q 1", "remove q 1".
  const std::vector<std::vector<std::string>>& turns() const { return turns_; }
  std::vector<std::string> last_turn() const {
    return turns_.empty() ? std::vector<std::string>{} : turns_.back();
  }
  void forget_turns() { turns_.clear(); }

  /// The bodies that are stored of a queue, in order; committed or not.
  std::vector<std::string> stored(const std::string& queue) const;
  std::uint32_t delivery_count(const std::string& queue, Seq seq) const;
  Seq delivered_mark(const std::string& queue) const;
  bool has_queue(const std::string& name) const;
  bool has_exchange(const std::string& name) const { return now_.exchanges.contains(name); }
  std::size_t binding_count() const { return now_.bindings.size(); }

  std::size_t extra_pending_bytes = 0;

 private:
  struct QueueState {
    QueueRecord record;
    std::map<Seq, StoredMessage> rows;
    Seq last_seq = 0;
    Seq delivered_mark = 0;
  };
  struct State {
    std::map<std::string, ExchangeRecord> exchanges;
    std::map<QueueId, QueueState> queues;
    std::vector<BindingRecord> bindings;
    std::map<std::pair<PolicyKind, std::string>, PolicyRecord> policies;
    ContentId last_content = 0;
    std::uint32_t last_queue_id = 0;
  };
  using Change = std::function<void(State&)>;
  /// Looks, and answers with what was seen.
  using Look = std::function<std::function<void()>()>;

  void record(std::string text, Change change, std::size_t bytes = 0);
  std::string name_of(QueueId queue) const;
  const QueueState* find(const std::string& name) const;
  static std::vector<StoredMessage> rows(const State& state, QueueId queue, Seq first, Seq last,
                                         std::size_t count_max, std::size_t bytes_max);

  State now_;
  State durable_;
  std::vector<Change> uncommitted_;
  std::vector<std::string> turn_;
  bool has_gathered_ = false;
  std::vector<std::vector<std::string>> turns_;
  void add_read(const Look& look);
  ExpiredMessages expired(QueueId queue, Seq first, Seq last, TimeMs now,
                          std::size_t count_max) const;

  std::deque<Look> reads_;
  std::map<QueueId, std::string> names_;
  CommitNumber current_ = 1;
  std::size_t pending_bytes_ = 0;
};

}  // namespace leveret::broker::test
