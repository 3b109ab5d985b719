#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "amqp/reply_code.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/limit_counts.h"
#include "broker/alarms.h"
#include "broker/command.h"
#include "broker/connection_info.h"
#include "broker/deadline.h"
#include "broker/definitions.h"
#include "broker/entry.h"
#include "broker/inspect.h"
#include "broker/journal.h"
#include "broker/limits.h"
#include "broker/operation.h"
#include "broker/outbox.h"
#include "broker/policy.h"
#include "broker/requeueing.h"
#include "broker/roster.h"
#include "broker/routing.h"
#include "broker/stats.h"

namespace leveret::broker {

class Channel;
class Connection;
class Exchange;
class Operations;
class Permissions;
class Queue;

/// What the administrator sets for a virtual host as a whole.
struct VhostSettings {
  /// Of durable queues that are declared without x-queue-type; empty for classic.
  std::string default_queue_type;
  std::optional<std::uint64_t> queues_max;
};

/// A message taken by the management API's "get".
struct TakenMessage {
  MessagePtr message;
  bool redelivered = false;
  std::uint64_t messages_left = 0;
};
enum class TakeMode { ack, requeue, reject, reject_requeue };

/// One virtual host: its exchanges, queues, connections and counters, as plain values on one loop.
/// No lock, no clock, no I/O: time comes in with each turn, storage and delivery are Journal and
/// Outbox.
///
/// Everything below is called between begin_turn() and end_turn(), on the core's loop (see
/// Core::run). What a turn records in the journal commits as one.
class Vhost {
 public:
  static constexpr TimeMs never = std::numeric_limits<TimeMs>::max();

  /// Both stores outlive it; `transient_store` is empty.
  Vhost(std::string name, Journal& journal, MessageStore& transient_store, const Limits& limits);
  ~Vhost();
  Vhost(const Vhost&) = delete;
  Vhost& operator=(const Vhost&) = delete;

  /// Rebuilds what was stored, before the first connection; by the same steps as clients'
  /// declarations.
  void recover(const Recovered& recovered);
  /// Records what is only recorded now and then, in the last turn before the store is closed.
  void prepare_close();

  void begin_turn(TimeMs now);
  /// Sends what the turn produced, hands its journal records over, and fires what is due.
  void end_turn();
  /// When a turn is needed though nothing comes in: the earliest expiry, or `never`.
  TimeMs next_deadline() const;
  /// A store's report: its transactions up to `commit` are done, those of the journal on disk.
  void take_commit(CommitNumber commit, Keeper of = Keeper::journal);
  /// What the machine is short of, for all virtual hosts alike. Whoever publishes then is told and
  /// waits until it is over.
  void set_machine_alarms(Alarms alarms);
  /// The disk is full, as one of the stores has found, or has space again: an alarm of this virtual
  /// host's own.
  void set_disk_full(bool is_full, Keeper of = Keeper::journal);

  // Connections. An unknown id is ignored: the other side may be gone already.
  /// `outbox` is shared because the session may end on its own loop before the core has heard of
  /// it.
  void open_connection(ConnectionId id, ConnectionInfo info, std::shared_ptr<Outbox> outbox);
  void receive(ConnectionId id, CommandBatch batch);
  /// `bytes` of output have been written to the socket, as so many octets.
  void drained(ConnectionId id, std::size_t bytes, std::uint64_t octets = 0);
  /// Closes with `error` (a framing error, a shutdown, an operator); the session ends after writing
  /// it.
  void fail_connection(ConnectionId id, const amqp::Error& error);
  /// Its session does not read on in the middle of a message, since memory is short: the client is
  /// told that it is blocked.
  void hold_publisher(ConnectionId id);
  /// Closes one channel with `error`, found by the session outside a method (a message too large).
  void fail_channel(ConnectionId id, ChannelNumber channel, const amqp::Error& error);
  /// The socket is gone: requeues what was unacked, deletes exclusive queues.
  void drop_connection(ConnectionId id);
  /// Why publishers have to wait.
  Alarms alarms() const { return alarms_; }
  /// Consumers get nothing more; what they hold they may settle.
  void stop_delivering() { is_delivering_ = false; }
  bool is_delivering() const { return is_delivering_; }
  bool is_disk_full() const { return is_journal_full_ || is_transient_store_full_; }
  /// Messages that consumers hold.
  std::size_t unacked_count() const;
  /// Sends connection.close 320 to everybody.
  void close_all(const std::string& reason);
  bool has_connections() const { return !connections_.empty(); }
  /// What `user` may do from now on, on all his connections; `channels_max` as in ConnectionInfo.
  void set_access(const std::string& user, const std::shared_ptr<const Access>& access,
                  std::uint16_t channels_max);
  /// Sends connection.close 320 to all connections of `user`.
  void close_user(const std::string& user, const std::string& reason);
  /// The token is gone: connections that logged in with it are closed, those on their way here too.
  void end_token(const std::string& token);
  /// Channels that `user` has open here.
  std::size_t channels_of(std::string_view user) const;
  /// Whoever opens a connection from now on is told why that is not possible, with 320.
  void refuse_connections(std::string reason) { refusal_ = std::move(reason); }
  void set_settings(VhostSettings settings) { settings_ = std::move(settings); }

  // Definitions, the same for AMQP and HTTP. All throw amqp::Error with RabbitMQ's code and text,
  // before anything has changed. `owner` is the connection for exclusive queues, none for HTTP.
  // `permissions` are those of who asks; without, everything is allowed.
  Exchange& declare_exchange(const ExchangeSpec& spec, Permissions* permissions = nullptr);
  /// Throws 404 when it is absent, 403 for the default exchange.
  void check_exchange(std::string_view name) const;
  void delete_exchange(std::string_view name, bool if_unused, Permissions* permissions = nullptr);
  Queue& declare_queue(const QueueSpec& spec, ConnectionId owner,
                       Permissions* permissions = nullptr);
  /// Returns the number of ready messages that went with it; 0 when there is no such queue.
  std::uint64_t delete_queue(std::string_view name, bool if_unused, bool if_empty,
                             ConnectionId owner, Permissions* permissions = nullptr);
  void bind(const BindingSpec& spec, ConnectionId owner, Permissions* permissions = nullptr);
  void unbind(const BindingSpec& spec, ConnectionId owner, Permissions* permissions = nullptr);
  /// Throws 404 when absent; and 405 when it is exclusive to another connection.
  Queue& queue(std::string_view name, ConnectionId owner) const;
  Exchange& exchange(std::string_view name) const;

  // Policies. They take effect at once on all that there is, and on what is declared later.
  /// Returns whether there was none of that kind and name. Throws 406 when there are too many.
  bool set_policy(Policy policy);
  /// Returns whether there was one.
  bool delete_policy(PolicyKind kind, const std::string& name);
  const Policies& policies() const { return policies_; }

  /// Calls `then` when everything that has been recorded up to now is on disk: in this turn or in a
  /// later one.
  void when_recorded(std::function<void()> then);

  // Messages, for the management API.
  /// Returns whether the message reached a queue. Throws 404 for an absent exchange, 403 for an
  /// internal one.
  bool publish(MessagePtr message, Permissions* permissions = nullptr);
  /// Takes up to `count` messages from the head and settles them as `mode` says; `done` runs in
  /// this or in a later turn. Throws 404 for an absent queue.
  void take(std::string_view queue, std::size_t count, TakeMode mode,
            std::function<void(std::vector<TakenMessage>)> done);
  std::uint64_t purge(std::string_view queue);
  /// The queues that a message with this key and these headers would reach, without publishing it.
  /// Throws 404 for an absent exchange.
  std::vector<std::string> route_test(std::string_view exchange, std::string_view routing_key,
                                      const amqp::Table& headers);
  /// Reads up to `limit` messages with seq > `after`, in order of arrival, changing nothing. `done`
  /// runs in this or in a later turn. Throws 404 for an absent queue.
  void browse(std::string_view queue, Seq after, std::size_t limit,
              std::function<void(BrowsePage)> done);

  /// Replays or removes messages in steps, see OperationView. Throws 404 for an absent queue or
  /// target, 406 when too many are under way.
  OperationView start_operation(OperationRequest request);
  std::vector<OperationView> operations() const;
  std::optional<OperationView> operation(OperationId id) const;
  /// What is done stays done. Returns false when there is no such operation.
  bool cancel_operation(OperationId id);

  const std::string& name() const { return name_; }
  TimeMs now() const { return now_; }
  /// What has happened here since the start, the journal's part included.
  VhostCounters counters() const;
  MessageStats all_messages() const { return counters_.all_messages(); }

 public:
  // For the core's own classes.
  struct PublishResult {
    bool is_routed = false;
    bool is_refused = false;  // by a length limit with overflow reject-publish
    bool is_in_transient_store = false;
    std::uint32_t stored_copies = 0;  // by the journal
  };
  /// Routes and enqueues; `origin` is told when copies are settled.
  PublishResult publish(Exchange& exchange, const MessagePtr& message, const ConfirmOrigin& origin);
  /// Publishes `entry`'s message to its queue's dead-letter exchange and removes it from the queue,
  /// in this turn; drops and counts it when there is none. Takes place when the command has been
  /// handled, so that no queue changes under the one that calls.
  void dead_letter(Queue& queue, Entry entry, DeathReason reason);
  /// Deletes an auto-delete queue when the command has been handled.
  void doom(Queue& queue);
  /// Does what the last command has left to do: dead letters, auto-deletes.
  void finish_command();

  Journal& journal() const { return journal_; }
  /// The journal, to record something that somebody waits for: notes which transaction it will be
  /// in.
  Journal& record() {
    is_urgent_ = true;
    return record_patiently();
  }
  /// The journal, to record what may wait for more (see hand_over()).
  Journal& record_patiently() {
    recorded_commit_ = journal_.current_commit();
    return journal_;
  }
  /// The transaction that holds the latest record.
  CommitNumber recorded_commit() const { return recorded_commit_; }
  MessageStore& transient_store() const { return transient_store_; }
  /// The transient store, to record something: it is handed over with the end of the turn.
  MessageStore& record_transient() {
    transients_recorded_ = transient_store_.current_commit();
    return transient_store_;
  }
  CommitNumber transients_recorded() const { return transients_recorded_; }
  /// Either of the two, for what is kept by it.
  MessageStore& store(Keeper keeper) const {
    return keeper == Keeper::journal ? static_cast<MessageStore&>(journal_) : transient_store_;
  }
  CommitNumber current_commit(Keeper keeper) const { return store(keeper).current_commit(); }
  /// What messages in memory take that nothing else keeps, in bytes; one in several queues as
  /// often.
  std::size_t unkept_bytes = 0;
  const Limits& limits() const { return limits_; }
  /// Throws 406 when there is no room for so many copies of `arguments`; `what` was to be done with
  /// them.
  void check_arguments(const amqp::Table& arguments, const std::string& what,
                       std::size_t copies = 1) const;
  /// A consumer has come, or gone, with arguments that take so much.
  void add_argument_bytes(std::size_t bytes) { argument_bytes_ += bytes; }
  void remove_argument_bytes(std::size_t bytes) { argument_bytes_ -= bytes; }
  /// Windows of queues that exist stay as they are.
  void set_limits(const Limits& limits) { limits_ = limits; }
  MessageStats& stats(QueueKind kind = QueueKind::none) {
    return counters_.messages[static_cast<std::size_t>(kind)];
  }
  ChurnStats& churn() { return counters_.churn; }
  const ChurnStats& churn() const { return counters_.churn; }
  /// A client's message, on a channel that asked for confirms or not.
  void count_publish(const Message& message, bool is_confirm);
  /// Channels that have published and are open.
  std::size_t publishers = 0;
  CommitNumber committed(Keeper keeper = Keeper::journal) const {
    return keeper == Keeper::journal ? committed_ : transients_committed_;
  }
  /// The transaction that holds the latest change of a definition.
  CommitNumber definitions_commit() const { return definitions_commit_; }
  std::uint64_t next_channel_serial() { return ++last_channel_serial_; }
  QueueId next_queue_id() { return QueueId{++last_queue_id_}; }

  Requeueing& requeueing() { return requeueing_; }
  const Requeueing& requeueing() const { return requeueing_; }
  Queue* find_queue(QueueId id) const;
  Queue* find_queue(std::string_view name) const;
  Exchange* find_exchange(std::string_view name) const;
  Connection* find_connection(ConnectionId id) const;
  void mark_dirty(Queue& queue);
  void add_deadline(TimeMs at, QueueId queue) { queue_deadlines_.add(at, queue); }
  /// Calls Channel::time_out then.
  void add_deadline(TimeMs at, const Channel& channel);
  void copy_settled(const ConfirmOrigin& origin);
  void note_output(Connection& connection);
  void note_confirms(Channel& channel);
  /// Sends the channel's confirms after the next commit.
  void await_commit(Channel& channel);
  /// Answers to this address go to that channel (see direct_reply.h).
  void add_reply_address(const std::string& address, const Channel& channel);
  void remove_reply_address(const std::string& address) { reply_addresses_.erase(address); }
  /// Whether this connection must not publish now; arranges for its resumption.
  bool must_wait_to_publish(Connection& connection);
  void resume_after_commit(Connection& connection, CommitNumber commit);
  void resume(ConnectionId id);
  /// Connection::go_on() comes in the next turn.
  void let_others_go_first(const Connection& connection);
  /// The connection has come to an end: its exclusive queues go, a few each turn, and nobody finds
  /// one by its name any more.
  void delete_exclusive_queues(Connection& owner);

  template <class F>
  void for_each_connection(F on_connection) const {
    for (const auto& [id, connection] : connections_) on_connection(*connection);
  }
  template <class F>
  void for_each_queue(F on_queue) const {
    for (const auto& [name, queue] : queues_) on_queue(*queue);
  }
  template <class F>
  void for_each_exchange(F on_exchange) const {
    for (const auto& [name, exchange] : exchanges_) on_exchange(*exchange);
  }
  /// The same, for who looks at a few of them a turn.
  const Roster<Connection>& all_connections() const { return connection_roster_; }
  const Roster<Queue>& all_queues() const { return queue_roster_; }
  const Roster<Exchange>& all_exchanges() const { return exchange_roster_; }

 private:
  struct PendingDeadLetter {
    QueueId queue;
    Entry entry;
    DeathReason reason;
  };
  struct ChannelRef {
    ConnectionId connection;
    ChannelNumber channel = 0;
    std::uint64_t serial = 0;
  };
  template <class T>
  using ByName = std::unordered_map<std::string, std::unique_ptr<T>, StringHash, std::equal_to<>>;

  // vhost_waiting.cc
  void journal_committed();
  bool has_pending_above(std::size_t bytes) const;
  bool is_congested() const { return has_pending_above(limits_.journal_pending_bytes_max); }
  bool owes_too_much(Connection& connection, std::size_t most) const;
  void change_alarms(Alarms alarms);
  void let_publish();
  // vhost.cc
  void run_deadlines();
  void dispatch_dirty();
  void hand_over();
  void send_output();
  static ChannelRef ref_to(const Channel& channel);
  Channel* find_channel(const ChannelRef& ref) const;
  void route(Exchange& exchange, const RoutingSubject& subject);
  void route_keys(Exchange& exchange, const Message& message);
  void choose(Queue& queue);
  bool deliver_reply(const MessagePtr& message);
  PublishResult enqueue(const MessagePtr& message, const ConfirmOrigin& origin);
  void refuse(Queue& queue, const MessagePtr& message);
  void count_drop(Queue& queue, DeathReason reason);
  void publish_dead_letter(const PendingDeadLetter& dead);
  void drop_dead_letter(const PendingDeadLetter& dead, std::string_view why);
  // vhost_definitions.cc
  Exchange& add_exchange(const ExchangeSpec& spec);
  void remove_exchange(Exchange& exchange);
  Queue& add_queue(std::unique_ptr<Queue> queue);
  void remove_queue(Queue& queue);
  bool is_abandoned(const Queue& queue) const;
  void remove_some_abandoned();
  const Binding* add_binding(const BindingSpec& spec, ConnectionId owner);
  Binding resolve(const BindingSpec& spec, ConnectionId owner) const;
  void check_binding(const BindingSpec& spec, Permissions& permissions) const;
  QueueSpec with_default_type(const QueueSpec& spec) const;
  void check_queue_limit(std::string_view name) const;
  [[noreturn]] void refuse_more(Limit limit, const std::string& what, std::string_view kind,
                                std::size_t most) const;
  bool has_binding(const BindingSpec& spec, ConnectionId owner) const;
  void check_new_binding(const BindingSpec& spec, ConnectionId owner) const;
  bool has_room_for(const amqp::Table& arguments, std::size_t copies) const;
  void remove_binding(const Binding& binding);
  void detach(const Binding& binding);
  // vhost_policies.cc
  void apply_policies();
  void apply_policies(Queue& queue);
  void apply_policies(Exchange& exchange);
  /// The journal, to record a change of a definition.
  Journal& record_definition() {
    definitions_commit_ = journal_.current_commit();
    return record();
  }

  std::string name_;
  Journal& journal_;
  MessageStore& transient_store_;
  Limits limits_;
  VhostSettings settings_;
  TimeMs now_ = 0;
  VhostCounters counters_;

  Policies policies_;
  ByName<Exchange> exchanges_;
  ByName<Queue> queues_;
  std::unordered_map<QueueId, Queue*> queues_by_id_;
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  Roster<Exchange> exchange_roster_;
  Roster<Queue> queue_roster_;
  Roster<Connection> connection_roster_;
  std::uint32_t last_queue_id_ = 0;
  ContentId last_content_ = 0;
  std::uint64_t last_channel_serial_ = 0;
  std::size_t binding_count_ = 0;  // the default exchange's do not count
  std::size_t argument_bytes_ = 0;

  CommitNumber committed_ = 0;
  CommitNumber recorded_commit_ = 0;
  CommitNumber transients_committed_ = 0;
  CommitNumber transients_recorded_ = 0;
  CommitNumber definitions_commit_ = 0;
  bool is_urgent_ = false;  // somebody waits for what this turn, or an earlier one, recorded
  TimeMs hand_over_due_ = never;
  std::multimap<CommitNumber, std::function<void()>> waiting_for_commit_;
  std::vector<ConnectionId> waiting_to_publish_;
  std::vector<ConnectionId> going_on_;
  std::vector<ChannelRef> awaiting_commit_;  // channels with confirms
  std::vector<ChannelRef> confirms_to_send_;
  std::vector<ConnectionId> output_to_send_;
  Alarms machine_alarms_;
  bool is_journal_full_ = false;
  bool is_transient_store_full_ = false;
  Alarms alarms_;  // what both come to
  bool is_delivering_ = true;
  std::string refusal_;
  /// Of users whose rights have changed since the start: a connection may have been let in with
  /// what was true just before.
  struct Rights {
    std::shared_ptr<const Access> access;
    std::uint16_t channels_max = 0;
  };
  std::unordered_map<std::string, Rights> changed_rights_;
  std::unordered_set<std::string> ended_tokens_;

  std::unordered_map<std::string, ChannelRef, StringHash, std::equal_to<>> reply_addresses_;

  Deadlines<QueueId> queue_deadlines_;
  Deadlines<ChannelRef> channel_deadlines_;
  std::vector<QueueId> dirty_queues_;
  std::deque<PendingDeadLetter> dead_letters_;
  std::vector<QueueId> doomed_queues_;
  std::vector<QueueId> abandoned_queues_;  // exclusive to connections that have ended
  bool is_finishing_ = false;

  // Scratch of one publish, kept so that it does not allocate.
  Matches matches_;
  std::vector<Queue*> targets_;
  std::vector<const Exchange*> visited_;
  std::uint64_t route_stamp_ = 0;

  std::unique_ptr<Operations> operations_;
  Requeueing requeueing_{*this};
};

}  // namespace leveret::broker
