#pragma once

#include <cstddef>
#include <vector>

#include "broker/outbox.h"

namespace leveret::broker::test {

/// Keeps what the core sends to one client.
class RecordingOutbox final : public Outbox {
 public:
  void send(std::vector<Outgoing>& sent) override {
    for (Outgoing& record : sent) {
      undrained_bytes += cost_bytes(record);
      records.push_back(std::move(record));
    }
    sent.clear();
  }
  void consumed(std::size_t bytes) override { consumed_bytes += bytes; }

  std::vector<Outgoing> records;
  std::size_t undrained_bytes = 0;
  std::size_t consumed_bytes = 0;
};

}  // namespace leveret::broker::test
