#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "unit/broker/support/test_client.h"

/// Random use of a broker by several clients, against a model that knows only this: a queue is a
/// sorted set of messages, a delivery takes its first, a requeue puts it back, an ack forgets it,
/// and what has expired is not there.
namespace leveret::broker::test {
namespace {

constexpr std::size_t client_count = 3;

struct ModelMessage {
  std::string body;
  bool is_persistent = false;
  bool is_redelivered = false;
  TimeMs expires_at = 0;  // 0: never
};

/// Where a message stands: the higher priority first, then by arrival.
struct Place {
  int priority = 0;
  std::uint64_t arrival = 0;
  bool operator<(const Place& other) const {
    return priority != other.priority ? priority > other.priority : arrival < other.arrival;
  }
};

struct ModelQueue {
  std::string name;
  bool durable = false;
  bool has_priorities = false;
  ModelQueue* dead_letters = nullptr;
  std::map<Place, ModelMessage> ready;
};

struct ModelConsumer {
  ModelQueue* queue = nullptr;
  std::uint16_t prefetch = 0;
  bool no_ack = false;
  std::size_t unacked = 0;
  bool has_credit() const { return no_ack || prefetch == 0 || unacked < prefetch; }
};

struct Held {
  ModelQueue* queue;
  Place place;
  ModelMessage message;
  std::string consumer;  // empty for get, and once it is cancelled
};

struct ModelClient {
  std::unique_ptr<TestClient> client;
  std::size_t seen = 0;
  std::map<std::string, ModelConsumer> consumers;
  std::map<std::uint64_t, Held> held;  // by delivery tag
  std::uint64_t last_tag = 0;
  std::uint64_t published = 0;
  std::uint64_t confirmed = 0;
  ModelQueue* getting = nullptr;
};

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed) {
    queues_[0] = {.name = "work",
                  .durable = true,
                  .has_priorities = seed % 3 == 0,
                  .dead_letters = &queues_[2],
                  .ready = {}};
    queues_[1] = {
        .name = "fleeting", .durable = false, .has_priorities = seed % 3 == 1, .ready = {}};
    queues_[2] = {.name = "dead", .durable = true, .ready = {}};
    broker_.journal.reads_see_later_changes = seed % 2 == 0;
    start();
  }

  void run(int steps) {
    for (step_ = 0; step_ < steps && !::testing::Test::HasFatalFailure(); ++step_) {
      act();
      check();
    }
    compare();
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  ModelQueue& any_queue() { return queues_[pick(3)]; }
  ModelClient& any_client() { return clients_[pick(client_count)]; }

  void start() {
    for (ModelClient& client : clients_) connect(client);
    declare();
  }

  void connect(ModelClient& client) {
    client = {};
    client.client = std::make_unique<TestClient>(broker_);
    client.client->confirm_select();
    client.seen = client.client->outbox().records.size();
  }

  void declare() {
    TestClient client{broker_};
    for (const ModelQueue& queue : queues_) {
      amqp::Table arguments;
      if (queue.has_priorities) arguments.set("x-max-priority", amqp::Value{2});
      if (queue.dead_letters) {
        arguments.set("x-dead-letter-exchange", amqp::Value{""});
        arguments.set("x-dead-letter-routing-key", amqp::Value{queue.dead_letters->name});
      }
      client.declare(queue.name, {.durable = queue.durable, .arguments = arguments});
    }
    client.close();
    client.drop();
  }

  // One step.

  void act() {
    ModelClient& client = any_client();
    switch (pick(40)) {
      case 0: return consume(client);
      case 1: return cancel(client);
      case 2: return get(client);
      case 3: return get(client);
      case 4: return step_ % 5 == 0 ? purge(any_queue()) : get(client);
      case 5: return pick(3) == 0 ? close_channel(client) : recover(client);
      case 6: return pick(3) == 0 ? drop(client) : consume(client);
      case 7: return pick(10) == 0 ? restart() : publish(client);
      case 8:
      case 9:
      case 10: return nack(client, true);
      case 11: return nack(client, false);
      case 12: return let_time_pass();
      default: return pick(2) == 0 ? publish(client) : ack(client);
    }
  }

  void publish(ModelClient& client) {
    ModelQueue& queue = any_queue();
    const bool is_persistent = pick(3) != 0;
    // One priority for a batch: a low one may be delivered before a higher one has come.
    const int priority = static_cast<int>(pick(3));
    const unsigned count = pick(10) == 0 ? 30 : 1;
    client.client->together([&] {
      for (unsigned i = 0; i < count; ++i) {
        const std::string body = std::to_string(++last_body_);
        ++client.published;
        amqp::Properties properties = is_persistent ? persistent() : amqp::Properties{};
        properties.priority = static_cast<std::uint8_t>(priority);
        // Which of several dead letters of one moment comes first is left open.
        const bool expires = queue.dead_letters == nullptr && pick(3) == 0;
        const TimeMs ttl = 1 + pick(100);
        if (expires) properties.expiration = std::to_string(ttl);
        queue.ready[next_place(queue, priority)] = {body, is_persistent, false,
                                                    expires ? broker_.now() + ttl : 0};
        client.client->send(queue.name, body, properties);
      }
    });
  }

  void consume(ModelClient& client) {
    if (client.consumers.size() >= 3) return;
    ModelConsumer consumer{.queue = &any_queue(),
                           .prefetch = static_cast<std::uint16_t>(pick(5)),
                           .no_ack = pick(6) == 0};
    const std::string tag = "c" + std::to_string(++last_consumer_);
    client.consumers[tag] = consumer;
    client.client->qos(consumer.prefetch);
    client.client->consume(consumer.queue->name, {.tag = tag, .no_ack = consumer.no_ack});
  }

  void cancel(ModelClient& client) {
    if (client.consumers.empty()) return;
    const std::string tag = client.consumers.begin()->first;
    client.consumers.erase(tag);
    for (auto& [number, held] : client.held)
      if (held.consumer == tag) held.consumer.clear();
    client.client->cancel(tag);
  }

  void get(ModelClient& client) {
    client.getting = &any_queue();
    client.client->get(client.getting->name);
  }

  void purge(ModelQueue& queue) {
    queue.ready.clear();
    any_client().client->purge(queue.name);
  }

  void ack(ModelClient& client) {
    for_some_held(
        client, [&](std::uint64_t tag, bool multiple) { client.client->ack(tag, multiple); },
        [](Held&) {});
  }

  void nack(ModelClient& client, bool requeue) {
    for_some_held(
        client,
        [&](std::uint64_t tag, bool multiple) { client.client->nack(tag, multiple, requeue); },
        [&](Held& held) { requeue ? put_back(held) : bury(held); });
  }

  template <class Send, class Each>
  void for_some_held(ModelClient& client, Send send, Each each) {
    if (client.held.empty()) return;
    auto at = client.held.begin();
    std::advance(at, pick(static_cast<unsigned>(client.held.size())));
    const std::uint64_t tag = at->first;
    const bool multiple = pick(3) == 0;
    for (auto it = multiple ? client.held.begin() : at; it != client.held.end() && it->first <= tag;
         it = client.held.erase(it)) {
      release(client, it->second);
      each(it->second);
    }
    send(tag, multiple);
  }

  void release(ModelClient& client, const Held& held) {
    if (!held.consumer.empty()) --client.consumers.at(held.consumer).unacked;
  }

  Place next_place(const ModelQueue& queue, int priority) {
    return {queue.has_priorities ? priority : 0, ++last_arrival_};
  }

  bool is_over(const ModelMessage& message) const {
    return message.expires_at != 0 && message.expires_at <= broker_.now();
  }

  void put_back(Held& held) {
    if (is_over(held.message)) return;
    held.message.is_redelivered = true;
    held.queue->ready[held.place] = std::move(held.message);
  }

  void bury(Held& held) {
    ModelQueue* grave = held.queue->dead_letters;
    if (grave == nullptr) return;
    held.message.is_redelivered = false;
    grave->ready[next_place(*grave, 0)] = std::move(held.message);
  }

  void let_time_pass() {
    broker_.advance(1 + pick(40));
    for (ModelQueue& queue : queues_)
      std::erase_if(queue.ready, [&](const auto& each) { return is_over(each.second); });
  }

  void requeue_all(ModelClient& client) {
    for (auto& [tag, held] : client.held) put_back(held);
    client.held.clear();
    for (auto& [tag, consumer] : client.consumers) consumer.unacked = 0;
  }

  void recover(ModelClient& client) {
    requeue_all(client);
    client.client->recover();
  }

  void close_channel(ModelClient& client) {
    requeue_all(client);
    client.consumers.clear();
    client.client->close_channel(1);
    read_all();
    client.client->open(1).confirm_select();
    client.last_tag = client.published = client.confirmed = 0;
  }

  void drop(ModelClient& client) {
    requeue_all(client);
    client.consumers.clear();
    client.client->drop();
    read_all();
    connect(client);
  }

  /// All is committed, so that what is durable must be there again. After a crash all of it may
  /// have been delivered before.
  void restart() {
    const bool is_crash = pick(2) == 0;
    for (ModelClient& client : clients_) requeue_all(client);
    for (ModelQueue& queue : queues_) {
      std::erase_if(queue.ready,
                    [&](const auto& each) { return !queue.durable || !each.second.is_persistent; });
      if (is_crash)
        for (auto& [place, message] : queue.ready) message.is_redelivered = true;
    }
    is_crash ? broker_.restart() : broker_.stop_and_start();
    start();
  }

  // What came of it.

  void read_all() {
    for (ModelClient& client : clients_) read(client);
  }

  void read(ModelClient& client) {
    const auto& records = client.client->outbox().records;
    for (; client.seen < records.size(); ++client.seen) {
      const Outgoing& record = records[client.seen];
      if (const auto* deliver = std::get_if<Deliver>(&record))
        on_delivery(client, std::string{deliver->consumer_tag->view()}, deliver->delivery_tag,
                    deliver->redelivered, *deliver->message);
      else if (const auto* got = std::get_if<GetOk>(&record))
        on_delivery(client, "", got->delivery_tag, got->redelivered, *got->message);
      else if (const auto* confirm = std::get_if<Confirm>(&record))
        on_confirm(client, *confirm);
      else
        ASSERT_TRUE(std::holds_alternative<EncodedFrame>(record)) << at();
    }
  }

  void on_confirm(ModelClient& client, const Confirm& confirm) {
    ASSERT_FALSE(confirm.is_nack) << at();
    ASSERT_GT(confirm.delivery_tag, client.confirmed) << at();
    ASSERT_TRUE(confirm.multiple || confirm.delivery_tag == client.confirmed + 1) << at();
    client.confirmed = confirm.delivery_tag;
  }

  void on_delivery(ModelClient& client, const std::string& tag, std::uint64_t delivery_tag,
                   bool redelivered, const Message& message) {
    ASSERT_EQ(delivery_tag, ++client.last_tag) << at();
    ModelConsumer* consumer = nullptr;
    if (!tag.empty()) {
      ASSERT_TRUE(client.consumers.contains(tag)) << "delivered to nobody " << at();
      consumer = &client.consumers.at(tag);
      ASSERT_TRUE(consumer->has_credit()) << "delivered beyond the prefetch " << at();
    }
    ModelQueue& queue = consumer ? *consumer->queue : *client.getting;
    const std::string body{message.body()};
    const auto it = std::ranges::find_if(
        queue.ready, [&](const auto& each) { return each.second.body == body; });
    ASSERT_NE(it, queue.ready.end()) << "delivered " << body << " that is not there " << at();
    ASSERT_EQ(redelivered, it->second.is_redelivered) << body << " " << at();
    const auto [last, is_first] = delivered_.try_emplace(&queue, it->first);
    if (last->second < it->first) last->second = it->first;
    if (consumer == nullptr || !consumer->no_ack) {
      if (consumer) ++consumer->unacked;
      client.held[delivery_tag] = {&queue, it->first, std::move(it->second), tag};
    }
    queue.ready.erase(it);
  }

  void check() {
    delivered_.clear();
    read_all();
    for (ModelQueue& queue : queues_) {
      // Deliveries of one step take the front of the queue, whoever gets them.
      if (delivered_.contains(&queue) && !queue.ready.empty()) {
        ASSERT_TRUE(delivered_[&queue] < queue.ready.begin()->first) << queue.name << " " << at();
      }
      ASSERT_EQ(broker_.ready(queue.name), queue.ready.size()) << queue.name << " " << at();
      for (const ModelClient& client : clients_)
        for (const auto& [tag, consumer] : client.consumers)
          ASSERT_TRUE(queue.ready.empty() || consumer.queue != &queue || !consumer.has_credit())
              << tag << " starves " << at();
    }
    for (const ModelClient& client : clients_)
      ASSERT_EQ(client.confirmed, client.published) << at();
    if (step_ % 40 == 0) compare();
  }

  void compare() {
    for (const ModelQueue& queue : queues_) {
      std::map<std::uint64_t, std::string> expected;
      for (const auto& [place, message] : queue.ready) expected[place.arrival] = message.body;
      for (const ModelClient& client : clients_)
        for (const auto& [tag, held] : client.held)
          if (held.queue == &queue) expected[held.place.arrival] = held.message.body;
      std::vector<std::string> bodies;
      for (const auto& [arrival, body] : expected) bodies.push_back(body);
      ASSERT_EQ(broker_.browse(queue.name, 1 + pick(50)), bodies) << queue.name << " " << at();
    }
  }

  std::string at() const { return "at step " + std::to_string(step_); }

  std::mt19937 random_;
  TestBroker broker_{{.queue_window_messages = 8, .transient_bytes_max = 3000}};
  std::array<ModelQueue, 3> queues_;
  std::array<ModelClient, client_count> clients_;
  std::map<const ModelQueue*, Place> delivered_;  // the last of each queue in this step
  std::uint64_t last_arrival_ = 0;
  std::uint64_t last_body_ = 0;
  int last_consumer_ = 0;
  int step_ = 0;
};

class Model : public ::testing::TestWithParam<unsigned> {};

TEST_P(Model, AgreesWithTheBrokerOnRandomUse) {
  Simulation{GetParam()}.run(2500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Model, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace leveret::broker::test
