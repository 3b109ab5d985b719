#include "micro/path.h"

#include <cstdlib>
#include <utility>

#include "amqp/methods.h"
#include "amqp/properties.h"

namespace leveret::bench {
namespace {

constexpr std::uint32_t frame_max = 131072;
constexpr broker::ChannelNumber channel = 1;
constexpr const char* queue = "jobs";

}  // namespace

/// A session without a socket.
class Path::Client final : public broker::Outbox {
 public:
  Client(QuietBroker& broker, ConnectionId id) : broker_(broker), id_(id) {}

  void receive(std::string_view bytes) {
    broker::CommandBatch batch;
    std::vector<BlobRef> kept;
    const auto result = reader_.read(bytes, QuietBroker::now, batch.commands, kept);
    if (result.failure || result.consumed_bytes != bytes.size()) std::abort();
    batch.bytes = bytes.size();
    broker_.vhost().receive(id_, std::move(batch));
  }
  void receive(const amqp::Method& method) {
    std::string bytes;
    amqp::write_method_frame(bytes, channel, method);
    receive(bytes);
    broker_.turn();
    delivery_tags.clear();
  }
  /// What a socket would have taken.
  void drain() {
    const std::size_t bytes = out_.cost_bytes();
    out_.clear();
    broker_.vhost().drained(id_, bytes);
  }

  void send(std::vector<broker::Outgoing>& records) override {
    for (const broker::Outgoing& record : records) {
      out_.append(record, frame_max);
      if (const auto* deliver = std::get_if<broker::Deliver>(&record))
        delivery_tags.push_back(deliver->delivery_tag);
      if (const auto* confirm = std::get_if<broker::Confirm>(&record))
        confirmed = confirm->delivery_tag;
    }
    records.clear();
  }
  void consumed(std::size_t) override {}

  std::vector<std::uint64_t> delivery_tags;
  std::uint64_t confirmed = 0;

 private:
  QuietBroker& broker_;
  const ConnectionId id_;
  net::CommandReader reader_{{}};
  net::OutgoingBytes out_;
};

Path::Path(Kind kind, std::size_t body_bytes) : kind_(kind) {
  const auto connect = [&](std::uint64_t number) {
    auto client = std::make_shared<Client>(broker_, ConnectionId{number});
    broker::ConnectionInfo info;
    info.channel_max = 1;
    info.frame_max = frame_max;
    broker_.vhost().open_connection(ConnectionId{number}, info, client);
    client->receive(amqp::channel::Open{});
    return client;
  };
  publisher_ = connect(1);
  consumer_ = connect(2);
  declare();
  amqp::Properties properties;
  properties.delivery_mode = kind == Kind::job ? std::uint8_t{2} : std::uint8_t{1};
  const std::string encoded = amqp::write_properties(properties);
  amqp::basic::Publish publish;
  publish.routing_key = queue;
  const std::string body(body_bytes, 'x');
  for (int i = 0; i < batch; ++i) {
    amqp::write_method_frame(publishes_, channel, publish);
    amqp::write_header_frame(publishes_, channel, body.size(), encoded);
    amqp::write_body_frames(publishes_, channel, body, frame_max);
  }
}

Path::~Path() {
  broker_.vhost().drop_connection(ConnectionId{1});
  broker_.vhost().drop_connection(ConnectionId{2});
  broker_.turn();
}

void Path::declare() {
  amqp::queue::Declare declare;
  declare.queue = queue;
  declare.durable = kind_ == Kind::job;
  publisher_->receive(declare);
  if (kind_ == Kind::job) {
    publisher_->receive(amqp::confirm::Select{false});
    consumer_->receive(amqp::basic::Qos{0, 250, false});
  }
  amqp::basic::Consume consume;
  consume.queue = queue;
  consume.no_ack = kind_ == Kind::transient;
  consumer_->receive(consume);
}

void Path::run_batch() {
  const std::uint64_t confirmed_before = publisher_->confirmed;
  publisher_->receive(publishes_);
  broker_.turn();
  if (consumer_->delivery_tags.size() != batch) std::abort();
  if (kind_ == Kind::job) {
    acks_.clear();
    for (const std::uint64_t tag : consumer_->delivery_tags)
      amqp::write_method_frame(acks_, channel, amqp::basic::Ack{tag, false});
    consumer_->receive(acks_);
    broker_.turn();
    if (publisher_->confirmed != confirmed_before + batch) std::abort();
  }
  consumer_->delivery_tags.clear();
  consumer_->drain();
  publisher_->drain();
}

}  // namespace leveret::bench
