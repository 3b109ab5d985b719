#include "unit/broker/support/fake_journal.h"

#include <algorithm>
#include <stdexcept>

namespace leveret::broker::test {
namespace {

bool is_same(const BindingRecord& a, const BindingRecord& b) {
  return a.source == b.source && a.destination == b.destination && a.to_exchange == b.to_exchange &&
         a.routing_key == b.routing_key && a.arguments == b.arguments;
}

std::string range_text(Seq seq) {
  return " " + std::to_string(seq);
}

}  // namespace

void FakeJournal::record(std::string text, Change change, std::size_t bytes) {
  change(now_);
  uncommitted_.push_back(std::move(change));
  turn_.push_back(std::move(text));
  pending_bytes_ += bytes;
}

void FakeJournal::put_exchange(const ExchangeRecord& exchange) {
  record("put exchange " + exchange.name,
         [exchange](State& state) { state.exchanges[exchange.name] = exchange; });
}

void FakeJournal::drop_exchange(const std::string& name) {
  record("drop exchange " + name, [name](State& state) {
    state.exchanges.erase(name);
    std::erase_if(state.bindings, [&](const BindingRecord& b) {
      return b.source == name || (b.to_exchange && b.destination == name);
    });
  });
}

void FakeJournal::put_queue(const QueueRecord& queue) {
  const auto whole = names_.find(queue.level_of);
  names_[queue.id] =
      whole == names_.end() ? queue.name : whole->second + "/" + std::to_string(queue.priority);
  record("put queue " + names_[queue.id], [queue](State& state) {
    state.queues[queue.id].record = queue;
    state.last_queue_id = std::max(state.last_queue_id, queue.id.value);
  });
}

void FakeJournal::drop_queue(QueueId queue, const std::string& name) {
  record("drop queue " + name_of(queue), [queue, name](State& state) {
    state.queues.erase(queue);
    if (name.empty()) return;
    std::erase_if(state.bindings,
                  [&](const BindingRecord& b) { return !b.to_exchange && b.destination == name; });
  });
}

void FakeJournal::put_binding(const BindingRecord& binding) {
  record("put binding " + binding.source + " " + binding.destination,
         [binding](State& state) { state.bindings.push_back(binding); });
}

void FakeJournal::drop_binding(const BindingRecord& binding) {
  record("drop binding " + binding.source + " " + binding.destination, [binding](State& state) {
    std::erase_if(state.bindings, [&](const BindingRecord& b) { return is_same(b, binding); });
  });
}

void FakeJournal::put_policy(const PolicyRecord& policy) {
  record("put policy " + policy.name, [policy](State& state) {
    state.policies[{policy.kind, policy.name}] = policy;
  });
}

void FakeJournal::drop_policy(PolicyKind kind, const std::string& name) {
  record("drop policy " + name, [kind, name](State& state) { state.policies.erase({kind, name}); });
}

void FakeJournal::append(QueueId queue, Seq seq, MessagePtr message, ContentId content) {
  const std::size_t bytes = message->body().size();
  record(
      "append " + name_of(queue) + range_text(seq),
      [=](State& state) {
        QueueState& to = state.queues.at(queue);
        if (seq <= to.last_seq) throw std::logic_error("a seq was used twice");
        to.rows[seq] = {.seq = seq, .delivery_count = 0, .content = content, .message = message};
        to.last_seq = seq;
        state.last_content = std::max(state.last_content, content);
      },
      bytes);
}

void FakeJournal::remove(QueueId queue, Seq seq, ContentId content, std::size_t body_bytes) {
  record("remove " + name_of(queue) + range_text(seq), [=](State& state) {
    QueueState& from = state.queues.at(queue);
    const auto row = from.rows.find(seq);
    if (row == from.rows.end()) throw std::logic_error("removed a row that is not there");
    if (row->second.content != content || row->second.message->body().size() != body_bytes)
      throw std::logic_error("removed a row with another content");
    from.rows.erase(row);
  });
}

void FakeJournal::remove_range(QueueId queue, Seq first, Seq last) {
  record("remove " + name_of(queue) + range_text(first) + "-" + std::to_string(last),
         [=](State& state) {
           auto& rows = state.queues.at(queue).rows;
           rows.erase(rows.lower_bound(first), rows.upper_bound(last));
         });
}

void FakeJournal::set_delivery_count(QueueId queue, Seq seq, std::uint32_t count) {
  record("count " + name_of(queue) + range_text(seq) + " " + std::to_string(count),
         [=](State& state) { state.queues.at(queue).rows.at(seq).delivery_count = count; });
}

void FakeJournal::mark_delivered(QueueId queue, Seq seq) {
  record("mark " + name_of(queue) + range_text(seq),
         [=](State& state) { state.queues.at(queue).delivered_mark = seq; });
}

bool FakeJournal::flush(Urgency urgency) {
  if (!turn_.empty()) {
    turns_.push_back(std::move(turn_));
    turn_.clear();
    has_gathered_ = true;
  }
  if (urgency != Urgency::soon && has_gathered_) {
    handed_over.push_back(urgency);
    has_gathered_ = false;
  }
  return has_gathered_;
}

CommitNumber FakeJournal::commit() {
  if (!turn_.empty()) throw std::logic_error("records were left after the end of a turn");
  if (uncommitted_.empty()) return 0;
  for (const Change& change : uncommitted_) change(durable_);
  uncommitted_.clear();
  pending_bytes_ = 0;
  return current_++;
}

void FakeJournal::read(QueueId queue, Seq first, Seq last, std::size_t count_max,
                       std::size_t bytes_max, CommitNumber after, ReadCallback done) {
  const bool sees_committed = reads_see_only_committed && after < current_;
  add_read([=, this, done = std::move(done)] {
    const State& state = sees_committed ? durable_ : now_;
    return [done, found = rows(state, queue, first, last, count_max, bytes_max)] { done(found); };
  });
}

void FakeJournal::read_expired(QueueId queue, Seq first, Seq last, TimeMs now,
                               std::size_t count_max, ExpiredCallback done) {
  add_read([=, this, done = std::move(done)] {
    return [done, found = expired(queue, first, last, now, count_max)] { done(found); };
  });
}

void FakeJournal::add_read(const Look& look) {
  if (reads_see_later_changes)
    reads_.push_back(look);
  else
    reads_.push_back([answer = look()] { return answer; });
}

ExpiredMessages FakeJournal::expired(QueueId queue, Seq first, Seq last, TimeMs now,
                                     std::size_t count_max) const {
  ExpiredMessages found;
  for (const StoredMessage& row : rows(now_, queue, first, last, SIZE_MAX, SIZE_MAX)) {
    if (row.message->ttl_ms() < 0) continue;
    const TimeMs at = row.message->published_at() + row.message->ttl_ms();
    if (at <= now)
      found.messages.push_back(row);
    else if (found.next == 0 || at < found.next)
      found.next = at;
  }
  const auto expiry = [](const StoredMessage& row) {
    return row.message->published_at() + row.message->ttl_ms();
  };
  std::ranges::stable_sort(found.messages, {}, expiry);
  if (found.messages.size() > count_max) {
    found.messages.resize(count_max);
    found.next = now;
  }
  return found;
}

std::vector<StoredMessage> FakeJournal::rows(const State& state, QueueId queue, Seq first, Seq last,
                                             std::size_t count_max, std::size_t bytes_max) {
  std::vector<StoredMessage> found;
  const auto from = state.queues.find(queue);
  if (from == state.queues.end()) return found;
  std::size_t bytes = 0;
  for (auto row = from->second.rows.lower_bound(first);
       row != from->second.rows.end() && row->first <= last; ++row) {
    bytes += row->second.message->body().size();
    if (found.size() == count_max || (!found.empty() && bytes > bytes_max)) break;
    found.push_back(row->second);
  }
  return found;
}

void FakeJournal::answer_read() {
  const Look look = std::move(reads_.front());
  reads_.pop_front();
  look()();
}

Recovered FakeJournal::recovered() const {
  Recovered found;
  for (const auto& [name, exchange] : durable_.exchanges) found.exchanges.push_back(exchange);
  for (const auto& [id, queue] : durable_.queues) {
    std::uint64_t bytes = 0;
    for (const auto& [seq, row] : queue.rows) bytes += row.message->body().size();
    found.queues.push_back({.record = queue.record,
                            .message_count = queue.rows.size(),
                            .body_bytes = bytes,
                            .last_seq = queue.last_seq,
                            .delivered_mark = queue.delivered_mark});
  }
  found.bindings = durable_.bindings;
  for (const auto& [key, policy] : durable_.policies) found.policies.push_back(policy);
  found.last_content = durable_.last_content;
  found.last_queue_id = durable_.last_queue_id;
  return found;
}

void FakeJournal::crash() {
  now_ = durable_;
  uncommitted_.clear();
  turn_.clear();
  reads_.clear();
  pending_bytes_ = 0;
}

std::string FakeJournal::name_of(QueueId queue) const {
  return names_.at(queue);
}

const FakeJournal::QueueState* FakeJournal::find(const std::string& name) const {
  for (const auto& [id, queue] : now_.queues)
    if (queue.record.name == name) return &queue;
  return nullptr;
}

bool FakeJournal::has_queue(const std::string& name) const {
  return find(name) != nullptr;
}

std::vector<std::string> FakeJournal::stored(const std::string& queue) const {
  std::vector<std::string> bodies;
  if (const QueueState* found = find(queue))
    for (const auto& [seq, row] : found->rows) bodies.emplace_back(row.message->body());
  return bodies;
}

std::uint32_t FakeJournal::delivery_count(const std::string& queue, Seq seq) const {
  return find(queue)->rows.at(seq).delivery_count;
}

Seq FakeJournal::delivered_mark(const std::string& queue) const {
  return find(queue)->delivered_mark;
}

}  // namespace leveret::broker::test
