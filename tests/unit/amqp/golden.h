#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/properties.h"
#include "amqp/table.h"

/// The one table of wire bytes: what the specification says a value looks like, used in both
/// directions by the tests, as the corpus of the fuzzers, and checked against pika, which somebody
/// else wrote. `wire` is in the notation of bytes().
namespace leveret::amqp {

struct GoldenMethod {
  std::string_view wire;
  Method value;
};
/// At least one row for every alternative of Method, in its order.
const std::vector<GoldenMethod>& golden_methods();

struct GoldenValue {
  std::string_view description;
  /// Type letter and value, as they stand in a table behind the name.
  std::string_view wire;
  Value value;
};
/// At least one row for every type of field, and the edges of each.
const std::vector<GoldenValue>& golden_values();

struct GoldenProperties {
  std::string_view description;
  /// Flags and list.
  std::string_view wire;
  Properties value;
};
/// None, each alone, all.
const std::vector<GoldenProperties>& golden_properties();

struct GoldenFrame {
  std::string_view description;
  std::string_view wire;
  FrameType type;
  std::uint16_t channel;
  std::string_view payload;
};
const std::vector<GoldenFrame>& golden_frames();

/// Equality of methods, field by field.
inline bool operator==(const GoldenMethod& left, const Method& right) {
  return left.value.index() == right.index() &&
         std::visit(
             [&]<class M>(const M& m) { return M::fields(m) == M::fields(std::get<M>(right)); },
             left.value);
}

}  // namespace leveret::amqp
