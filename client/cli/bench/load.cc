#include "cli/bench/load.h"

#include <algorithm>
#include <utility>

namespace leveret::cli::bench {
namespace {

/// Without confirms, this much is written at a time before the socket is asked again.
constexpr std::size_t batch_bytes = 64 * 1024;
/// About what the frames of a message add to its body.
constexpr std::size_t frame_bytes = 80;

}  // namespace

Producer::Producer(client::Loop& loop, const client::Url& url, client::ConnectionOptions options,
                   const Plan& plan, const ProducerTask& task)
    : plan_(plan),
      window_(plan.confirm_window),
      task_(task),
      body_(plan.body_bytes, 'x'),
      sent_ns_(std::max<std::uint64_t>(window_, 1)) {
  options.listener = this;
  connection_ = std::make_unique<client::Connection>(loop, url, std::move(options));
  channel_ =
      std::make_unique<client::Channel>(*connection_, static_cast<client::ChannelListener*>(this));
  if (window_ != 0) channel_->select_confirms();
  timer_ = std::make_unique<Timer>(loop, [this] { on_due(); });
}

Producer::~Producer() = default;

void Producer::start() {
  connection_->loop().post([this] {
    is_running_ = true;
    start_ns_ = now_ns();
    on_due();
  });
}

void Producer::stop() {
  connection_->loop().run([this] { is_running_ = false; });
  is_stopped_ = true;
}

bool Producer::is_done() const {
  const std::uint64_t count = published.get();
  if (!is_stopped_ && count < task_.messages_max) return false;
  return window_ == 0 || confirmed.get() + refused.get() == count;
}

void Producer::on_drained() {
  undrained_bytes_ = 0;
  if (window_ == 0) fill();
}

bool Producer::has_room() const {
  if (window_ == 0) return undrained_bytes_ < batch_bytes;
  return published.get() + 1 - oldest_ < window_;
}

std::uint64_t Producer::next_due_ns() const {
  if (task_.interval_ns <= 0) return 0;
  return start_ns_ +
         static_cast<std::uint64_t>(task_.offset_ns +
                                    static_cast<double>(published.get()) * task_.interval_ns);
}

void Producer::on_due() {
  try {
    fill();
  } catch (const client::Error&) {  // The connection is over; on_closed() follows.
  }
}

void Producer::fill() {
  while (has_more() && has_room()) {
    const std::uint64_t now = now_ns();
    const std::uint64_t due = next_due_ns();
    if (due > now) return timer_->expire_at(due);
    publish_one(due == 0 ? now : due);
    last_event_ns.set(now);
  }
}

void Producer::publish_one(std::uint64_t sent_ns) {
  task_.stamp.sent_ns = sent_ns;
  const std::uint64_t sequence = ++task_.stamp.sequence;
  write_stamp(body_, task_.stamp);
  sent_ns_[sequence % sent_ns_.size()] = sent_ns;
  const auto& envelopes = task_.envelopes;
  const std::size_t key = envelopes.size() == 1 ? 0 : plan_.key_of(task_.stamp.producer, sequence);
  channel_->publish(envelopes[key], body_);
  undrained_bytes_ += body_.size() + frame_bytes;
  published.add(1);
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
                   const Plan& plan, std::uint32_t run, unsigned first_queue,
                   std::vector<std::string> queues, Ledger& ledger)
    : plan_(plan),
      run_(run),
      first_queue_(first_queue),
      queues_(std::move(queues)),
      ledger_(ledger),
      order_(plan.producers, queues_.size()),
      connection_(std::make_unique<client::Connection>(loop, url, std::move(options))),
      channel_(std::make_unique<client::Channel>(*connection_,
                                                 static_cast<client::ChannelListener*>(this))) {
  if (plan.prefetch != 0) channel_->set_prefetch(plan.prefetch);
}

Consumer::~Consumer() = default;

void Consumer::start() {
  client::ConsumeOptions options;
  options.no_ack = plan_.prefetch == 0;
  for (const std::string& queue : queues_) channel_->consume(queue, options);
}

void Consumer::on_delivery(const client::Delivery& delivery) {
  const auto stamp = read_stamp(delivery.body);
  if (stamp && stamp->run == run_ && stamp->producer < plan_.producers)
    check(*stamp, delivery.redelivered);
  else
    foreign.add(1);
  if (delivery.redelivered) redelivered.add(1);
  if (plan_.prefetch == 0 || ++unacked_ < plan_.ack_every) return;
  unacked_ = 0;
  channel_->ack(delivery.delivery_tag,
                plan_.ack_every > 1 ? client::Span::up_to : client::Span::one);
}

void Consumer::check(const Stamp& stamp, bool is_redelivered) {
  const std::uint64_t now = now_ns();
  latency.record(age_ns(stamp, now));
  ledger_.record(stamp.producer, stamp.sequence);
  std::size_t queue = 0;
  if (plan_.queues > 1 && plan_.copies() == 1)
    queue = plan_.queue_of(plan_.key_of(stamp.producer, stamp.sequence)) - first_queue_;
  if (queue < queues_.size())
    order_.record(stamp.producer, queue, stamp.sequence, is_redelivered);
  else
    misrouted.add(1);
  last_event_ns.set(now);
  received.add(1);
}

}  // namespace leveret::cli::bench
