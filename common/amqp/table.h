#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "amqp/wire.h"

namespace leveret::amqp {

class Value;

/// A field table: names and typed values, in the order in which they came. Names need not be unique
/// on the wire; find() returns the first, set() replaces the first.
class Table {
 public:
  using Entry = std::pair<std::string, Value>;

  Table();
  Table(std::initializer_list<Entry> entries);
  Table(const Table&);
  Table(Table&&) noexcept;
  Table& operator=(const Table&);
  Table& operator=(Table&&) noexcept;
  ~Table();

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
  /// Puts an entry in front of all others.
  void set_first(std::string_view name, Value value);
  /// Removes every entry of that name; returns whether there was one.
  bool erase(std::string_view name);
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  bool is_empty() const;
  std::size_t size() const;
  const Entry* begin() const;
  const Entry* end() const;
  void reserve(std::size_t count);
  void append(std::string name, Value value);

  bool operator==(const Table& other) const;
  /// What it takes of memory besides its own size, in bytes.
  std::size_t memory_bytes() const;

 private:
  std::vector<Entry> entries_;
};

struct Decimal {
  std::uint8_t scale = 0;
  std::int32_t value = 0;
  bool operator==(const Decimal&) const = default;
};
/// Seconds since the Unix epoch.
struct Timestamp {
  std::uint64_t seconds = 0;
  bool operator==(const Timestamp&) const = default;
};
/// Type 'x', as opposed to 'S', which clients decode as text.
struct ByteArray {
  std::string bytes;
  bool operator==(const ByteArray&) const = default;
};
using Array = std::vector<Value>;

/// One typed value, with RabbitMQ's type letters (AMQP 0-9-1 errata of RabbitMQ):
/// t bool, b/B 8 bit, s/u 16 bit, I/i 32 bit, l/L 64 bit, f d float, D decimal, S text, A array,
/// T timestamp, F table, x bytes, V void.
class Value {
 public:
  using Held = std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t,
                            std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, float, double,
                            Decimal, std::string, Array, Timestamp, Table, ByteArray>;

  Value() = default;
  template <class T>
  requires std::constructible_from<Held, T> Value(
      T value)  // NOLINT(google-explicit-constructor): {"x-max-length", 10} reads as a table
      : held_(std::move(value)) {}
  Value(const char* text) : held_(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  Value(std::string_view text) : held_(std::string(text)) {}  // NOLINT(google-explicit-constructor)

  const Held& held() const { return held_; }
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&held_);
  }
  /// The number when this is of any integer type.
  std::optional<std::int64_t> as_integer() const;
  /// The text when this is a string.
  const std::string* as_string() const { return get_if<std::string>(); }
  bool is_void() const { return std::holds_alternative<std::monostate>(held_); }

  /// Equality as RabbitMQ compares arguments and header bindings: integers by value whatever their
  /// width, floats too, all else by type and value (rabbit_misc.erl, type_class).
  bool is_equivalent(const Value& other) const;
  bool operator==(const Value& other) const;

 private:
  Held held_;
};

/// RabbitMQ's name of the value's type, as its error texts show it: "signedint", "longstr", ...
std::string_view type_name(const Value& value);
/// The value as RabbitMQ's error texts show it.
std::string to_text(const Value& value);

/// Levels, and values on all levels together, beyond which a table is refused.
struct TableLimits {
  int depth;
  int values;
};
/// For a table at the door, unless the settings say otherwise; and the most that they may say.
inline constexpr TableLimits default_peer_table_limits{.depth = 32, .values = 4096};
inline constexpr TableLimits largest_peer_table_limits{.depth = 32, .values = 32768};
/// For one that has come through it, and may have been extended since (x-death, x-replay).
inline constexpr TableLimits table_limits{.depth = 64, .values = 65536};

/// What a peer may make us build. One for the process, as its settings are: it counts from the next
/// table on. Any thread.
class PeerTableLimits {
 public:
  TableLimits get() const { return {.depth = depth_, .values = values_}; }
  void set(TableLimits limits) { depth_ = limits.depth, values_ = limits.values; }

 private:
  std::atomic<int> depth_{default_peer_table_limits.depth};
  std::atomic<int> values_{default_peer_table_limits.values};
};
inline PeerTableLimits peer_table_limits;

/// Reads a table with its 32-bit length in front. Throws Error{syntax_error} for a truncated or
/// unknown value and past the limits.
Table read_table(Reader& reader, TableLimits limits = table_limits);
/// Reads past a table; throws where read_table would, and allocates nothing.
void check_table(Reader& reader, TableLimits limits);
/// Writes a table with its length in front.
void write_table(Writer& writer, const Table& table);

}  // namespace leveret::amqp
