#include "workload.h"

#include <gtest/gtest.h>

#include <iterator>

namespace leveret::store::test {

Model read_all(TestStore& store) {
  Model model;
  const broker::Recovered recovered = store.recovered();
  for (const auto& exchange : recovered.exchanges) model.exchanges.insert(exchange.name);
  for (const auto& binding : recovered.bindings)
    model.bindings.insert(binding.source + ">" + binding.destination);
  for (const auto& queue : recovered.queues) {
    Model::Queue& out = model.queues[queue.record.id.value];
    out.name = queue.record.name;
    out.last_seq = queue.last_seq;
    out.delivered_mark = queue.delivered_mark;
    std::uint64_t bytes = 0;
    for (const auto& stored : store.read(queue.record.id)) {
      const std::string body(stored.message->body());
      bytes += body.size();
      out.entries[stored.seq] = {body, stored.delivery_count, stored.content != 0};
    }
    EXPECT_EQ(queue.message_count, out.entries.size());
    EXPECT_EQ(queue.body_bytes, bytes);
  }
  return model;
}

std::string describe(const Model& model) {
  std::string text;
  for (const auto& [id, queue] : model.queues) {
    text += queue.name + " last " + std::to_string(queue.last_seq) + " mark " +
            std::to_string(queue.delivered_mark) + ":";
    for (const auto& [seq, entry] : queue.entries)
      text += " " + std::to_string(seq) + (entry.is_shared ? "s" : "") + "=" +
              entry.body.substr(0, 8) + "#" + std::to_string(entry.delivery_count);
    text += "\n";
  }
  for (const auto& binding : model.bindings) text += binding + " ";
  return text;
}

Workload::Workload(std::uint64_t seed, std::size_t body_bytes_max)
    : random_(seed), body_bytes_max_(body_bytes_max) {}

std::string Workload::body() {
  std::string text = std::to_string(++bodies_) + ":";
  text.resize(text.size() + pick(body_bytes_max_), static_cast<char>('a' + bodies_ % 26));
  return text;
}

void Workload::turn(Store& store) {
  Model model = history_.back();
  while (model.queues.size() < 3) declare(store, model);
  for (std::uint64_t steps = 1 + pick(6); steps > 0; --steps) {
    auto chosen =
        std::next(model.queues.begin(), static_cast<std::ptrdiff_t>(pick(model.queues.size())));
    const bool is_first = chosen == model.queues.begin();
    switch (pick(16)) {
      case 0: declare(store, model); break;
      case 1: drop(store, model); break;
      case 2:
      case 3: fan_out(store, model); break;
      case 5: fail_delivery(store, model, chosen->first); break;
      case 4:
        if (!is_first) purge(store, model, chosen->first);
        break;
      case 6:
      case 7:
        if (!is_first) dead_letter(store, model, chosen->first);
        break;
      case 8:
      case 9:
      case 10:
        if (!is_first) acknowledge(store, model, chosen->first);
        break;
      default: publish(store, model, chosen->first);
    }
  }
  model.queues.begin()->second.delivered_mark = ++marks_;
  store.mark_delivered(QueueId{model.queues.begin()->first}, marks_);
  store.flush(broker::Urgency::now);
  history_.push_back(std::move(model));
}

void Workload::declare(Store& store, Model& model) {
  const std::uint32_t id = ++last_queue_;
  const std::string name = "q" + std::to_string(id);
  store.put_queue({QueueId{id}, name, false, {{"x-max-length", std::int32_t{10}}}});
  store.put_exchange({"x" + name, "topic", false, false, {}});
  store.put_binding({"x" + name, name, false, "#", {}});
  model.queues[id].name = name;
  if (id == 1) publish(store, model, id);
  model.exchanges.insert("x" + name);
  model.bindings.insert("x" + name + ">" + name);
}

void Workload::drop(Store& store, Model& model) {
  if (model.queues.size() < 4) return;  // The first carries the marks.
  const auto last = std::prev(model.queues.end());
  const std::string name = last->second.name;
  store.drop_queue(QueueId{last->first}, name);
  model.bindings.erase("x" + name + ">" + name);
  if (pick(2) == 0) {
    store.drop_exchange("x" + name);
    model.exchanges.erase("x" + name);
  }
  model.queues.erase(last);
}

void Workload::publish(Store& store, Model& model, std::uint32_t queue) {
  Model::Queue& into = model.queues[queue];
  const std::string text = body();
  store.append(QueueId{queue}, ++into.last_seq, message(text), 0);
  into.entries[into.last_seq] = {text, 0, false};
}

void Workload::fan_out(Store& store, Model& model) {
  const std::string text = body();
  const broker::MessagePtr shared = message(text);
  const broker::ContentId content = ++last_content_;
  for (auto& [id, queue] : model.queues) {
    store.append(QueueId{id}, ++queue.last_seq, shared, content);
    queue.entries[queue.last_seq] = {text, 0, true};
    contents_[{id, queue.last_seq}] = content;
  }
}

void Workload::acknowledge(Store& store, Model& model, std::uint32_t queue) {
  auto& entries = model.queues[queue].entries;
  for (std::uint64_t count = 1 + pick(5); count > 0 && !entries.empty(); --count) {
    auto entry = entries.begin();
    if (pick(3) == 0) std::advance(entry, pick(entries.size()));
    store.remove(QueueId{queue}, entry->first, contents_[{queue, entry->first}],
                 entry->second.body.size());
    entries.erase(entry);
  }
}

void Workload::dead_letter(Store& store, Model& model, std::uint32_t queue) {
  auto& entries = model.queues[queue].entries;
  if (entries.empty()) return;
  const broker::Seq seq = entries.begin()->first;
  auto& [target_id, target] = *std::prev(model.queues.end());
  const std::string text = entries.begin()->second.body;
  store.append(QueueId{target_id}, ++target.last_seq, message(text), 0);
  store.remove(QueueId{queue}, seq, contents_[{queue, seq}], text.size());
  entries.erase(seq);
  target.entries[target.last_seq] = {text, 0, false};
}

void Workload::purge(Store& store, Model& model, std::uint32_t queue) {
  auto& [name, entries, last_seq, mark] = model.queues[queue];
  const broker::Seq first = 1 + pick(last_seq + 1);
  const broker::Seq last = pick(4) == 0 ? ~broker::Seq{0} : first + pick(8);
  store.remove_range(QueueId{queue}, first, last);
  entries.erase(entries.lower_bound(first), entries.upper_bound(last));
}

void Workload::fail_delivery(Store& store, Model& model, std::uint32_t queue) {
  auto& entries = model.queues[queue].entries;
  if (entries.empty()) return;
  const auto entry = std::next(entries.begin(), static_cast<std::ptrdiff_t>(pick(entries.size())));
  entry->second.delivery_count += 1;
  store.set_delivery_count(QueueId{queue}, entry->first, entry->second.delivery_count);
}

void Workload::restart_from(std::size_t turn) {
  Model survived = history_.at(turn);
  history_.assign(1, std::move(survived));
  first_mark_ += turn;
  marks_ = first_mark_;
}

std::size_t Workload::turn_of(const Model& recovered) const {
  if (recovered.queues.empty()) return 0;
  return static_cast<std::size_t>(recovered.queues.begin()->second.delivered_mark - first_mark_);
}

}  // namespace leveret::store::test
