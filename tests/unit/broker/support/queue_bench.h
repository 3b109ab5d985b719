#pragma once

#include <string>
#include <vector>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {

inline std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> bodies;
  for (int i = first; i <= last; ++i) bodies.push_back(std::to_string(i));
  return bodies;
}

inline void send_numbers(TestClient& client, int first, int last,
                         const amqp::Properties& properties = persistent()) {
  client.together([&] {
    for (const std::string& body : numbers(first, last)) client.send("q", body, properties);
  });
}

/// Queue 'q' with `arguments`.
struct Bench {
  explicit Bench(const amqp::Table& arguments = {}, Limits limits = {}) : broker(limits) {
    client.declare("q", {.durable = true, .arguments = arguments}).ignore();
  }
  TestBroker broker;
  TestClient client{broker};
};

/// A window of four messages, so that paging begins at once.
struct PagedBench : Bench {
  explicit PagedBench(const amqp::Table& arguments = {})
      : Bench(arguments, {.queue_window_messages = 4}) {}
};

}  // namespace leveret::broker::test
