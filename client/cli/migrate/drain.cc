#include "cli/migrate/drain.h"

#include <chrono>
#include <utility>

#include "cli/exit_code.h"

namespace leveret::cli {
namespace {

constexpr std::chrono::milliseconds look_every{100};

std::string at(const std::string& queue) {
  return "queue '" + queue + "': ";
}

}  // namespace

/// The consumer's channel.
struct Drain::Source final : client::ChannelListener {
  Source(Drain& drain_in, client::Connection& connection)
      : drain(drain_in), channel(connection, this) {}
  void on_delivery(const client::Delivery& delivery) override { drain.on_delivery(delivery); }
  void on_cancel(std::string_view) override { drain.fail("the source has cancelled the consumer"); }
  void on_closed(const client::CloseReason& reason) override {
    drain.fail("the source has closed: " + reason.text);
  }
  Drain& drain;
  client::Channel channel;
};

/// The publisher's channel.
struct Drain::Target final : client::ChannelListener {
  Target(Drain& drain_in, client::Connection& connection)
      : drain(drain_in), channel(connection, this) {}
  void on_confirm(const client::Confirm& confirm) override { drain.on_confirm(confirm); }
  void on_return(const client::Returned& returned) override {
    drain.fail("the target has sent a message back: " + std::string{returned.reply_text});
  }
  void on_closed(const client::CloseReason& reason) override {
    drain.fail("the target has closed: " + reason.text);
  }
  Drain& drain;
  client::Channel channel;
};

Drain::Drain(client::Connection& source, client::Connection& target, DrainOptions options)
    : options_(std::move(options)),
      control_(source),
      source_(std::make_unique<Source>(*this, source)),
      target_(std::make_unique<Target>(*this, target)) {}

Drain::~Drain() {
  source_.reset();
  target_.reset();
}

DrainCounts Drain::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

void Drain::check_failure() {
  const std::lock_guard lock{mutex_};
  if (!failure_.empty()) throw Failure{Exit::partly_failed, at(options_.queue) + failure_};
}

void Drain::run(const std::function<void(const DrainCounts&)>& on_progress) {
  target_->channel.select_confirms();
  source_->channel.set_prefetch(options_.window);
  // Again when something has come in between the last look and the end of the consumer.
  do drain_once(on_progress);
  while (control_.check_queue(options_.queue).messages_ready > 0);
}

void Drain::drain_once(const std::function<void(const DrainCounts&)>& on_progress) {
  const std::string consumer = source_->channel.consume(options_.queue);
  const auto is_idle = [this] { return counts_.in_flight == 0 || !failure_.empty(); };
  for (bool is_empty = false; !is_empty;) {
    DrainCounts counts;
    {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, look_every);
      counts = counts_;
    }
    check_failure();
    on_progress(counts);
    if (counts.in_flight == 0) is_empty = control_.check_queue(options_.queue).messages_ready == 0;
  }
  // Its answer comes behind every delivery.
  source_->channel.cancel(consumer);
  {
    std::unique_lock lock{mutex_};
    while (!changed_.wait_for(lock, look_every, is_idle)) continue;
  }
  check_failure();
}

// On the loop.

void Drain::fail(const std::string& text) {
  {
    const std::lock_guard lock{mutex_};
    if (failure_.empty()) failure_ = text;
  }
  changed_.notify_all();
}

void Drain::on_delivery(const client::Delivery& delivery) {
  {
    // What comes after a failure goes back with the channel.
    const std::lock_guard lock{mutex_};
    if (!failure_.empty()) return;
  }
  try {
    if (!has_arrived(delivery)) return publish(delivery);
    source_->channel.ack(delivery.delivery_tag);
    const std::lock_guard lock{mutex_};
    ++counts_.skipped;
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

/// Only what has been delivered before, in the same order and with the same body.
bool Drain::has_arrived(const client::Delivery& delivery) {
  if (arrived_ >= options_.arrived.size()) return false;
  const Arrived& next = options_.arrived[arrived_];
  const bool is_same = delivery.redelivered && delivery.body.size() == next.bytes &&
                       delivery.body.substr(0, compared_bytes_max) == next.start;
  arrived_ = is_same ? arrived_ + 1 : options_.arrived.size();
  return is_same;
}

void Drain::publish(const client::Delivery& delivery) {
  amqp::Properties properties = amqp::read_properties(delivery.properties);
  // A quorum queue adds its own count, which says nothing of another broker.
  if (options_.is_quorum && delivery.redelivered && properties.headers) {
    properties.headers->erase("x-delivery-count");
    if (properties.headers->is_empty()) properties.headers.reset();
  }
  if (options_.keeps_origin) {
    if (!properties.headers) properties.headers.emplace();
    properties.headers->set("x-origin-exchange", delivery.exchange);
    properties.headers->set("x-origin-routing-key", delivery.routing_key);
  }
  const client::Envelope envelope{options_.exchange, delivery.routing_key, properties,
                                  client::Unroutable::returned};
  in_flight_.push_back({delivery.delivery_tag});
  {
    const std::lock_guard lock{mutex_};
    counts_.in_flight = in_flight_.size();
  }
  target_->channel.publish(envelope, delivery.body);
}

void Drain::on_confirm(const client::Confirm& confirm) {
  if (!confirm.is_ack) return fail("the target refuses a message: is its queue full?");
  {
    const std::lock_guard lock{mutex_};
    if (!failure_.empty()) return;
  }
  const std::size_t last = confirm.sequence - first_sequence_;
  for (std::size_t i = confirm.is_multiple ? 0 : last; i <= last && i < in_flight_.size(); ++i)
    in_flight_[i].is_confirmed = true;
  try {
    take_out();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

/// Up to the first that the target has not confirmed.
void Drain::take_out() {
  std::uint64_t last = 0;
  std::uint64_t count = 0;
  while (!in_flight_.empty() && in_flight_.front().is_confirmed) {
    last = in_flight_.front().delivery_tag;
    in_flight_.pop_front();
    ++count;
  }
  if (count == 0) return;
  first_sequence_ += count;
  source_->channel.ack(last, client::Span::up_to);
  {
    const std::lock_guard lock{mutex_};
    counts_.moved += count;
    counts_.in_flight = in_flight_.size();
  }
  changed_.notify_all();
}

}  // namespace leveret::cli
