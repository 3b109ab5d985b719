#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "amqp/reply_code.h"
#include "broker/access.h"
#include "broker/channel.h"
#include "broker/command.h"
#include "broker/connection_info.h"
#include "broker/outbox.h"
#include "broker/stats.h"
#include "broker/store_debt.h"

namespace leveret::broker {

class Vhost;

/// A client connection as the core sees it: decoded commands come in, records go out. The one place
/// where a broken rule becomes channel.close or connection.close.
///
/// Commands are worked off in order, so many in a turn that others on the same core do not wait
/// long for theirs. A command may have to wait (for the disk, or for a block of a queue to be
/// read): then the connection is suspended and goes on from there; its deliveries go on meanwhile.
/// Nor does it go on while its client leaves too many answers unread.
class Connection {
 public:
  Connection(Vhost& vhost, ConnectionId id, ConnectionInfo info, std::shared_ptr<Outbox> outbox);
  ~Connection();

  ConnectionId id() const { return id_; }
  const ConnectionInfo& info() const { return info_; }
  Permissions& permissions() { return permissions_; }
  /// What the user may do has changed. Consumers of queues that he may not read any more are
  /// cancelled.
  void set_access(std::shared_ptr<const Access> access, std::uint16_t channels_max);

  void receive(CommandBatch batch);
  /// Goes on after the others had their turn, see Vhost::let_others_go_first().
  void go_on();
  void fail(const amqp::Error& error);
  void fail_channel(ChannelNumber channel, const amqp::Error& error);
  /// The socket is gone: closes all channels.
  void drop();

  /// Answers, returns, confirms. While many wait to be written, because the client does not read
  /// them, its further commands do so too.
  void send(Outgoing record);
  /// For a consumer, which is served only while there is room.
  void deliver(Outgoing record);
  /// For appending several records; note_output() counts those from `first` on.
  std::vector<Outgoing>& output() { return output_; }
  void note_output(std::size_t first);
  /// Hands the output over; at the end of a turn.
  void flush();
  void drained(std::size_t bytes, std::uint64_t octets);
  /// False while so much output waits that its consumers have to, and when the broker stops.
  bool has_room() const;
  /// False when so many answers wait that others must not add to them.
  bool has_room_for_replies() const;

  // Suspension.
  bool is_suspended() const { return is_suspended_; }
  /// Stops before the next command; `record`, when given, is sent on resume.
  void suspend(std::optional<Outgoing> record_on_resume = std::nullopt);
  /// Stops and handles the present command again on resume.
  void suspend_and_retry();
  /// Handles the present command again when the others have had their turn.
  void go_on_with_this() { retry_ = true; }
  void resume();

  /// It has published during an alarm: tells a client that announced the capability, once.
  void set_blocked(std::string_view reason);
  void set_unblocked();
  ConnectionState state() const;
  /// Whatever it still sends is ignored.
  bool is_ended() const { return is_ended_; }
  /// What waits to be written, in bytes.
  std::size_t output_bytes() const { return output_bytes_; }
  StoreDebt store_debt;
  StoreDebt transient_debt;  // the same of the transient store
  /// What its open transactions have published.
  std::uint64_t transaction_bytes = 0;
  /// When it last had to wait for the store.
  TimeMs last_flow_at = 0;
  Traffic traffic;
  /// Declared exclusive by this connection; some may have been deleted since.
  std::vector<QueueId> exclusive_queues;

  Channel* find_channel(ChannelNumber number, std::uint64_t serial) const;
  /// The channel of that number that is open now, or null.
  const Channel* find_channel(ChannelNumber number) const;
  std::size_t channel_count() const { return channels_.size(); }
  template <class F>
  void for_each_channel(F on_channel) const {
    for (const auto& [number, channel] : channels_) on_channel(*channel);
  }
  bool has_output_flagged = false;  // in Vhost's list for the end of the turn
  std::uint64_t roster_serial = 0;  // in Vhost::all_connections()

 private:
  /// What is worked off in one turn, see cost_of() in connection.cc.
  static constexpr std::size_t turn_budget = 4096;

  void process(std::size_t budget = turn_budget);
  void catch_up();
  void handle(const Command& command);
  void handle_connection_method(const amqp::Method& method);
  void handle_channel_method(const Command& command);
  void open_channel(ChannelNumber number);
  void close_channel(ChannelNumber number);
  void fail(const amqp::Error& error, const amqp::MethodKey& method);
  void fail_channel(ChannelNumber channel, const amqp::Error& error, const amqp::MethodKey& method);
  void end(CloseConnection record);
  bool has_read_answers() const;
  void close_all_channels();

  Vhost& vhost_;
  ConnectionId id_;
  ConnectionInfo info_;
  Permissions permissions_;
  std::shared_ptr<Outbox> outbox_;
  std::vector<Outgoing> output_;
  std::size_t output_bytes_ = 0;  // sent and not yet drained
  std::size_t answer_bytes_ = 0;  // those among them that are no deliveries, as if written first

  std::deque<CommandBatch> inbox_;
  std::size_t next_command_ = 0;  // in inbox_.front()
  bool is_processing_ = false;
  bool is_suspended_ = false;
  bool is_yielding_ = false;
  bool retry_ = false;
  std::optional<Outgoing> record_on_resume_;
  bool is_ended_ = false;  // the close was sent: everything else is ignored
  bool is_blocked_ = false;

  std::unordered_map<ChannelNumber, std::unique_ptr<Channel>> channels_;
  Channel* last_channel_ = nullptr;  // the one that the last command was for
};

}  // namespace leveret::broker
