#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/methods.h"
#include "amqp/table.h"
#include "lib/connection.h"
#include "lib/message.h"

namespace leveret::client {

class ChannelState;

/// What a channel tells; called on the loop's thread, where nothing may block. From within, the
/// calls of Channel that wait for no answer are allowed: publish, ack, nack, reject.
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;
  virtual void on_delivery(const Delivery& /*delivery*/) {}
  virtual void on_confirm(const Confirm& /*confirm*/) {}
  /// Comes before the confirm of the same message.
  virtual void on_return(const Returned& /*returned*/) {}
  /// The server ended a consumer, for instance because its queue was deleted.
  virtual void on_cancel(std::string_view /*consumer_tag*/) {}
  /// Once, when the server closed the channel or the connection is over.
  virtual void on_closed(const CloseReason& /*reason*/) {}
};

struct QueueOptions {
  bool durable = true;
  bool exclusive = false;
  bool auto_delete = false;
  amqp::Table arguments;
};
struct ExchangeOptions {
  bool durable = true;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments;
};
struct QueueState {
  std::string name;
  std::uint32_t messages_ready = 0;
  std::uint32_t consumers = 0;
};
struct ConsumeOptions {
  /// Empty: the server chooses.
  std::string consumer_tag;
  /// The server takes a delivery for acknowledged as soon as it is sent.
  bool no_ack = false;
  bool exclusive = false;
  amqp::Table arguments;
};
enum class Requeue { no, yes };
/// Whether one delivery is settled, or all up to it.
enum class Span { one, up_to };
enum class GetMode { manual_ack, no_ack };
/// Conditions of queue.delete.
struct DeleteOptions {
  bool if_unused = false;
  bool if_empty = false;
};

/// One AMQP channel. Calls that wait for the server's answer throw ChannelError when it closes the
/// channel, ConnectionError when the connection is over, Timeout when no answer comes, and
/// std::logic_error on the loop's thread, where they would wait for themselves. Any thread may
/// call.
class Channel {
 public:
  /// Opens a channel; `listener` must outlive it.
  explicit Channel(Connection& connection, ChannelListener* listener = nullptr);
  /// Closes without waiting for the answer. No callback runs after it.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// An empty name lets the server choose one; see QueueState::name.
  QueueState declare_queue(std::string_view name, const QueueOptions& options = {});
  /// Fails with 404 when there is no such queue; changes nothing.
  QueueState check_queue(std::string_view name);
  std::uint32_t purge_queue(std::string_view name);
  std::uint32_t delete_queue(std::string_view name, DeleteOptions options = {});
  void declare_exchange(std::string_view name, std::string_view type,
                        const ExchangeOptions& options = {});
  void check_exchange(std::string_view name);
  void delete_exchange(std::string_view name);
  void bind_queue(std::string_view queue, std::string_view exchange, std::string_view routing_key,
                  const amqp::Table& arguments = {});
  /// The same without an answer, so that any number can be on their way; a refusal closes the
  /// channel. The next call that waits has them behind it.
  void declare_queue_nowait(std::string_view name, const QueueOptions& options = {});
  void delete_queue_nowait(std::string_view name);
  void bind_queue_nowait(std::string_view queue, std::string_view exchange,
                         std::string_view routing_key, const amqp::Table& arguments = {});
  void unbind_queue(std::string_view queue, std::string_view exchange, std::string_view routing_key,
                    const amqp::Table& arguments = {});
  void bind_exchange(std::string_view destination, std::string_view source,
                     std::string_view routing_key, const amqp::Table& arguments = {});
  void unbind_exchange(std::string_view destination, std::string_view source,
                       std::string_view routing_key, const amqp::Table& arguments = {});

  /// From now on the server answers every publish, by on_confirm.
  void select_confirms();
  /// Queues one message for sending and returns its sequence number, counted from 1 since
  /// select_confirms(). Waits while too much is queued already, except on the loop's thread.
  std::uint64_t publish(const Envelope& envelope, std::string_view body);

  /// How many deliveries may be unacknowledged at a time; 0 for no limit. For consumers that are
  /// started later.
  void set_prefetch(std::uint16_t count);
  /// Starts a consumer and returns its tag; deliveries come by on_delivery, maybe before this call
  /// returns.
  std::string consume(std::string_view queue, const ConsumeOptions& options = {});
  void cancel(std::string_view consumer_tag);
  /// The next message of the queue, if there is one.
  std::optional<Message> get(std::string_view queue, GetMode mode = GetMode::manual_ack);
  void ack(std::uint64_t delivery_tag, Span span = Span::one);
  void nack(std::uint64_t delivery_tag, Requeue requeue, Span span = Span::one);
  void reject(std::uint64_t delivery_tag, Requeue requeue);
  /// Puts everything unacknowledged back into its queue.
  void recover();

  void select_tx();
  void commit();
  void rollback();

  void close();
  bool is_open() const;
  std::optional<CloseReason> close_reason() const;

 private:
  template <class Expected>
  void call(const amqp::Method& method);
  void send(const amqp::Method& method);

  std::shared_ptr<Link> link_;
  /// Shared with the link, which may still be waiting for the channel's end when we are gone.
  std::shared_ptr<ChannelState> state_;
};

}  // namespace leveret::client
