#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/methods.h"
#include "amqp/properties.h"
#include "unit/broker/support/test_broker.h"

namespace leveret::broker::test {

amqp::Properties persistent(amqp::Properties properties = {});
amqp::Properties with_headers(amqp::Table headers, amqp::Properties properties = {});
/// To queue `queue`, with headers beyond what can be read: deaths may have made them grow that far.
MessagePtr overgrown_message(std::string_view queue);
amqp::Properties with_expiration(std::string ms, amqp::Properties properties = {});

/// A message that came by deliver or get-ok.
struct Received {
  std::string consumer_tag;
  std::uint64_t tag = 0;
  bool redelivered = false;
  std::string exchange;
  std::string routing_key;
  std::string body;
  amqp::Properties properties;
  /// Empty when the message has none.
  const amqp::Table& headers() const {
    static const amqp::Table none;
    return properties.headers ? *properties.headers : none;
  }
};

struct QueueOptions {
  bool passive = false;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  amqp::Table arguments = {};
  bool nowait = false;
};
struct ExchangeOptions {
  bool passive = false;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments = {};
};
struct ConsumeOptions {
  std::string tag = "c";
  bool no_ack = false;
  bool exclusive = false;
  amqp::Table arguments = {};
};
struct PublishOptions {
  bool mandatory = false;
  bool immediate = false;
};
struct ClientOptions {
  std::string user = "guest";
  bool consumer_cancel_notify = true;
  bool connection_blocked = true;
  std::uint16_t channel_max = 2047;
};

/// A client whose calls read as a dialogue. Each call is one turn of the core, unless several are
/// grouped by together(). It opens channel 1 and speaks on it unless told otherwise by on().
class TestClient {
 public:
  explicit TestClient(TestBroker& broker, const ClientOptions& options = {});

  /// What has come since the last call, one line per record: "deliver c 1 'body'", "ack 3
  /// multiple", "queue.declare-ok 'q' 0 0", "channel.close 404 NOT_FOUND - ...". Lines of other
  /// channels than 1 begin with "2: ".
  std::vector<std::string> received();
  /// As received(), but the deliveries only.
  std::vector<Received> deliveries();
  /// Bodies of deliveries().
  std::vector<std::string> bodies();
  /// Forgets what has come.
  void ignore() { seen_ = outbox_->records.size(); }

  /// Sends what follows on this channel, until told otherwise.
  TestClient& on(std::uint16_t channel);
  TestClient& open(std::uint16_t channel);
  void close_channel(std::uint16_t channel);
  void close_channel_ok(std::uint16_t channel);

  TestClient& declare(const std::string& queue, const QueueOptions& options = {});
  TestClient& exchange(const std::string& name, const std::string& type,
                       const ExchangeOptions& options = {});
  TestClient& bind(const std::string& queue, const std::string& exchange,
                   const std::string& key = "", const amqp::Table& arguments = {});
  TestClient& unbind(const std::string& queue, const std::string& exchange,
                     const std::string& key = "", const amqp::Table& arguments = {});
  TestClient& bind_exchange(const std::string& destination, const std::string& source,
                            const std::string& key = "");
  TestClient& unbind_exchange(const std::string& destination, const std::string& source,
                              const std::string& key = "");
  TestClient& delete_queue(const std::string& queue, bool if_unused = false, bool if_empty = false);
  TestClient& delete_exchange(const std::string& name, bool if_unused = false);
  TestClient& purge(const std::string& queue);

  /// To the default exchange.
  TestClient& send(const std::string& queue, const std::string& body,
                   const amqp::Properties& properties = {}, const PublishOptions& options = {});
  TestClient& publish(const std::string& exchange, const std::string& key, const std::string& body,
                      const amqp::Properties& properties = {}, const PublishOptions& options = {});
  TestClient& publish_message(MessagePtr message);
  TestClient& consume(const std::string& queue, const ConsumeOptions& options = {});
  TestClient& cancel(const std::string& tag);
  TestClient& qos(std::uint16_t prefetch, bool global = false);
  TestClient& ack(std::uint64_t tag, bool multiple = false);
  TestClient& nack(std::uint64_t tag, bool multiple = false, bool requeue = true);
  TestClient& reject(std::uint64_t tag, bool requeue = false);
  TestClient& get(const std::string& queue, bool no_ack = false);
  TestClient& recover();
  TestClient& confirm_select();
  TestClient& tx_select();
  TestClient& tx_commit();
  TestClient& tx_rollback();
  TestClient& method(amqp::Method method);
  /// On channel 0.
  TestClient& connection_method(amqp::Method method);

  /// Hands all commands given in `calls` over as one batch, in one turn.
  void together(const std::function<void()>& calls);
  /// Closes by protocol, or just loses the socket.
  void close();
  void drop();
  /// A client that does not read lets its output pile up.
  void stop_reading() { broker_.set_reading(id_, false); }
  void read_again() { broker_.set_reading(id_, true); }

  ConnectionId id() const { return id_; }
  const RecordingOutbox& outbox() const { return *outbox_; }

 private:
  void command(std::uint16_t channel, amqp::Method method, MessagePtr content = {});
  void hand_over();
  std::string_view keep(std::string text);

  TestBroker& broker_;
  std::shared_ptr<RecordingOutbox> outbox_ = std::make_shared<RecordingOutbox>();
  ConnectionId id_;
  std::uint16_t channel_ = 1;
  std::size_t seen_ = 0;
  bool is_grouping_ = false;
  CommandBatch batch_;
  std::shared_ptr<std::deque<std::string>> texts_;
};

}  // namespace leveret::broker::test
