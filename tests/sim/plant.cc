#include "sim/plant.h"

#include <array>
#include <utility>

namespace leveret::sim {
namespace {

using namespace broker;

class PlantedJournal final : public Journal {
 public:
  PlantedJournal(Journal& real, const Plant& plant) : real_(real), plant_(plant) {}

  void put_exchange(const ExchangeRecord& exchange) override { real_.put_exchange(exchange); }
  void drop_exchange(const std::string& name) override { real_.drop_exchange(name); }
  void put_queue(const QueueRecord& queue) override { real_.put_queue(queue); }
  void drop_queue(QueueId queue, const std::string& name) override {
    real_.drop_queue(queue, name);
  }
  void put_binding(const BindingRecord& binding) override { real_.put_binding(binding); }
  void drop_binding(const BindingRecord& binding) override { real_.drop_binding(binding); }
  void put_policy(const PolicyRecord& policy) override { real_.put_policy(policy); }
  void drop_policy(PolicyKind kind, const std::string& name) override {
    real_.drop_policy(kind, name);
  }
  void append(QueueId queue, Seq seq, MessagePtr message, ContentId content) override {
    if (!plant_.strikes(Fault::lost_append)) real_.append(queue, seq, std::move(message), content);
  }
  void remove(QueueId queue, Seq seq, ContentId content, std::size_t body_bytes) override {
    if (!plant_.strikes(Fault::lost_remove)) real_.remove(queue, seq, content, body_bytes);
  }
  void remove_range(QueueId queue, Seq first, Seq last) override {
    real_.remove_range(queue, first, last);
  }
  void set_delivery_count(QueueId queue, Seq seq, std::uint32_t count) override {
    real_.set_delivery_count(queue, seq, count);
  }
  void mark_delivered(QueueId queue, Seq seq) override { real_.mark_delivered(queue, seq); }
  CommitNumber current_commit() const override { return real_.current_commit(); }
  bool flush(Urgency urgency) override { return real_.flush(urgency); }
  std::size_t pending_bytes() const override { return real_.pending_bytes(); }
  JournalStats stats() const override { return real_.stats(); }
  void read(QueueId queue, Seq first, Seq last, std::size_t count_max, std::size_t bytes_max,
            CommitNumber after, ReadCallback done) override {
    real_.read(queue, first, last, count_max, bytes_max, after, std::move(done));
  }
  void read_expired(QueueId queue, Seq first, Seq last, TimeMs now, std::size_t count_max,
                    ExpiredCallback done) override {
    real_.read_expired(queue, first, last, now, count_max, std::move(done));
  }

 private:
  Journal& real_;
  const Plant& plant_;
};

MessagePtr damaged(const Message& message) {
  std::string body{message.body()};
  if (!body.empty()) body.back() = static_cast<char>(body.back() ^ 1);
  return Message::make(message.exchange(), message.routing_key(), message.properties(), body,
                       message.published_at());
}

}  // namespace

std::string_view name_of(Fault fault) {
  static constexpr std::array<std::string_view, fault_count> names{
      "none",        "no_sync",      "lying_disk",    "early_confirm",   "lost_append",
      "lost_remove", "lost_ack",     "lost_delivery", "double_delivery", "swapped_delivery",
      "unflagged",   "damaged_body", "lost_confirm",  "wrong_confirm",   "late_expiry"};
  return names.at(static_cast<std::size_t>(fault));
}

std::unique_ptr<Journal> plant_journal(Journal& real, const Plant& plant) {
  return std::make_unique<PlantedJournal>(real, plant);
}

void plant_output(std::vector<Outgoing>& records, const Plant& plant) {
  std::vector<Outgoing> changed;
  Deliver* last = nullptr;
  changed.reserve(2 * records.size());
  for (Outgoing& record : records) {
    if (auto* deliver = std::get_if<Deliver>(&record)) {
      if (plant.strikes(Fault::lost_delivery)) continue;
      if (deliver->redelivered && plant.strikes(Fault::unflagged)) deliver->redelivered = false;
      if (plant.strikes(Fault::damaged_body)) deliver->message = damaged(*deliver->message);
      if (last && plant.strikes(Fault::swapped_delivery))
        std::swap(deliver->message, last->message);
      if (plant.strikes(Fault::double_delivery)) changed.push_back(*deliver);
    }
    if (auto* confirm = std::get_if<Confirm>(&record)) {
      if (plant.strikes(Fault::lost_confirm)) continue;
      if (confirm->is_nack && plant.strikes(Fault::wrong_confirm)) confirm->is_nack = false;
    }
    changed.push_back(std::move(record));
    if (std::holds_alternative<Deliver>(changed.back())) last = &std::get<Deliver>(changed.back());
  }
  records = std::move(changed);
}

}  // namespace leveret::sim
