#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/histogram.h"
#include "cli/bench/ledger.h"
#include "cli/bench/plan.h"
#include "cli/bench/timer.h"
#include "lib/channel.h"

namespace leveret::cli::bench {

/// A number that one thread counts and others look at.
class Counter {
 public:
  void add(std::uint64_t amount) {
    // One writer: no need for an indivisible addition.
    value_.store(get() + amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// What a producer is to do.
struct ProducerTask {
  Stamp stamp;
  /// By key; see Plan::key_of().
  const std::vector<client::Envelope>& envelopes;
  std::uint64_t messages_max;
  /// Nanoseconds from one message to the next; 0: as fast as it goes.
  double interval_ns = 0;
  /// When the first is due, in nanoseconds after start().
  double offset_ns = 0;
};

/// Publishes when its clock says so, or as fast as the confirm window, or the socket, takes it. A
/// message that is late, for whatever reason, is stamped with the time it was due: what the broker
/// makes others wait for is in the latencies. Everything runs on the loop; the counters may be read
/// from outside, the histogram after close().
class Producer final : private client::ChannelListener, private client::ConnectionListener {
 public:
  Producer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
           const Plan& plan, const ProducerTask& task);
  ~Producer() override;

  void start();
  void stop();
  void close() { connection_->close(); }
  /// Why the broker ended it, if it did.
  std::optional<client::CloseReason> close_reason() const { return channel_->close_reason(); }
  /// Nothing more will be published, and all of it has been answered.
  bool is_done() const;

  Counter published;
  Counter confirmed;
  Counter refused;
  Counter returned;
  Counter last_event_ns;
  /// Publish to confirm.
  Histogram latency;

 private:
  void on_drained() override;
  void on_confirm(const client::Confirm& confirm) override;
  void on_return(const client::Returned& returned) override;
  // Both listeners have one; what the channel says is enough.
  void on_closed(const client::CloseReason& reason) override;
  void on_due();
  void fill();
  void publish_one(std::uint64_t sent_ns);
  void settle(std::uint64_t sequence, std::uint64_t now, bool is_ack);
  bool has_more() const { return is_running_ && published.get() < task_.messages_max; }
  bool has_room() const;
  /// When the next message is due; 0: at once.
  std::uint64_t next_due_ns() const;

  const Plan& plan_;
  const std::uint64_t window_;
  ProducerTask task_;
  std::string body_;
  bool is_running_ = false;
  std::atomic<bool> is_stopped_ = false;
  std::uint64_t start_ns_ = 0;
  /// Published since the socket took the last of it.
  std::size_t undrained_bytes_ = 0;
  /// When the unconfirmed were sent, by sequence modulo the window; 0 when settled.
  std::vector<std::uint64_t> sent_ns_;
  std::uint64_t oldest_ = 1;
  std::unique_ptr<client::Connection> connection_;
  std::unique_ptr<client::Channel> channel_;
  std::unique_ptr<Timer> timer_;
};

/// Takes from its queues, checks what it gets, and acknowledges by the plan.
class Consumer final : private client::ChannelListener {
 public:
  /// `first_queue`: the number of the first of `queues` in the plan. `ledger` lives on the same
  /// loop.
  Consumer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
           const Plan& plan, std::uint32_t run, unsigned first_queue,
           std::vector<std::string> queues, Ledger& ledger);
  ~Consumer() override;

  void start();
  void close() { connection_->close(); }
  /// Why the broker ended it, if it did.
  std::optional<client::CloseReason> close_reason() const { return channel_->close_reason(); }

  Counter received;
  Counter redelivered;
  /// Not of this run.
  Counter foreign;
  /// Of this run, and not for these queues.
  Counter misrouted;
  Counter last_event_ns;
  /// Publish to delivery.
  Histogram latency;
  std::uint64_t order_violations() const { return order_.violations(); }

 private:
  void on_delivery(const client::Delivery& delivery) override;
  void check(const Stamp& stamp, bool is_redelivered);

  const Plan& plan_;
  const std::uint32_t run_;
  const unsigned first_queue_;
  const std::vector<std::string> queues_;
  Ledger& ledger_;
  OrderCheck order_;
  unsigned unacked_ = 0;
  std::unique_ptr<client::Connection> connection_;
  std::unique_ptr<client::Channel> channel_;
};

}  // namespace leveret::cli::bench
