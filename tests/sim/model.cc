#include "sim/model.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace leveret::sim {

void Model::fail(std::string kind, std::string text) {
  if (!violation_) violation_ = Violation{std::move(kind), std::move(text)};
}

void Model::at(Time now) {
  now_ = now;
  latest_ = std::max(latest_, now);
}

// What is known of a copy.

std::string Model::name(const Copy& copy) const {
  return "message " + std::to_string(copy.message) + " in queue '" + rules_of(copy).name + "'";
}

/// The body says which message it is, and what else it must be.
std::string Model::body_of(MessageId id) const {
  std::string body = "m" + std::to_string(id) + ":";
  for (std::size_t i = body.size(); i < message(id).publish.body_bytes; ++i)
    body += static_cast<char>('a' + (id * 7 + i) % 26);
  return body;
}

Model::Message* Model::identify(std::string_view body) {
  MessageId id = 0;
  if (body.starts_with('m')) std::from_chars(body.data() + 1, body.data() + body.size(), id);
  if (id == 0 || id > messages_.size()) {
    fail("GHOST", "a message that nobody has published: '" + std::string(body.substr(0, 40)) + "'");
    return nullptr;
  }
  if (body != body_of(id)) {
    fail("CORRUPT", "message " + std::to_string(id) + " has another body");
    return nullptr;
  }
  return &message(id);
}

Model::Copy* Model::find(Message& of, int queue) {
  const auto found = std::ranges::find(of.copies, queue, &Copy::queue);
  return found == of.copies.end() ? nullptr : &*found;
}

Model::Copy* Model::dead_letter_of(Message& of, const Copy& copy) {
  const int queue = rules_of(copy).dead_letters;
  return queue < 0 ? nullptr : find(of, queue);
}

Time Model::ttl_of(const Message& of, const Copy& copy) const {
  const Time queue_ttl = rules_of(copy).ttl;
  if (copy.source >= 0) return queue_ttl;  // a dead letter has lost its own
  const Time own = of.publish.ttl;
  return own < 0 || queue_ttl < 0 ? std::max(own, queue_ttl) : std::min(own, queue_ttl);
}

/// Whether the rules of its queue allow that it has died there.
bool Model::may_have_died(const Copy& copy) const {
  const QueueRules& queue = rules_of(copy);
  const Message& of = message(copy.message);
  const Time ttl = ttl_of(of, copy);
  const bool may_have_expired = ttl >= 0 && latest_ >= of.sent_at + ttl;
  return copy.is_rejected || queue.may_overflow || queue.has_delivery_limit || may_have_expired;
}

bool Model::may_be_dropped(const Copy& copy) const {
  const QueueRules& queue = rules_of(copy);
  return queue.may_lose || copy.is_purged || (queue.dead_letters < 0 && may_have_died(copy));
}

bool Model::survives_crash(const Copy& copy) const {
  return rules_of(copy).durable && message(copy.message).publish.is_persistent;
}

// Publishing.

Model::MessageId Model::publish(Publish publish) {
  Message& added = messages_.emplace_back();
  const auto id = static_cast<MessageId>(messages_.size());
  added.sent_at = now_;
  added.sent_stamp = ++stamp_;
  if (!publish.is_in_tx) added.transaction = ++transactions_;
  for (const int queue : publish.queues) {
    added.copies.push_back({.message = id, .queue = queue, .is_sent = !publish.is_in_tx});
    const int source = static_cast<int>(added.copies.size()) - 1;
    if (rules(queue).dead_letters >= 0)
      added.copies.push_back({.message = id, .queue = rules(queue).dead_letters, .source = source});
  }
  added.publish = std::move(publish);
  return id;
}

void Model::confirmed(MessageId id, Time at) {
  Message& of = message(id);
  of.accepted_at = at;
  of.is_answered = true;
  of.assured_stamp = ++stamp_;
  if (of.publish.is_mandatory && of.publish.queues.empty() && !of.was_returned)
    fail("RETURN", "message " + std::to_string(id) + " is confirmed and was not returned before");
  for (Copy& copy : of.copies)
    if (copy.source < 0) copy.is_assured = true;
}

void Model::refused(MessageId id) {
  Message& of = message(id);
  of.is_answered = true;
  const auto refuses = [&](int queue) { return rules(queue).may_refuse; };
  if (std::ranges::none_of(of.publish.queues, refuses))
    fail("NACK", "message " + std::to_string(id) + " is refused, by no queue that may");
  if (of.copies.size() == 1) of.copies.front().is_gone = true;
}

void Model::returned(std::string_view body) {
  Message* of = identify(body);
  if (of == nullptr) return;
  // A queue that is deleted and declared anew is missing for a moment.
  const auto may_be_missing = [&](int queue) { return rules(queue).may_lose; };
  if (!of->publish.is_mandatory || !std::ranges::all_of(of->publish.queues, may_be_missing))
    fail("RETURN", std::string(body.substr(0, 8)) + " is returned, and has a queue");
  of->was_returned = true;
}

void Model::commit_sent(const std::vector<MessageId>& ids) {
  ++transactions_;
  for (const MessageId id : ids) {
    Message& of = message(id);
    of.publish.is_in_tx = false;
    of.transaction = transactions_;
    of.sent_stamp = ++stamp_;
    for (Copy& copy : of.copies)
      if (copy.source < 0) copy.is_sent = true;
  }
}

void Model::committed(const std::vector<MessageId>& ids, Time at) {
  for (const MessageId id : ids) {
    Message& of = message(id);
    of.is_answered = true;
    of.accepted_at = at;
    of.assured_stamp = ++stamp_;
    for (Copy& copy : of.copies)
      if (copy.source < 0 && !rules_of(copy).may_refuse) copy.is_assured = true;
  }
}

void Model::rolled_back(const std::vector<MessageId>& ids) {
  for (const MessageId id : ids)
    for (Copy& copy : message(id).copies) copy.is_gone = true;
}

// Consuming.

Model::Copy* Model::delivered(int queue, std::string_view body, bool redelivered, Holder holder,
                              bool no_ack, Time sent_at, Holder line) {
  ++deliveries_;
  Message* of = identify(body);
  Copy* copy = of ? find(*of, queue) : nullptr;
  if (of == nullptr) return nullptr;
  if (copy == nullptr || (copy->source < 0 && !copy->is_sent)) {
    fail("GHOST", "message " + std::string(body.substr(0, 8)) + " is delivered from queue '" +
                      rules(queue).name + "', where it was not published to");
    return nullptr;
  }
  if (copy->source >= 0) {
    Copy& source = of->copies[static_cast<std::size_t>(copy->source)];
    if (!may_have_died(source))
      fail("GHOST", name(source) + " did not die, and is delivered as dead");
    if (source.holder != 0 && !at_risk_.contains(source.holder))
      fail("DUPLICATE", name(source) + " is held, and delivered as dead");
    if (!copy->is_sent && source.is_gone)
      fail("RESURRECT", name(source) + " was gone, and is delivered as dead");
    source.has_moved = true;
    copy->is_sent = true;
  } else if (copy->has_moved) {
    fail("DUPLICATE", name(*copy) + " is delivered after it came as a dead letter");
  }
  if (copy->is_gone) fail("RESURRECT", name(*copy) + " is delivered, and was gone");
  if (copy->ack >= Ack::processed) fail("RESURRECT", name(*copy) + " was acknowledged");
  if (copy->holder != 0 && !at_risk_.contains(copy->holder))
    fail("DUPLICATE", name(*copy) + " is delivered while somebody holds it");
  if (copy->was_delivered && !redelivered)
    fail("UNFLAGGED", name(*copy) + " came before and is not marked redelivered");
  const Time ttl = ttl_of(*of, *copy);
  if (ttl >= 0 && copy->source < 0 && of->accepted_at >= 0 && sent_at > of->accepted_at + ttl)
    fail("EXPIRED", name(*copy) + " is delivered though its time was over");
  check_order(*copy, redelivered, line);
  copy->was_delivered = true;
  copy->ack = no_ack ? Ack::processed : Ack::none;
  if (no_ack) ++copy->acks;
  copy->holder = no_ack ? 0 : holder;
  return copy;
}

/// What was not delivered before comes in the order in which it stands in the queue, and what one
/// channel publishes stands in that order, for each priority.
void Model::check_order(Copy& copy, bool redelivered, Holder line) {
  if (redelivered || copy.source >= 0) return;
  const Publish& publish = message(copy.message).publish;
  MessageId& last = lines_[{copy.queue, line}].last[{publish.publisher, publish.priority}];
  if (copy.message < last)
    fail("ORDER", name(copy) + " is delivered after message " + std::to_string(last) +
                      ", which was published later on the same channel");
  last = std::max(last, copy.message);
}

void Model::acked(Copy& copy) {
  copy.ack = Ack::sent;
  ++copy.acks;
  copy.holder = 0;
}

void Model::ack_processed(Copy& copy) {
  if (copy.ack == Ack::sent) copy.ack = Ack::processed;
}

/// Without a place for the dead it is gone like an acknowledged one.
void Model::rejected(Copy& copy) {
  copy.is_rejected = true;
  copy.holder = 0;
  if (rules_of(copy).dead_letters < 0) acked(copy);
}

void Model::requeued(Copy& copy) {
  copy.holder = 0;
}

void Model::released(Holder holder) {
  for (Message& of : messages_)
    for (Copy& copy : of.copies)
      if (copy.holder == holder) copy.holder = 0;
}

void Model::set_at_risk(Holder holder, bool is_at_risk) {
  if (is_at_risk)
    at_risk_.insert(holder);
  else
    at_risk_.erase(holder);
}

void Model::purge_sent(int queue) {
  for (Message& of : messages_)
    if (Copy* copy = find(of, queue)) copy->is_purged = true;
}

Model::Mark Model::mark(const std::vector<Copy*>& more) {
  Mark mark;
  for (Copy* copy : more) mark.acks.emplace_back(copy, copy->acks);
  for (Message& of : messages_)
    for (Copy& copy : of.copies)
      if (copy.ack == Ack::processed) mark.acks.emplace_back(&copy, copy.acks);
  return mark;
}

void Model::is_durable(const Mark& mark) {
  for (const auto& [copy, acks] : mark.acks)
    if (copy->acks == acks && copy->ack != Ack::none) copy->ack = Ack::durable;
}

bool Model::must_have_ready(int queue) const {
  return std::ranges::any_of(messages_, [&](const Message& of) {
    return std::ranges::any_of(of.copies, [&](const Copy& copy) {
      return copy.queue == queue && copy.is_assured && !copy.is_gone && copy.ack == Ack::none &&
             copy.holder == 0 && !copy.has_moved && !may_have_died(copy) && !may_be_dropped(copy);
    });
  });
}

}  // namespace leveret::sim
