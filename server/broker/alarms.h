#pragma once

#include <string_view>

namespace leveret::broker {

/// What the machine is short of: then publishers wait, consumers go on
/// (https://www.rabbitmq.com/docs/alarms).
struct Alarms {
  bool memory = false;
  bool disk = false;

  bool any() const { return memory || disk; }
  /// As connection.blocked tells it (rabbit_reader.erl, format_blocked_by).
  std::string_view reason() const {
    if (memory && disk) return "low on disk & memory";
    return memory ? "low on memory" : "low on disk";
  }
  Alarms& operator|=(Alarms other) {
    memory = memory || other.memory;
    disk = disk || other.disk;
    return *this;
  }
  bool operator==(const Alarms&) const = default;
};

}  // namespace leveret::broker
