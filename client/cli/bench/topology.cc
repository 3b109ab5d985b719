#include "cli/bench/topology.h"

#include <chrono>
#include <utility>

#include "cli/bench/timer.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

/// So many declarations are on their way before an answer is waited for.
constexpr unsigned pipelined = 256;

amqp::Properties properties_of(const Plan& plan) {
  amqp::Properties properties;
  properties.delivery_mode = plan.is_persistent ? std::uint8_t{2} : std::uint8_t{1};
  return properties;
}

/// To be rid of an exchange with a hundred thousand bindings takes RabbitMQ minutes.
client::ConnectionOptions patient_connection() {
  client::ConnectionOptions options = named_connection("setup");
  options.reply_timeout = std::chrono::minutes{10};
  return options;
}

}  // namespace

client::ConnectionOptions named_connection(const std::string& role) {
  client::ConnectionOptions options;
  options.name = "leveret bench " + role;
  return options;
}

std::string prefix_of(std::uint32_t run) {
  return "leveret.bench." + std::to_string(run) + ".";
}

Topology::Topology(const Plan& plan, const client::Url& url, std::uint32_t run, Tell tell)
    : plan_(plan),
      prefix_(prefix_of(run)),
      tell_(std::move(tell)),
      connection_(url, patient_connection()),
      channel_(connection_) {
  const std::uint64_t start_ns = now_ns();
  declare_queues();
  declare_exchange();
  bind();
  setup_seconds_ = static_cast<double>(now_ns() - start_ns) / 1e9;
}

Topology::~Topology() {
  if (plan_.is_kept) return;
  try {
    // First, so that no queue has to take its many bindings along.
    if (tell_ && !exchange_.empty()) tell_("removing the exchange");
    if (!exchange_.empty()) channel_.delete_exchange(exchange_);
    for (unsigned i = 0; i < plan_.queues; ++i) {
      channel_.delete_queue_nowait(queues[i]);
      pace("removed queues", i + 1, plan_.queues);
    }
    channel_.close();
  } catch (const std::exception&) {  // The broker is gone; the run says so itself.
  }
}

void Topology::declare_queues() {
  client::QueueOptions options;
  options.durable = plan_.is_durable;
  options.arguments = plan_.queue_arguments;
  for (unsigned i = 0; i < plan_.queues; ++i) {
    queues.push_back(prefix_ + std::to_string(i));
    channel_.declare_queue_nowait(queues.back(), options);
    pace("declared queues", i + 1, plan_.queues);
  }
}

void Topology::declare_exchange() {
  if (plan_.routing == Routing::in_turn) return;
  const bool is_topic = plan_.routing == Routing::topic;
  exchange_ = prefix_ + (is_topic ? "topic" : "fanout");
  client::ExchangeOptions options;
  options.durable = plan_.is_durable;
  channel_.declare_exchange(exchange_, is_topic ? "topic" : "fanout", options);
}

void Topology::bind() {
  if (exchange_.empty()) return;
  const bool is_topic = plan_.routing == Routing::topic;
  const unsigned count = is_topic ? plan_.bindings : plan_.queues;
  for (unsigned i = 0; i < count; ++i) {
    channel_.bind_queue_nowait(queues[i % plan_.queues], exchange_,
                               is_topic ? binding_pattern(i) : std::string{});
    pace("made bindings", i + 1, count);
  }
}

void Topology::pace(const char* what, unsigned done, unsigned total) {
  if (done % pipelined != 0 && done != total) return;
  channel_.set_prefetch(0);  // Anything that is answered, and changes nothing.
  if (tell_ && total > pipelined)
    tell_(std::string{what} + " " + with_commas(done) + " of " + with_commas(total));
}

std::vector<client::Envelope> Topology::envelopes() const {
  const amqp::Properties properties = properties_of(plan_);
  std::vector<client::Envelope> all;
  for (unsigned key = 0; key < plan_.keys(); ++key) {
    switch (plan_.routing) {
      case Routing::in_turn:
        all.emplace_back("", queues[key], properties, client::Unroutable::dropped);
        break;
      case Routing::copies:
        all.emplace_back(exchange_, "", properties, client::Unroutable::dropped);
        break;
      case Routing::topic:
        all.emplace_back(exchange_, binding_key(key), properties, client::Unroutable::dropped);
        break;
    }
  }
  return all;
}

}  // namespace leveret::cli::bench
