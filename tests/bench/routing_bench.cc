// What a publish costs as bindings become many, and what it costs to be rid of them.
//
//   routing_bench [--publishes N] [--bindings N]...

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/properties.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int queue_count = 100;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

/// Keeps nothing: what is measured here is transient.
class NoJournal final : public Journal {
 public:
  void put_exchange(const ExchangeRecord&) override {}
  void drop_exchange(const std::string&) override {}
  void put_queue(const QueueRecord&) override {}
  void drop_queue(QueueId, const std::string&) override {}
  void put_binding(const BindingRecord&) override {}
  void drop_binding(const BindingRecord&) override {}
  void put_policy(const PolicyRecord&) override {}
  void drop_policy(PolicyKind, const std::string&) override {}
  void append(QueueId, Seq, MessagePtr, ContentId) override {}
  void remove(QueueId, Seq, ContentId, std::size_t) override {}
  void remove_range(QueueId, Seq, Seq) override {}
  void set_delivery_count(QueueId, Seq, std::uint32_t) override {}
  void mark_delivered(QueueId, Seq) override {}
  CommitNumber current_commit() const override { return 1; }
  void flush() override {}
  std::size_t pending_bytes() const override { return 0; }
  void read(QueueId, Seq, Seq, std::size_t, std::size_t, ReadCallback done) override { done({}); }
  void read_expired(QueueId, Seq, Seq, TimeMs, std::size_t, ExpiredCallback done) override {
    done({});
  }
};

struct Shape {
  const char* name;
  const char* type;
  std::string (*pattern)(int number);
  std::string (*key)(int number);  // what the binding of that number is to match
};

std::string text(int number) {
  return std::to_string(number);
}

const Shape shapes[] = {
    {"direct", "direct", [](int n) { return "job." + text(n); },
     [](int n) { return "job." + text(n); }},
    {"topic, a star in the middle", "topic", [](int n) { return "device." + text(n) + ".*.state"; },
     [](int n) { return "device." + text(n) + ".room.state"; }},
    {"topic, a star in front", "topic", [](int n) { return "*." + text(n) + ".alarm"; },
     [](int n) { return "site." + text(n) + ".alarm"; }},
    {"topic, a hash at the end", "topic", [](int n) { return "user." + text(n) + ".#"; },
     [](int n) { return "user." + text(n) + ".video.done"; }},
    {"topic, a hash in front", "topic", [](int n) { return "#.e" + text(n); },
     [](int n) { return "a.b.c.e" + text(n); }},
    {"topic, hashes and stars", "topic", [](int n) { return "*.#.g" + text(n) + ".*.#"; },
     [](int n) { return "a.b.g" + text(n) + ".c.d"; }},
};

std::string queue_name(int number) {
  return "q" + text(number % queue_count);
}

void run(const Shape& shape, int bindings, int publishes) {
  NoJournal journal;
  Vhost vhost{"/", journal, Limits{}};
  vhost.begin_turn(1);
  for (int i = 0; i < queue_count; ++i)
    vhost.declare_queue({.name = queue_name(i), .arguments = {{"x-max-length", 100}}},
                        ConnectionId{});
  vhost.declare_exchange({.name = "e", .type = shape.type, .arguments = {}});
  auto start = Steady::now();
  for (int i = 0; i < bindings; ++i) {
    const std::string pattern = shape.pattern(i);
    const std::string queue = queue_name(i);
    vhost.bind({.source = "e", .destination = queue, .routing_key = pattern, .arguments = {}},
               ConnectionId{});
  }
  const double bind_us = seconds_since(start) * 1e6 / bindings;

  std::vector<MessagePtr> messages;
  const std::string properties = amqp::write_properties({});
  for (int i = 0; i < 4096; ++i)  // spread over all bindings
    messages.push_back(Message::make(
        "e", shape.key(static_cast<int>(std::int64_t{i} * bindings / 4096)), properties, "x", 1));
  start = Steady::now();
  for (int i = 0; i < publishes; ++i) {
    vhost.publish(messages[static_cast<std::size_t>(i) % messages.size()]);
    if (i % 256 == 0) vhost.end_turn();
  }
  const double publish_us = seconds_since(start) * 1e6 / publishes;

  // All bindings to one queue of their own, too, so that its deletion is long.
  vhost.declare_queue({.name = "last", .arguments = {}}, ConnectionId{});
  for (int i = 0; i < bindings; ++i) {
    const std::string pattern = shape.pattern(i);
    vhost.bind({.source = "e", .destination = "last", .routing_key = pattern, .arguments = {}},
               ConnectionId{});
  }
  start = Steady::now();
  vhost.delete_queue("last", false, false, ConnectionId{});
  std::printf("%-30s %8d %10.2f %11.2f %12.1f\n", shape.name, bindings, bind_us, publish_us,
              seconds_since(start) * 1e3);
  std::fflush(stdout);
}

/// Bindings of one fanout exchange with as many keys to one queue, then to exchanges.
void run_deletions(int bindings) {
  NoJournal journal;
  Vhost vhost{"/", journal, Limits{}};
  vhost.begin_turn(1);
  vhost.declare_exchange({.name = "e", .type = "fanout", .arguments = {}});
  vhost.declare_exchange({.name = "f", .type = "fanout", .arguments = {}});
  vhost.declare_queue({.name = "q", .arguments = {}}, ConnectionId{});
  for (int i = 0; i < bindings; ++i) {
    const std::string key = text(i);
    vhost.bind({.source = "e", .destination = "q", .routing_key = key, .arguments = {}},
               ConnectionId{});
    vhost.bind({.source = "e",
                .destination = "f",
                .to_exchange = true,
                .routing_key = key,
                .arguments = {}},
               ConnectionId{});
  }
  auto start = Steady::now();
  vhost.delete_queue("q", false, false, ConnectionId{});
  const double queue_ms = seconds_since(start) * 1e3;
  start = Steady::now();
  vhost.delete_exchange("f", false);
  std::printf("%-30s %8d deletes a queue in %.1f ms, an exchange in %.1f ms\n",
              "fanout to one destination", bindings, queue_ms, seconds_since(start) * 1e3);
  std::fflush(stdout);
}

int main_of(int argc, char** argv) {
  int publishes = 200'000;
  std::vector<int> counts;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--publishes") publishes = std::atoi(argv[i + 1]);
    if (key == "--bindings") counts.push_back(std::atoi(argv[i + 1]));
  }
  if (counts.empty()) counts = {1'000, 100'000};
  std::printf("exchange                       bindings    bind us  publish us  delete q ms\n");
  for (const Shape& shape : shapes)
    for (const int count : counts) run(shape, count, publishes);
  for (const int count : counts) run_deletions(count);
  return 0;
}

}  // namespace
}  // namespace leveret::broker

int main(int argc, char** argv) {
  return leveret::broker::main_of(argc, argv);
}
