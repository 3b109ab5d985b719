#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/journal.h"
#include "broker/outbox.h"

namespace leveret::sim {

/// A fault that is planted between the parts of the broker, to see whether the model finds it.
enum class Fault : std::uint8_t {
  none,
  no_sync,           // commits do not wait for the disk
  lying_disk,        // the disk says that it has synced, and has not
  early_confirm,     // a commit is reported before it is done
  lost_append,       // a message is not stored
  lost_remove,       // an acknowledgement is not stored
  lost_ack,          // an acknowledgement does not reach the core
  lost_delivery,     // a delivery never leaves
  double_delivery,   // a delivery leaves twice
  swapped_delivery,  // two deliveries leave in each other's place
  unflagged,         // the redelivered flag is missing
  damaged_body,      // an octet of a body is another one
  lost_confirm,      // a confirm never leaves
  wrong_confirm,     // a nack leaves as an ack
  late_expiry,       // what has expired is delivered (the core's clock is slow)
};
inline constexpr int fault_count = 15;
std::string_view name_of(Fault fault);

/// What is planted, and how often it strikes: at each `every`th chance.
struct Plant {
  Fault fault = Fault::none;
  std::uint32_t every = 5;
  mutable std::uint32_t chances = 0;

  bool strikes(Fault which) const { return which == fault && ++chances % every == 0; }
};

/// A journal that forgets what is planted, in front of `real`.
std::unique_ptr<broker::Journal> plant_journal(broker::Journal& real, const Plant& plant);
/// Changes what leaves for a client.
void plant_output(std::vector<broker::Outgoing>& records, const Plant& plant);

}  // namespace leveret::sim
