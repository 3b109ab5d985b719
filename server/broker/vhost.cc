#include "broker/vhost.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/access.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/dead_letter.h"
#include "broker/direct_reply.h"
#include "broker/exchange.h"
#include "broker/operations.h"
#include "broker/queue.h"

namespace leveret::broker {

using amqp::ReplyCode;

namespace {

/// How long, and how much, what nobody waits for may gather before it is written. Longer than a
/// quick worker takes, shorter than anybody would notice.
constexpr TimeMs patience_ms = 1;
constexpr std::size_t patient_bytes_max = std::size_t{1} << 20U;

amqp::Error token_gone() {
  return amqp::Error{ReplyCode::connection_forced, "the token is not valid any more"};
}

}  // namespace

// The turn.

void Vhost::begin_turn(TimeMs now) {
  now_ = std::max(now, now_);
  requeueing_.begin_turn();
  for (const ConnectionId id : std::exchange(going_on_, {}))
    if (Connection* connection = find_connection(id)) connection->go_on();
  remove_some_abandoned();
}

void Vhost::end_turn() {
  run_deadlines();
  if (requeueing_.wants_step()) requeueing_.step();
  if (operations_->wants_step() && !is_congested()) operations_->step();
  finish_command();
  dispatch_dirty();
  hand_over();
  send_output();
}

TimeMs Vhost::next_deadline() const {
  const bool goes_on = !going_on_.empty() || !abandoned_queues_.empty();
  if (goes_on || requeueing_.wants_step()) return now_;
  if (operations_->wants_step()) return now_ + (is_congested() ? 1 : 0);
  const TimeMs queue = queue_deadlines_.is_empty() ? never : queue_deadlines_.next();
  const TimeMs channel = channel_deadlines_.is_empty() ? never : channel_deadlines_.next();
  return std::min({queue, channel, hand_over_due_});
}

void Vhost::run_deadlines() {
  while (channel_deadlines_.is_due(now_))
    if (Channel* channel = find_channel(channel_deadlines_.pop())) channel->time_out();
  while (queue_deadlines_.is_due(now_)) {
    Queue* queue = find_queue(queue_deadlines_.pop());
    if (queue == nullptr) continue;
    if (queue->is_expired(now_))
      doomed_queues_.push_back(queue->id());  // and registers no further deadline
    else
      queue->maintain();
  }
}

void Vhost::finish_command() {
  if (is_finishing_) return;
  is_finishing_ = true;
  while (!dead_letters_.empty() || !doomed_queues_.empty()) {
    while (!dead_letters_.empty()) {
      const PendingDeadLetter dead = std::move(dead_letters_.front());
      dead_letters_.pop_front();
      try {
        publish_dead_letter(dead);
      } catch (const amqp::Error& error) {  // its headers have grown beyond what can be read again
        drop_dead_letter(dead, error.what());
      }
    }
    for (const QueueId id : std::exchange(doomed_queues_, {})) {
      Queue* queue = find_queue(id);
      if (queue && queue->consumers().empty()) remove_queue(*queue);
    }
  }
  is_finishing_ = false;
}

void Vhost::dispatch_dirty() {
  while (!dirty_queues_.empty()) {
    for (const QueueId id : std::exchange(dirty_queues_, {})) {
      Queue* queue = find_queue(id);
      if (queue == nullptr) continue;
      queue->is_dirty = false;
      queue->dispatch();
    }
    finish_command();
  }
}

/// Acknowledgements, and messages that a quick worker has (see Queue::settles_quickly), stay a
/// moment with the journal: nobody is kept waiting, and a message that is settled meanwhile is
/// never written.
void Vhost::hand_over() {
  const bool is_large =
      journal_.pending_bytes() > std::min(patient_bytes_max, limits_.journal_pending_bytes_max / 2);
  const bool is_due = now_ >= hand_over_due_;
  const bool is_urgent = std::exchange(is_urgent_, false) || is_large;
  const bool stays = journal_.flush(is_urgent ? Urgency::now
                                    : is_due  ? Urgency::due
                                              : Urgency::soon);
  if (!stays)
    hand_over_due_ = never;
  else if (is_due || hand_over_due_ == never)
    hand_over_due_ = now_ + patience_ms;
  transient_store_.flush(Urgency::now);
}

void Vhost::send_output() {
  for (const ChannelRef& ref : std::exchange(confirms_to_send_, {})) {
    Channel* channel = find_channel(ref);
    if (channel == nullptr) continue;
    channel->has_confirms_to_send = false;
    channel->send_confirms();
  }
  for (const ConnectionId id : std::exchange(output_to_send_, {})) {
    Connection* connection = find_connection(id);
    if (connection == nullptr) continue;
    connection->has_output_flagged = false;
    connection->flush();
  }
}

void Vhost::mark_dirty(Queue& queue) {
  if (queue.is_dirty) return;
  queue.is_dirty = true;
  dirty_queues_.push_back(queue.id());
}

void Vhost::let_others_go_first(const Connection& connection) {
  going_on_.push_back(connection.id());
}

void Vhost::resume(ConnectionId id) {
  if (Connection* connection = find_connection(id)) connection->resume();
}

void Vhost::await_commit(Channel& channel) {
  if (std::exchange(channel.is_awaiting_commit, true)) return;
  awaiting_commit_.push_back(ref_to(channel));
}

void Vhost::note_confirms(Channel& channel) {
  if (std::exchange(channel.has_confirms_to_send, true)) return;
  confirms_to_send_.push_back(ref_to(channel));
}

void Vhost::note_output(Connection& connection) {
  if (std::exchange(connection.has_output_flagged, true)) return;
  output_to_send_.push_back(connection.id());
}

void Vhost::copy_settled(const ConfirmOrigin& origin) {
  if (origin.channel_serial == 0) return;
  Channel* channel = find_channel({origin.connection, origin.channel, origin.channel_serial});
  if (channel == nullptr) return;
  channel->confirms().copy_settled(origin.publish_number);
  note_confirms(*channel);
}

void Vhost::add_deadline(TimeMs at, const Channel& channel) {
  channel_deadlines_.add(at, ref_to(channel));
}

Vhost::ChannelRef Vhost::ref_to(const Channel& channel) {
  return {channel.connection().id(), channel.number(), channel.serial()};
}

Channel* Vhost::find_channel(const ChannelRef& ref) const {
  const Connection* connection = find_connection(ref.connection);
  return connection ? connection->find_channel(ref.channel, ref.serial) : nullptr;
}

// Connections.

void Vhost::open_connection(ConnectionId id, ConnectionInfo info, std::shared_ptr<Outbox> outbox) {
  if (const auto changed = changed_rights_.find(info.user); changed != changed_rights_.end()) {
    info.access = changed->second.access;
    info.user_channels_max = changed->second.channels_max;
  }
  const auto [opened, is_new] = connections_.emplace(
      id, std::make_unique<Connection>(*this, id, std::move(info), std::move(outbox)));
  if (is_new) connection_roster_.add(*opened->second);
  ++churn().connections_opened;
  if (!refusal_.empty()) opened->second->fail(amqp::Error{ReplyCode::connection_forced, refusal_});
  if (ended_tokens_.contains(opened->second->info().token)) opened->second->fail(token_gone());
}

Connection* Vhost::find_connection(ConnectionId id) const {
  const auto it = connections_.find(id);
  return it == connections_.end() ? nullptr : it->second.get();
}

void Vhost::receive(ConnectionId id, CommandBatch batch) {
  if (Connection* connection = find_connection(id)) connection->receive(std::move(batch));
}

void Vhost::drained(ConnectionId id, std::size_t bytes, std::uint64_t octets) {
  if (Connection* connection = find_connection(id)) connection->drained(bytes, octets);
}

void Vhost::fail_connection(ConnectionId id, const amqp::Error& error) {
  if (Connection* connection = find_connection(id)) connection->fail(error);
}

void Vhost::fail_channel(ConnectionId id, ChannelNumber channel, const amqp::Error& error) {
  if (Connection* connection = find_connection(id)) connection->fail_channel(channel, error);
}

void Vhost::drop_connection(ConnectionId id) {
  Connection* connection = find_connection(id);
  if (connection == nullptr) return;
  connection->drop();
  counters_.closed_traffic += connection->traffic;
  connection_roster_.remove(*connection);
  connections_.erase(id);
  ++churn().connections_closed;
}

void Vhost::close_all(const std::string& reason) {
  for_each_connection([&](Connection& connection) {
    connection.fail(amqp::Error{ReplyCode::connection_forced, reason});
  });
}

void Vhost::set_access(const std::string& user, const std::shared_ptr<const Access>& access,
                       std::uint16_t channels_max) {
  changed_rights_.insert_or_assign(user, Rights{access, channels_max});
  for_each_connection([&](Connection& connection) {
    if (connection.info().user == user) connection.set_access(access, channels_max);
  });
  finish_command();
}

void Vhost::close_user(const std::string& user, const std::string& reason) {
  for_each_connection([&](Connection& connection) {
    if (connection.info().user == user)
      connection.fail(amqp::Error{ReplyCode::connection_forced, reason});
  });
}

void Vhost::end_token(const std::string& token) {
  ended_tokens_.insert(token);
  for_each_connection([&](Connection& connection) {
    if (connection.info().token == token) connection.fail(token_gone());
  });
}

std::size_t Vhost::unacked_count() const {
  std::size_t count = 0;
  for_each_connection([&](const Connection& connection) {
    connection.for_each_channel(
        [&](const Channel& channel) { count += channel.unacked().count(); });
  });
  return count;
}

std::size_t Vhost::channels_of(std::string_view user) const {
  std::size_t count = 0;
  for_each_connection([&](const Connection& connection) {
    if (connection.info().user == user) count += connection.channel_count();
  });
  return count;
}

// Publishing.

Vhost::PublishResult Vhost::publish(Exchange& exchange, const MessagePtr& message,
                                    const ConfirmOrigin& origin) {
  ++exchange.publish_in;
  if (exchange.is_default() && message->routing_key().starts_with(direct_reply_prefix))
    return {.is_routed = deliver_reply(message)};
  route_keys(exchange, *message);
  const PublishResult result = enqueue(message, origin);
  if (result.is_routed) ++exchange.publish_out;
  return result;
}

bool Vhost::publish(MessagePtr message, Permissions* permissions) {
  if (permissions) permissions->require_exchange(Right::write, message->exchange());
  Exchange& target = exchange(message->exchange());
  if (target.is_internal())
    throw amqp::Error{ReplyCode::access_refused, "cannot publish to internal exchange '" +
                                                     target.name() + "' in vhost '" + name_ + "'"};
  if (permissions) permissions->require_topics(target, *message);
  count_publish(*message, false);
  const PublishResult result = publish(target, message, ConfirmOrigin{});
  if (!result.is_routed) ++stats().drop_unroutable;
  finish_command();
  return result.is_routed;
}

void Vhost::count_publish(const Message& message, bool is_confirm) {
  ++stats().publish;
  counters_.publish_confirm += is_confirm ? 1 : 0;
  counters_.message_bytes.add(static_cast<double>(message.body().size()));
}

VhostCounters Vhost::counters() const {
  VhostCounters all = counters_;
  all.journal = journal_.stats();
  return all;
}

void Vhost::add_reply_address(const std::string& address, const Channel& channel) {
  reply_addresses_[address] = ref_to(channel);
}

/// Whether somebody waits for it.
bool Vhost::deliver_reply(const MessagePtr& message) {
  const auto it = reply_addresses_.find(message->routing_key());
  Channel* channel = it == reply_addresses_.end() ? nullptr : find_channel(it->second);
  return channel && channel->deliver_reply(message);
}

/// Fills targets_ with the queues for the message's routing key and those of its CC and BCC
/// headers.
void Vhost::route_keys(Exchange& exchange, const Message& message) {
  targets_.clear();
  ++route_stamp_;
  visited_.clear();
  const RoutingSubject subject{message.routing_key(), message.headers(), message.properties(),
                               route_stamp_};
  route(exchange, subject);
  if (!message.may_have_cc() && !message.may_have_bcc()) return;
  const auto keys = routing_keys_of(message.routing_key(), subject.headers());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    visited_.clear();
    route(exchange, subject.with_key(keys[i]));
  }
}

void Vhost::route(Exchange& exchange, const RoutingSubject& subject) {
  if (exchange.is_default()) {
    if (Queue* queue = find_queue(subject.routing_key())) choose(*queue);
    return;
  }
  // Exchanges may be bound in circles: each is asked once.
  if (std::ranges::find(visited_, &exchange) != visited_.end()) return;
  visited_.push_back(&exchange);
  const std::size_t first = matches_.size();
  exchange.match(subject, matches_);
  const bool is_unmatched = matches_.size() == first;
  for (std::size_t i = first; i < matches_.size(); ++i) {
    if (matches_[i]->queue)
      choose(*matches_[i]->queue);
    else
      route(*matches_[i]->exchange, subject);
  }
  matches_.resize(first);
  if (!is_unmatched || exchange.alternate().empty()) return;
  if (Exchange* alternate = find_exchange(exchange.alternate())) route(*alternate, subject);
}

/// A message reaches a queue once, however many bindings lead there.
void Vhost::choose(Queue& queue) {
  if (queue.route_stamp == route_stamp_) return;
  queue.route_stamp = route_stamp_;
  targets_.push_back(&queue);
}

Vhost::PublishResult Vhost::enqueue(const MessagePtr& message, const ConfirmOrigin& origin) {
  PublishResult result{.is_routed = !targets_.empty()};
  counters_.routed += targets_.size();
  std::size_t storing = 0;
  for (const Queue* queue : targets_) storing += queue->stores(*message) ? 1 : 0;
  const bool is_shared = storing > 1 || (storing == 0 && targets_.size() > 1);
  const ContentId content = is_shared ? ++last_content_ : 0;
  for (Queue* queue : targets_) {
    if (!queue->accepts_publish(message->body().size())) {
      result.is_refused = true;
      refuse(*queue, message);
      continue;
    }
    const Keeper keeper = queue->push(message, content, origin);
    result.stored_copies += keeper == Keeper::journal ? 1 : 0;
    result.is_in_transient_store |= keeper == Keeper::transient_store;
  }
  return result;
}

/// The publisher hears of it by a nack when it asked for confirms; here it is counted.
void Vhost::refuse(Queue& queue, const MessagePtr& message) {
  if (queue.parsed().overflow != Overflow::reject_publish_dlx)
    return count_drop(queue, DeathReason::maxlen);
  Entry entry;
  entry.message = message;
  dead_letter(queue, std::move(entry), DeathReason::maxlen);
}

// Dead letters.

void Vhost::count_drop(Queue& queue, DeathReason reason) {
  ++queue.stats.dropped[static_cast<int>(reason)];
  ++stats(queue.kind()).dropped[static_cast<int>(reason)];
}

void Vhost::dead_letter(Queue& queue, Entry entry, DeathReason reason) {
  queue.forget(entry);
  if (!queue.parsed().dead_letter_exchange) return count_drop(queue, reason);
  dead_letters_.push_back({queue.id(), std::move(entry), reason});
}
/// Throws before anything has changed.
void Vhost::publish_dead_letter(const PendingDeadLetter& dead) {
  Queue* source = find_queue(dead.queue);
  if (source == nullptr) return;
  const QueueArguments& arguments = source->parsed();
  // A policy may have changed since it died.
  if (!arguments.dead_letter_exchange)
    return drop_dead_letter(dead, "it has no dead-letter exchange");
  Exchange* exchange = find_exchange(*arguments.dead_letter_exchange);
  if (exchange == nullptr) return drop_dead_letter(dead, "its dead-letter exchange does not exist");
  const DeadLetter letter = make_dead_letter(
      *dead.entry.message, {dead.reason, source->name(), now_},
      arguments.dead_letter_routing_key ? &*arguments.dead_letter_routing_key : nullptr);
  const MessagePtr message =
      Message::make(exchange->name(), letter.routing_keys.front(),
                    amqp::write_properties(letter.properties), dead.entry.message->body(), now_);
  targets_.clear();
  ++route_stamp_;
  const RoutingSubject subject{message->routing_key(), message->headers(), message->properties(),
                               route_stamp_};
  for (const std::string& key : letter.routing_keys) {
    visited_.clear();
    route(*exchange, subject.with_key(key));
  }
  const bool was_routed = !targets_.empty();
  std::erase_if(targets_, [&](const Queue* target) {
    return is_cycle(*letter.properties.headers, target->name());
  });
  if (targets_.empty())
    return drop_dead_letter(dead, was_routed ? "it came round in a cycle without a rejection"
                                             : "its dead-letter exchange has no route for it");
  ++exchange->publish_in;
  ++exchange->publish_out;
  ++source->stats.dead_lettered[static_cast<int>(dead.reason)];
  ++stats(source->kind()).dead_lettered[static_cast<int>(dead.reason)];
  enqueue(message, ConfirmOrigin{});
}

void Vhost::drop_dead_letter(const PendingDeadLetter& dead, std::string_view why) {
  Queue* source = find_queue(dead.queue);
  const auto reason = static_cast<int>(dead.reason);
  ++stats(source->kind()).dropped[reason];
  if (source->stats.dropped[reason]++ == 0)
    log::warn("a message of " + source->describe() + " (" + std::string{name_of(dead.reason)} +
              ") is dropped, since " + std::string{why} + "; further ones are only counted");
}

void Vhost::doom(Queue& queue) {
  doomed_queues_.push_back(queue.id());
}

}  // namespace leveret::broker
