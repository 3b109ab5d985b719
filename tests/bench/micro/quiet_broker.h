#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/journal.h"
#include "broker/vhost.h"

namespace leveret::bench {

/// Keeps nothing and has committed everything by the end of each turn: what is measured is the
/// core.
class QuietJournal final : public broker::Journal {
 public:
  void put_exchange(const broker::ExchangeRecord&) override { note(); }
  void drop_exchange(const std::string&) override { note(); }
  void put_queue(const broker::QueueRecord&) override { note(); }
  void drop_queue(QueueId, const std::string&) override { note(); }
  void put_binding(const broker::BindingRecord&) override { note(); }
  void drop_binding(const broker::BindingRecord&) override { note(); }
  void put_policy(const broker::PolicyRecord&) override { note(); }
  void drop_policy(broker::PolicyKind, const std::string&) override { note(); }
  void append(QueueId, broker::Seq, broker::MessagePtr, broker::ContentId) override { note(); }
  void remove(QueueId, broker::Seq, broker::ContentId, std::size_t) override { note(); }
  void remove_range(QueueId, broker::Seq, broker::Seq) override { note(); }
  void set_delivery_count(QueueId, broker::Seq, std::uint32_t) override { note(); }
  void mark_delivered(QueueId, broker::Seq) override { note(); }
  broker::CommitNumber current_commit() const override { return current_; }
  bool flush(broker::Urgency urgency) override {
    if (urgency == broker::Urgency::soon) return has_records_;
    if (std::exchange(has_records_, false)) ++current_;
    return false;
  }
  std::size_t pending_bytes() const override { return 0; }
  void read(QueueId, broker::Seq, broker::Seq, std::size_t, std::size_t, broker::CommitNumber,
            ReadCallback done) override {
    done({});
  }
  void read_expired(QueueId, broker::Seq, broker::Seq, TimeMs, std::size_t,
                    ExpiredCallback done) override {
    done({});
  }

 private:
  void note() { has_records_ = true; }

  broker::CommitNumber current_ = 1;
  bool has_records_ = false;
};

/// A virtual host over quiet stores. Its queues keep all of their messages in memory, and no
/// output is too much.
class QuietBroker {
 public:
  QuietBroker() : vhost_("/", journal_, transient_store_, limits()) { vhost_.begin_turn(now); }

  /// In a turn that is always begun.
  broker::Vhost& vhost() { return vhost_; }
  /// Ends the turn, commits it, and begins the next one.
  void turn() {
    vhost_.end_turn();
    vhost_.begin_turn(now);
    vhost_.take_commit(journal_.current_commit() - 1);
  }

  static constexpr TimeMs now = 1'700'000'000'000;

 private:
  static broker::Limits limits() {
    broker::Limits limits;
    limits.queue_window_messages = 1U << 24;
    limits.queue_window_bytes = std::size_t{1} << 32;
    limits.outbox_bytes_max = std::size_t{1} << 30;
    return limits;
  }

  QuietJournal journal_;
  QuietJournal transient_store_;
  broker::Vhost vhost_;
};

}  // namespace leveret::bench
