#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amqp/methods.h"
#include "broker/command.h"
#include "broker/confirms.h"
#include "broker/consumer.h"
#include "broker/entry.h"
#include "broker/outbox.h"
#include "broker/stats.h"
#include "broker/topic.h"
#include "broker/unacked.h"

namespace leveret::broker {

class Connection;
class Exchange;
class Permissions;
class Queue;
class Vhost;

/// One channel of a connection: its consumers, what it holds unacknowledged, and the confirms that
/// it owes. Every method of a client is an overload of on(). A handler checks everything first and
/// then changes state; a broken rule is thrown as amqp::Error and becomes a close in Connection.
class Channel {
 public:
  Channel(Connection& connection, Vhost& vhost, ChannelNumber number);
  /// close() must have been called.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  ChannelNumber number() const { return number_; }
  /// Unique over all channels there ever were: numbers are used again.
  std::uint64_t serial() const { return serial_; }
  Connection& connection() const { return connection_; }

  /// Handles one method; the message comes with basic.publish.
  void handle(const Command& command);

  /// Cancels all consumers and requeues what is unacked, in order.
  void close();
  /// After channel.close was sent everything is ignored until the client has answered.
  bool is_closing() const { return is_closing_; }
  void set_closing();

  // Called by queues.
  /// Whether this channel could take a message for `consumer` now, its own limits aside.
  bool can_deliver(const Consumer& consumer) const;
  void deliver(Consumer& consumer, Entry entry);
  /// The queue of `consumer` is gone: tells the client if it asked for that, and forgets the
  /// consumer.
  void cancel_from_server(Consumer& consumer);
  /// The queue is deleted: what is held of it is settled by that.
  void forget_queue(const Queue& queue);

  // Called by the vhost.
  /// Hands an answer to the consumer of direct replies; false when the client leaves too many
  /// unread.
  bool deliver_reply(const MessagePtr& message);
  /// Puts back what consumers have held for too long, and cancels them (RabbitMQ 4.3, consumers).
  /// Whoever settles such a message later is not told that it is another's by now.
  void time_out();
  Confirms& confirms() { return confirms_; }
  void send_confirms();
  /// Cancels the consumers of queues that the user may not read any more.
  void cancel_unreadable();
  /// Marks the queues of all consumers for another look: output has drained.
  void wake_consumers();

  bool is_confirm_mode() const { return is_confirm_; }
  bool is_transactional() const { return is_tx_; }
  std::uint16_t prefetch() const { return consumer_prefetch_; }
  std::uint16_t global_prefetch() const { return channel_prefetch_; }
  const Unacked& unacked() const { return unacked_; }
  /// Calls `on_delivery` for each message that is held, also when an open transaction settles it.
  template <class F>
  void for_each_held(F on_delivery) const;
  std::size_t unconfirmed_count() const { return confirms_.count(); }
  /// In the open transaction.
  std::size_t uncommitted_publishes() const { return tx_publishes_.size(); }
  std::size_t uncommitted_settlements() const { return tx_settled_; }
  const auto& consumers() const { return consumers_; }
  /// What it has done; dead letters and drops are counted elsewhere.
  const MessageStats& message_stats() const { return message_stats_; }
  bool is_awaiting_commit = false;    // in Vhost's list for committed()
  bool has_confirms_to_send = false;  // in Vhost's list for the end of the turn

 private:
  // channel_exchange.cc
  void on(const amqp::exchange::Declare& method);
  void on(const amqp::exchange::Delete& method);
  void on(const amqp::exchange::Bind& method);
  void on(const amqp::exchange::Unbind& method);
  // channel_queue.cc
  void on(const amqp::queue::Declare& method);
  void on(const amqp::queue::Bind& method);
  void on(const amqp::queue::Unbind& method);
  void on(const amqp::queue::Purge& method);
  void on(const amqp::queue::Delete& method);
  // channel_basic.cc
  void on(const amqp::basic::Qos& method);
  void on(const amqp::basic::Consume& method);
  void on(const amqp::basic::Cancel& method);
  void on(const amqp::basic::CancelOk&) {}
  void on(const amqp::basic::Publish& method);
  void on(const amqp::basic::Get& method);
  void on(const amqp::basic::Ack& method);
  void on(const amqp::basic::Nack& method);
  void on(const amqp::basic::Reject& method);
  void on(const amqp::basic::Recover& method);
  void on(const amqp::basic::RecoverAsync& method);
  // channel_tx.cc
  void on(const amqp::confirm::Select& method);
  void on(const amqp::tx::Select& method);
  void on(const amqp::tx::Commit& method);
  void on(const amqp::tx::Rollback& method);
  // channel.cc
  void on(const amqp::channel::Open& method);
  void on(const amqp::channel::Flow& method);
  void on(const amqp::channel::FlowOk&) {}
  void on(const amqp::access::Request& method);
  // channel_reply.cc
  void consume_replies(const amqp::basic::Consume& method);
  bool cancel_replies(std::string_view consumer_tag);
  /// The same message with this channel's reply address instead of the pseudo-queue's name.
  MessagePtr with_reply_address(const MessagePtr& message) const;
  /// A method that a server never receives on a channel.
  template <class M>
  void on(const M& method);

  /// The consumer of direct replies, if there is one.
  struct ReplyConsumer {
    BlobRef tag;
    std::string address;
  };
  enum class Settlement { ack, requeue, reject };
  struct TxPublish {
    MessagePtr message;
    bool mandatory;
  };
  struct TxSettle {
    std::vector<Delivery> deliveries;
    Settlement how;
  };

  EncodedFrame encode(const amqp::Method& method) const;
  void reply(const amqp::Method& method);
  /// Replies once the definitions changed so far are on disk; holds back what the connection sends
  /// meanwhile.
  void reply_durably(const amqp::Method& method);
  void reply_after(const amqp::Method& method, CommitNumber commit);
  std::string queue_name_or_last(std::string_view name) const;
  Queue& find_queue(std::string_view name) const;
  /// Throws 530 when this channel has a consumer of that tag.
  void check_consumer_tag(const std::string& tag) const;
  void check_publish(const amqp::basic::Publish& method, const Message& message) const;
  Permissions& permissions() const;
  void publish(const MessagePtr& message, bool mandatory);
  void settle(std::uint64_t tag, bool multiple, Settlement how);
  void settle_up_to(std::uint64_t tag, Settlement how);
  void apply(Delivery& delivery, Settlement how);
  void requeue_up_to(std::uint64_t tag);
  void drop_consumer(Consumer& consumer);
  // channel_tx.cc
  void keep_for_commit(const MessagePtr& message, bool mandatory);
  std::vector<TxPublish> forget_publishes();
  // channel_timeout.cc
  void note_due(Delivery& delivery);
  void cancel_late(Consumer& consumer);
  bool forget_timed_out(std::uint64_t tag, bool multiple);
  MessagePtr delivered_form(const Queue& queue, const Entry& entry) const;
  std::uint64_t hold(Queue& queue, Consumer* consumer, Entry entry);

  Connection& connection_;
  Vhost& vhost_;
  ChannelNumber number_;
  std::uint64_t serial_;
  bool is_closing_ = false;
  bool is_confirm_ = false;
  bool is_tx_ = false;
  bool has_published_ = false;

  MessageStats message_stats_;
  const MessagePtr* content_ = nullptr;  // of the command being handled
  std::string last_queue_;
  std::uint64_t last_tag_ = 0;
  std::uint16_t consumer_prefetch_ = 0;  // for consumers that start from now on
  std::uint16_t channel_prefetch_ = 0;   // shared by all: qos with global=true
  std::unordered_map<std::string, std::unique_ptr<Consumer>, StringHash, std::equal_to<>>
      consumers_;
  Unacked unacked_;
  std::uint64_t settling_up_to_ = 0;  // by a command that settles everything, some each turn
  TimeMs next_due_ = 0;               // registered with the vhost; 0: none is
  /// Tags of deliveries that have timed out and that the client may still settle.
  std::set<std::uint64_t> timed_out_;
  Confirms confirms_;
  std::optional<ReplyConsumer> reply_consumer_;
  std::vector<TxPublish> tx_publishes_;
  std::vector<TxSettle> tx_settles_;
  std::size_t tx_settled_ = 0;  // in tx_settles_: they hold their prefetch until the commit
};

template <class F>
void Channel::for_each_held(F on_delivery) const {
  unacked_.for_each(on_delivery);
  for (const TxSettle& settle : tx_settles_)
    for (const Delivery& delivery : settle.deliveries) on_delivery(delivery);
}

}  // namespace leveret::broker
