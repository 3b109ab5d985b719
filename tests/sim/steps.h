#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::sim {

/// What happens next. Each kind takes up to three numbers, which mean what there is at that moment:
/// the second of three open connections, a third of the octets under way. So any list of steps can
/// be run, also one from which some were taken out.
enum class StepKind : std::uint8_t {
  // Clients: which one, and what. One that has no connection connects.
  publish,
  barrier,
  consume,
  cancel,
  get,
  ack,
  nack,
  reject,
  recover,
  purge,
  redeclare,
  commit,
  rollback,
  close_channel,
  close,
  // The network.
  to_broker,
  to_client,
  cut,
  // The broker's threads.
  turn,
  writer,
  reader,
  checkpointer,
  // Time.
  wait,
  set_wall_clock,
  // Faults.
  kill,
  power_cut,
  stop_at,
  fail_write,
  fail_sync,
  disk_full,
  disk_free,
  restart,
  /// Memory runs low, or there is enough again.
  memory_alarm,
  /// Goes on until nothing is under way, and looks at everything.
  settle,
};
inline constexpr int step_kind_count = 34;
std::string_view name_of(StepKind kind);

struct Step {
  StepKind kind = StepKind::turn;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  bool operator==(const Step&) const = default;
};

/// A run: nothing else decides what happens in it.
struct Script {
  /// Of its Setup.
  std::uint64_t setup = 0;
  std::vector<Step> steps;

  static Script from_seed(std::uint64_t seed);
  /// One line a step: "publish 0 2 7".
  std::string to_text() const;
  /// Throws std::runtime_error that names the line.
  static Script from_text(std::istream& text);
};

}  // namespace leveret::sim
