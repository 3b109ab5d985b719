#include "sim/client.h"

#include <algorithm>
#include <utility>

#include "amqp/frame.h"

namespace leveret::sim {

using namespace amqp;

namespace {

/// Methods that answer a request; all others come by themselves.
bool is_answer(std::string_view name) {
  return name.ends_with("-ok") || name == "basic.get-empty";
}

}  // namespace

Client::Client(const Setup& setup, Model& model, std::uint64_t connection, bool is_transactional)
    : setup_(setup), model_(model), connection_(connection), is_transactional_(is_transactional) {
  output.append(protocol_header);
  Table capabilities{{"consumer_cancel_notify", Value{true}}, {"connection.blocked", Value{true}}};
  Table properties{{"capabilities", Value{std::move(capabilities)}}};
  send(0, connection::StartOk{.client_properties = properties,
                              .mechanism = "PLAIN",
                              .response = {std::string_view{"\0guest\0guest", 12}},
                              .locale = "en_US"});
  send(0,
       connection::TuneOk{.channel_max = 16, .frame_max = setup.server.frame_max, .heartbeat = 0});
  send(0, connection::Open{.virtual_host = "/"});
  expected_.push_back({.method = "connection.open-ok"});
  send(1, channel::Open{});
  expect({.method = "channel.open-ok"});
  if (is_transactional) {
    send(1, tx::Select{});
    expect({.method = "tx.select-ok"});
    return;
  }
  send(1, confirm::Select{});
  expect({.method = "confirm.select-ok"});
  send(2, channel::Open{});
  expect({.method = "channel.open-ok"});
}

void Client::send(std::uint16_t channel, const Method& method) {
  write_method_frame(output, channel, method);
}

void Client::expect(Expected expected) {
  expected.proves = unproven_.size();
  expected_.push_back(std::move(expected));
}

void Client::declare_all() {
  send(1, exchange::Declare{.exchange = "fan", .type = "fanout", .durable = true});
  expect({.method = "exchange.declare-ok"});
  for (const Setup::Queue& queue : setup_.queues) {
    send(1, queue::Declare{.queue = queue.rules.name,
                           .durable = queue.rules.durable,
                           .arguments = queue.arguments});
    expect({.method = "queue.declare-ok"});
  }
  for (const int index : setup_.fanout) {
    const std::string& name = setup_.queues[static_cast<std::size_t>(index)].rules.name;
    send(1, queue::Bind{.queue = name, .exchange = "fan"});
    expect({.method = "queue.bind-ok"});
  }
}

void Client::publish(int route, const Model::Publish& wanted) {
  Model::Publish publish = wanted;
  publish.publisher = static_cast<std::uint32_t>(connection_);
  publish.queues = setup_.targets(route);
  publish.is_in_tx = is_transactional_;
  const Model::MessageId id = model_.publish(publish);
  send_publish(route, id, publish);
  if (is_transactional_)
    transaction_.push_back(id);
  else
    unconfirmed_[++last_publish_] = id;
}

void Client::send_publish(int route, Model::MessageId id, const Model::Publish& publish) {
  const std::string exchange = setup_.exchange(route);
  const std::string key = setup_.routing_key(route);
  send(1,
       basic::Publish{.exchange = exchange, .routing_key = key, .mandatory = publish.is_mandatory});
  Properties properties;
  properties.delivery_mode = publish.is_persistent ? 2 : 1;
  if (publish.priority > 0) properties.priority = static_cast<std::uint8_t>(publish.priority);
  if (publish.ttl >= 0) properties.expiration = std::to_string(publish.ttl);
  const std::string body = model_.body_of(id);
  write_header_frame(output, 1, body.size(), write_properties(properties));
  write_body_frames(output, 1, body, setup_.server.frame_max);
}

/// What this channel and others have acknowledged is recorded before this message.
void Client::barrier() {
  if (is_transactional_) return;
  publish(setup_.sink_route(), {.queues = {}, .is_persistent = true, .body_bytes = 8});
  barriers_.push_back({last_publish_, model_.mark(unproven_)});
}

void Client::consume(int queue, std::uint16_t prefetch, bool no_ack) {
  if (is_channel_closing_ || consumers_.size() >= 3) return;
  const std::string tag = "c" + std::to_string(++last_consumer_);
  send(consuming(), basic::Qos{.prefetch_count = prefetch});
  expect({.method = "basic.qos-ok"});
  send(consuming(),
       basic::Consume{.queue = model_.rules(queue).name, .consumer_tag = tag, .no_ack = no_ack});
  expect({.method = "basic.consume-ok", .queue = queue});
  note_risk();
  consumers_[tag] = {.queue = queue, .prefetch = prefetch, .no_ack = no_ack};
}

void Client::cancel(std::uint32_t which) {
  if (is_channel_closing_ || consumers_.empty()) return;
  auto at = consumers_.begin();
  std::advance(at, which % consumers_.size());
  if (std::exchange(at->second.is_cancelled, true)) return;
  send(consuming(), basic::Cancel{.consumer_tag = at->first});
  expect({.method = "basic.cancel-ok", .consumer = at->first});
}

void Client::get(int queue, bool no_ack) {
  if (is_channel_closing_) return;
  send(consuming(), basic::Get{.queue = model_.rules(queue).name, .no_ack = no_ack});
  expect({.method = "basic.get-ok", .queue = queue, .no_ack = no_ack});
  note_risk();
}

void Client::settle(std::uint32_t which, bool multiple, Answer answer) {
  std::vector<std::uint64_t> open;
  for (const auto& [tag, held] : held_)
    if (!held.is_in_tx) open.push_back(tag);
  if (is_channel_closing_ || is_recovering_ || open.empty()) return;
  const std::uint64_t last = open[which % open.size()];
  if (answer == Answer::ack)
    send(consuming(), basic::Ack{.delivery_tag = last, .multiple = multiple});
  else if (multiple || which % 2 == 0)
    send(consuming(),
         basic::Nack{
             .delivery_tag = last, .multiple = multiple, .requeue = answer == Answer::requeue});
  else
    send(consuming(), basic::Reject{.delivery_tag = last, .requeue = answer == Answer::requeue});
  for (const std::uint64_t tag : open) {
    if (tag != last && !(multiple && tag < last)) continue;
    if (is_transactional_) {
      held_[tag].is_in_tx = true;
      settled_in_tx_.emplace_back(tag, answer);
    } else {
      apply(held_[tag], answer);
      held_.erase(tag);
    }
  }
}

/// Not any more when the broker has closed the channel, and given it to somebody else.
bool Client::is_mine(const Held& held) const {
  return held.copy && held.copy->holder == holder(consuming());
}

/// Until the last question about the queue that may be missing is answered.
void Client::note_risk() {
  model_.set_at_risk(holder(consuming()), is_at_risk());
}

bool Client::is_at_risk() const {
  return std::ranges::any_of(expected_,
                             [&](const Expected& each) { return each.queue == setup_.wild; });
}

void Client::apply(Held& held, Answer answer) {
  has_given_back_ = true;
  if (const auto consumer = consumers_.find(held.consumer); consumer != consumers_.end())
    --consumer->second.held;
  if (!is_mine(held)) return;
  switch (answer) {
    case Answer::ack: model_.acked(*held.copy); break;
    case Answer::requeue: return model_.requeued(*held.copy);
    case Answer::reject: model_.rejected(*held.copy); break;
  }
  unproven_.push_back(held.copy);
}

/// Also what is on its way here goes back, and comes again under another tag: until the answer has
/// come, nothing is settled.
void Client::recover() {
  if (is_channel_closing_ || is_recovering_) return;
  has_given_back_ = true;
  is_recovering_ = true;
  for (auto& [tag, held] : held_)
    if (!held.is_in_tx && is_mine(held)) model_.requeued(*held.copy);
  send(consuming(), basic::Recover{.requeue = true});
  expect({.method = "basic.recover-ok"});
}

void Client::on_recovered() {
  is_recovering_ = false;
  for (auto& [tag, held] : held_) {
    const auto consumer = held.is_in_tx ? consumers_.end() : consumers_.find(held.consumer);
    if (consumer != consumers_.end()) --consumer->second.held;
  }
  std::erase_if(held_, [](const auto& each) { return !each.second.is_in_tx; });
}

void Client::purge(int queue) {
  model_.purge_sent(queue);
  send(1, queue::Purge{.queue = model_.rules(queue).name});
  expect({.method = "queue.purge-ok", .queue = queue});
  note_risk();
}

void Client::delete_and_declare(int queue) {
  model_.purge_sent(queue);
  send(1, queue::Delete{.queue = model_.rules(queue).name});
  expect({.method = "queue.delete-ok"});
  const Setup::Queue& again = setup_.queues[static_cast<std::size_t>(queue)];
  send(1, queue::Declare{.queue = again.rules.name,
                         .durable = again.rules.durable,
                         .arguments = again.arguments});
  expect({.method = "queue.declare-ok"});
}

void Client::commit() {
  if (!is_transactional_ || is_channel_closing_ || is_recovering_) return;
  send(1, tx::Commit{});
  for (const auto& [tag, answer] : std::exchange(settled_in_tx_, {})) {
    apply(held_[tag], answer);
    held_.erase(tag);
  }
  model_.commit_sent(transaction_);
  expect({.method = "tx.commit-ok", .messages = std::exchange(transaction_, {})});
}

void Client::roll_back() {
  if (!is_transactional_ || is_channel_closing_ || is_recovering_) return;
  send(1, tx::Rollback{});
  expect({.method = "tx.rollback-ok"});
  for (const auto& [tag, answer] : std::exchange(settled_in_tx_, {})) held_[tag].is_in_tx = false;
  model_.rolled_back(std::exchange(transaction_, {}));
}

/// All that it holds goes back. Until the answer has come, deliveries still may; they are ignored.
void Client::let_go() {
  has_given_back_ = true;
  model_.released(holder(consuming()));
  held_.clear();
  consumers_.clear();
  is_recovering_ = false;
  settled_in_tx_.clear();
  model_.rolled_back(std::exchange(transaction_, {}));
}

void Client::close_channel() {
  if (std::exchange(is_channel_closing_, true)) return;
  send(consuming(), channel::Close{.reply_code = 200, .reply_text = "bye"});
  expect({.method = "channel.close-ok"});
  let_go();
  send(consuming(), channel::Open{});
  expect({.method = "channel.open-ok"});
  if (!is_transactional_) return;
  send(1, tx::Select{});
  expect({.method = "tx.select-ok"});
}

void Client::close() {
  if (std::exchange(is_closing_, true)) return;
  send(0, connection::Close{.reply_code = 200, .reply_text = "bye"});
  let_go();
}

void Client::lost() {
  let_go();
  is_closing_ = true;
}

// What comes.

void Client::fail(std::string kind, std::string text) {
  model_.fail(std::move(kind), "connection " + std::to_string(connection_) + ": " + text);
}

void Client::receive(std::string_view bytes, Time at) {
  if (input_.empty()) earliest_ = at;
  latest_ = at;
  input_ += bytes;
  std::string_view rest = input_;
  try {
    while (can_go_on(rest)) {
      const auto frame = read_frame(rest, 0);
      if (!frame) break;
      rest.remove_prefix(frame->total_bytes());
      if (frame->type == FrameType::method) {
        on_frame(frame->channel, read_method(frame->payload));
      } else if (frame->type == FrameType::header) {
        begin_content(read_content_header(frame->payload).body_bytes);
      } else if (frame->type == FrameType::body) {
        incoming_.body += frame->payload;
        if (incoming_.body.size() >= incoming_.missing_bytes) on_message();
      }
    }
  } catch (const Error& error) {
    fail("BYTES", error.what());
  }
  input_.erase(0, input_.size() - rest.size());
}

/// As long as the broker may have closed the channel, what comes on it may be somebody else's by
/// now: nothing is read until the last question of that kind is answered, or the channel is closed.
bool Client::can_go_on(std::string_view input) {
  const auto last =
      std::ranges::find(expected_.rbegin(), expected_.rend(), setup_.wild, &Expected::queue);
  if (last == expected_.rend() || is_refused_) return true;
  auto missing = expected_.rend() - last;
  if (incoming_.kind == Incoming::Kind::got) --missing;  // It has come in part.
  while (missing > 0) {
    const auto frame = read_frame(input, 0);
    if (!frame) return false;
    input.remove_prefix(frame->total_bytes());
    if (frame->type != FrameType::method) continue;
    const Method method = read_method(frame->payload);
    is_refused_ = std::holds_alternative<channel::Close>(method);
    if (is_refused_) return true;
    if (is_answer(key_of(method).name)) --missing;
  }
  return true;
}

void Client::begin_content(std::uint64_t bytes) {
  incoming_.missing_bytes = bytes;
  incoming_.body.clear();
  if (bytes == 0) on_message();
}

void Client::on_frame(std::uint16_t, const Method& method) {
  const std::string_view name = key_of(method).name;
  if (const auto* deliver = std::get_if<basic::Deliver>(&method)) {
    incoming_ = {.kind = Incoming::Kind::delivery,
                 .consumer = std::string(deliver->consumer_tag),
                 .tag = deliver->delivery_tag,
                 .redelivered = deliver->redelivered,
                 .body = {}};
  } else if (const auto* got = std::get_if<basic::GetOk>(&method)) {
    incoming_ = {.kind = Incoming::Kind::got,
                 .consumer = {},
                 .tag = got->delivery_tag,
                 .redelivered = got->redelivered,
                 .body = {}};
  } else if (std::holds_alternative<basic::Return>(method)) {
    incoming_ = {.kind = Incoming::Kind::returned, .consumer = {}, .body = {}};
  } else if (const auto* ack = std::get_if<basic::Ack>(&method)) {
    on_confirm(ack->delivery_tag, ack->multiple, false);
  } else if (const auto* nack = std::get_if<basic::Nack>(&method)) {
    on_confirm(nack->delivery_tag, nack->multiple, true);
  } else if (const auto* cancel = std::get_if<basic::Cancel>(&method)) {
    consumers_.erase(std::string(cancel->consumer_tag));
  } else if (std::holds_alternative<connection::Blocked>(method)) {
    is_blocked_ = true;
  } else if (std::holds_alternative<connection::Unblocked>(method)) {
    is_blocked_ = false;
  } else if (const auto* end = std::get_if<channel::Close>(&method)) {
    // Another client may just have deleted the one queue that is deleted.
    const std::string& wild = setup_.queues[static_cast<std::size_t>(setup_.wild)].rules.name;
    if (end->reply_code != 404 || end->reply_text.find("'" + wild + "'") == std::string_view::npos)
      return fail("CLOSED", std::string(end->reply_text));
    expected_.clear();
    unconfirmed_.clear();
    close();
  } else if (const auto* over = std::get_if<connection::Close>(&method)) {
    fail("CLOSED", std::string(over->reply_text));
  } else if (is_answer(name)) {
    on_answer(method);
  }
}

void Client::on_answer(const Method& method) {
  const std::string_view name = key_of(method).name;
  if (is_closing_) return;
  const bool is_nothing = name == "basic.get-empty";
  if (expected_.empty() || (expected_.front().method != name &&
                            !(is_nothing && expected_.front().method == "basic.get-ok")))
    return fail("ANSWER",
                std::string(name) + " comes, and what is expected is " +
                    (expected_.empty() ? "nothing" : std::string(expected_.front().method)));
  const Expected expected = std::move(expected_.front());
  expected_.pop_front();
  note_risk();
  prove(expected.proves);
  if (name == "connection.open-ok") is_ready_ = true;
  if (name == "tx.commit-ok") model_.committed(expected.messages, latest_);
  if (name == "basic.recover-ok" && !is_channel_closing_) on_recovered();
  if (name == "basic.cancel-ok") consumers_.erase(expected.consumer);
  if (name == "channel.close-ok") {
    is_channel_closing_ = false;
    last_tag_ = 0;
  }
}

/// The first `count` acknowledgements that were not known to have been processed are.
void Client::prove(std::size_t count) {
  count = std::min(count, unproven_.size());
  for (std::size_t i = 0; i < count; ++i) model_.ack_processed(*unproven_[i]);
  unproven_.erase(unproven_.begin(), unproven_.begin() + static_cast<std::ptrdiff_t>(count));
  for (Expected& each : expected_) each.proves -= std::min(each.proves, count);
}

void Client::all_processed() {
  has_given_back_ = false;
  prove(unproven_.size());
}

void Client::on_confirm(std::uint64_t tag, bool multiple, bool is_nack) {
  if (is_closing_) return;
  const auto last = unconfirmed_.find(tag);
  if (last == unconfirmed_.end())
    return fail("CONFIRM", "publish " + std::to_string(tag) + " is confirmed, and does not wait");
  if (!multiple && last != unconfirmed_.begin())
    return fail("CONFIRM",
                "publish " + std::to_string(tag) + " is confirmed before an earlier one");
  const auto end = std::next(last);
  for (auto each = unconfirmed_.begin(); each != end; ++each)
    is_nack ? model_.refused(each->second) : model_.confirmed(each->second, latest_);
  unconfirmed_.erase(unconfirmed_.begin(), end);
  for (; !barriers_.empty() && barriers_.front().tag <= tag; barriers_.pop_front())
    if (!is_nack) model_.is_durable(barriers_.front().mark);
}

void Client::on_message() {
  const Incoming::Kind kind = std::exchange(incoming_.kind, Incoming::Kind::none);
  if (kind == Incoming::Kind::returned) return model_.returned(incoming_.body);
  if (kind == Incoming::Kind::none) return fail("BYTES", "a body without a method");
  if (kind == Incoming::Kind::got) {
    if (is_closing_) return;
    if (expected_.empty() || expected_.front().method != "basic.get-ok")
      return fail("ANSWER", "basic.get-ok comes, and is not expected");
  }
  const bool is_got = kind == Incoming::Kind::got;
  Expected expected;
  if (is_got) {
    expected = std::move(expected_.front());
    expected_.pop_front();
    note_risk();
    prove(expected.proves);
  }
  // What comes on its way to a closed channel goes back by itself.
  if (is_channel_closing_ || is_closing_ || is_refused_) return;
  if (incoming_.tag != ++last_tag_)
    return fail("TAG", "delivery tag " + std::to_string(incoming_.tag) + " comes in place of " +
                           std::to_string(last_tag_));
  int queue = expected.queue;
  bool no_ack = expected.no_ack;
  if (!is_got) {
    const auto consumer = consumers_.find(incoming_.consumer);
    if (consumer == consumers_.end())
      return fail("NOBODY", "a delivery to consumer '" + incoming_.consumer + "', which is gone");
    Consumer& to = consumer->second;
    queue = to.queue;
    no_ack = to.no_ack;
    if (!no_ack && ++to.held > to.prefetch && to.prefetch > 0)
      fail("PREFETCH", "consumer '" + incoming_.consumer + "' gets more than its prefetch");
  }
  // What the broker sent before it was asked to recover has gone back by now.
  const bool is_stale = is_recovering_ && !no_ack;
  Model::Copy* copy =
      is_stale ? nullptr
               : model_.delivered(queue, incoming_.body, incoming_.redelivered, holder(consuming()),
                                  no_ack, earliest_, holder(consuming()));
  if ((copy || is_stale) && !no_ack)
    held_[incoming_.tag] = {.copy = copy, .consumer = is_got ? "" : incoming_.consumer};
}

bool Client::could_take(int queue) const {
  if (!is_ready() || is_channel_closing_) return false;
  return std::ranges::any_of(consumers_, [&](const auto& each) {
    const Consumer& consumer = each.second;
    const bool has_credit =
        consumer.no_ack || consumer.prefetch == 0 || consumer.held < consumer.prefetch;
    return consumer.queue == queue && !consumer.is_cancelled && has_credit;
  });
}

std::string Client::state() const {
  return "connection " + std::to_string(connection_) + " awaits " +
         (expected_.empty() ? "no answer" : std::string(expected_.front().method)) + " and " +
         std::to_string(unconfirmed_.size()) + " confirms";
}

}  // namespace leveret::sim
