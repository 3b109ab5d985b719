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
#include "lib/channel.h"

namespace leveret::cli::bench {

/// Nanoseconds of the steady clock.
std::uint64_t now_ns();

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

/// Publishes as fast as the confirm window, or the socket, takes it. Everything runs on the loop;
/// the counters may be read from outside, the histogram after close().
class Producer final : private client::ChannelListener, private client::ConnectionListener {
 public:
  Producer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
           const Plan& plan, Stamp stamp, const client::Envelope& envelope,
           std::uint64_t messages_max);
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
  void fill();
  void publish_one();
  void settle(std::uint64_t sequence, std::uint64_t now, bool is_ack);
  bool has_more() const { return is_running_ && published.get() < messages_max_; }

  const std::uint64_t window_;
  const std::uint64_t messages_max_;
  const client::Envelope& envelope_;
  std::string body_;
  Stamp stamp_;
  bool is_running_ = false;
  std::atomic<bool> is_stopped_ = false;
  /// When the unconfirmed were sent, by sequence modulo the window; 0 when settled.
  std::vector<std::uint64_t> sent_ns_;
  std::uint64_t oldest_ = 1;
  std::unique_ptr<client::Connection> connection_;
  std::unique_ptr<client::Channel> channel_;
};

/// Takes from one queue, checks what it gets, and acknowledges by the plan.
class Consumer final : private client::ChannelListener {
 public:
  /// `ledger` is the queue's and lives on the same loop.
  Consumer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
           const Plan& plan, std::uint32_t run, std::string queue, Ledger& ledger);
  ~Consumer() override;

  void start();
  void close() { connection_->close(); }
  /// Why the broker ended it, if it did.
  std::optional<client::CloseReason> close_reason() const { return channel_->close_reason(); }

  Counter received;
  Counter redelivered;
  /// Not of this run.
  Counter foreign;
  Counter last_event_ns;
  /// Publish to delivery.
  Histogram latency;
  std::uint64_t order_violations() const { return order_.violations(); }

 private:
  void on_delivery(const client::Delivery& delivery) override;

  const Plan& plan_;
  const std::uint32_t run_;
  const std::string queue_;
  Ledger& ledger_;
  OrderCheck order_;
  unsigned unacked_ = 0;
  std::unique_ptr<client::Connection> connection_;
  std::unique_ptr<client::Channel> channel_;
};

}  // namespace leveret::cli::bench
