#include "cli/bench/load.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace leveret::cli::bench {
namespace {

/// Without confirms, this much is written at a time before the socket is asked again.
constexpr std::size_t batch_bytes = 64 * 1024;
/// About what the frames of a message add to its body.
constexpr std::size_t frame_bytes = 80;

}  // namespace

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Producer::Producer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
                   const Plan& plan, Stamp stamp, const client::Envelope& envelope,
                   std::uint64_t messages_max)
    : window_(plan.confirm_window),
      messages_max_(messages_max),
      envelope_(envelope),
      body_(plan.body_bytes, 'x'),
      stamp_(stamp),
      sent_ns_(std::max<std::uint64_t>(window_, 1)) {
  options.listener = this;
  connection_ = std::make_unique<client::Connection>(loop, url, std::move(options));
  channel_ =
      std::make_unique<client::Channel>(*connection_, static_cast<client::ChannelListener*>(this));
  if (window_ != 0) channel_->select_confirms();
}

Producer::~Producer() = default;

void Producer::start() {
  connection_->loop().post([this] {
    is_running_ = true;
    fill();
  });
}

void Producer::stop() {
  connection_->loop().run([this] { is_running_ = false; });
  is_stopped_ = true;
}

bool Producer::is_done() const {
  const std::uint64_t count = published.get();
  if (!is_stopped_ && count < messages_max_) return false;
  return window_ == 0 || confirmed.get() + refused.get() == count;
}

void Producer::on_drained() {
  if (window_ == 0) fill();
}

void Producer::fill() {
  if (window_ == 0) {
    for (std::size_t bytes = 0; has_more() && bytes < batch_bytes;
         bytes += body_.size() + frame_bytes)
      publish_one();
    return;
  }
  while (has_more() && published.get() + 1 - oldest_ < window_) publish_one();
}

void Producer::publish_one() {
  const std::uint64_t now = now_ns();
  stamp_.sent_ns = now;
  ++stamp_.sequence;
  write_stamp(body_, stamp_);
  sent_ns_[stamp_.sequence % sent_ns_.size()] = now;
  channel_->publish(envelope_, body_);
  published.add(1);
  last_event_ns.set(now);
}

void Producer::on_confirm(const client::Confirm& confirm) {
  const std::uint64_t now = now_ns();
  if (confirm.is_multiple)
    for (std::uint64_t sequence = oldest_; sequence < confirm.sequence; ++sequence)
      settle(sequence, now, confirm.is_ack);
  settle(confirm.sequence, now, confirm.is_ack);
  while (oldest_ <= published.get() && sent_ns_[oldest_ % sent_ns_.size()] == 0) ++oldest_;
  last_event_ns.set(now);
  fill();
}

void Producer::settle(std::uint64_t sequence, std::uint64_t now, bool is_ack) {
  std::uint64_t& sent = sent_ns_[sequence % sent_ns_.size()];
  if (sent == 0) return;
  latency.record(now - std::exchange(sent, 0));
  (is_ack ? confirmed : refused).add(1);
}

void Producer::on_closed(const client::CloseReason&) {
  is_running_ = false;
}

void Producer::on_return(const client::Returned&) {
  returned.add(1);
}

Consumer::Consumer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
                   const Plan& plan, std::uint32_t run, std::string queue, Ledger& ledger)
    : plan_(plan),
      run_(run),
      queue_(std::move(queue)),
      ledger_(ledger),
      order_(plan.producers),
      connection_(std::make_unique<client::Connection>(loop, url, std::move(options))),
      channel_(std::make_unique<client::Channel>(*connection_,
                                                 static_cast<client::ChannelListener*>(this))) {
  if (plan.prefetch != 0) channel_->set_prefetch(plan.prefetch);
}

Consumer::~Consumer() = default;

void Consumer::start() {
  client::ConsumeOptions options;
  options.no_ack = plan_.prefetch == 0;
  channel_->consume(queue_, options);
}

void Consumer::on_delivery(const client::Delivery& delivery) {
  const auto stamp = read_stamp(delivery.body);
  if (!stamp || stamp->run != run_ || stamp->producer >= plan_.producers) {
    foreign.add(1);
  } else {
    const std::uint64_t now = now_ns();
    latency.record(now - stamp->sent_ns);
    ledger_.record(stamp->producer, stamp->sequence);
    order_.record(stamp->producer, stamp->sequence, delivery.redelivered);
    last_event_ns.set(now);
    received.add(1);
  }
  if (delivery.redelivered) redelivered.add(1);
  if (plan_.prefetch == 0 || ++unacked_ < plan_.ack_every) return;
  unacked_ = 0;
  channel_->ack(delivery.delivery_tag,
                plan_.ack_every > 1 ? client::Span::up_to : client::Span::one);
}

}  // namespace leveret::cli::bench
