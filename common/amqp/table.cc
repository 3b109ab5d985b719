#include "amqp/table.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "amqp/reply_code.h"
#include "base/limit_counts.h"
#include "base/overloaded.h"

namespace leveret::amqp {

Table::Table() = default;
Table::Table(std::initializer_list<Entry> entries) : entries_(entries) {}
Table::Table(const Table&) = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(const Table&) = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

const Value* Table::find(std::string_view name) const {
  const auto it = std::ranges::find(entries_, name, &Entry::first);
  return it == entries_.end() ? nullptr : &it->second;
}

void Table::set(std::string_view name, Value value) {
  const auto it = std::ranges::find(entries_, name, &Entry::first);
  if (it != entries_.end())
    it->second = std::move(value);
  else
    entries_.emplace_back(name, std::move(value));
}

void Table::set_first(std::string_view name, Value value) {
  Entry entry{name, std::move(value)};
  erase(entry.first);
  entries_.insert(entries_.begin(), std::move(entry));
}

bool Table::erase(std::string_view name) {
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; }) > 0;
}

bool Table::is_empty() const {
  return entries_.empty();
}
std::size_t Table::size() const {
  return entries_.size();
}
const Table::Entry* Table::begin() const {
  return entries_.data();
}
const Table::Entry* Table::end() const {
  return entries_.data() + entries_.size();
}
void Table::reserve(std::size_t count) {
  entries_.reserve(count);
}
void Table::append(std::string name, Value value) {
  entries_.emplace_back(std::move(name), std::move(value));
}
bool Table::operator==(const Table& other) const {
  return entries_ == other.entries_;
}

bool Value::operator==(const Value& other) const {
  return held_ == other.held_;
}

std::optional<std::int64_t> Value::as_integer() const {
  return std::visit(
      [](const auto& value) -> std::optional<std::int64_t> {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
          return static_cast<std::int64_t>(value);
        else
          return std::nullopt;
      },
      held_);
}

namespace {

std::optional<double> as_float(const Value& value) {
  if (const auto* number = value.get_if<float>()) return *number;
  if (const auto* number = value.get_if<double>()) return *number;
  return std::nullopt;
}

}  // namespace

bool Value::is_equivalent(const Value& other) const {
  if (const auto mine = as_integer(), theirs = other.as_integer(); mine && theirs)
    return *mine == *theirs;
  if (const auto mine = as_float(*this), theirs = as_float(other); mine && theirs)
    return *mine == *theirs;
  return *this == other;
}

namespace {

/// Type letter and RabbitMQ's type name, one row per alternative of Value::Held, in its order.
struct TypeRow {
  char letter;
  std::string_view name;
};
constexpr TypeRow type_rows[] = {
    {'V', "void"},    {'t', "bool"},          {'b', "byte"},      {'B', "unsignedbyte"},
    {'s', "short"},   {'u', "unsignedshort"}, {'I', "signedint"}, {'i', "unsignedint"},
    {'l', "long"},    {'f', "float"},         {'d', "double"},    {'D', "decimal"},
    {'S', "longstr"}, {'A', "array"},         {'T', "timestamp"}, {'F', "table"},
    {'x', "binary"},
};
static_assert(std::size(type_rows) == std::variant_size_v<Value::Held>);

/// Counts values and depth over one whole table, so that a small frame cannot grow into much
/// memory.
class Budget {
 public:
  explicit Budget(TableLimits limits) : limits_(limits) {}

  void check_depth(int depth) const {
    if (depth <= limits_.depth) return;
    limits_reached.add(Limit::table_depth);
    throw Error{ReplyCode::syntax_error,
                "table nested deeper than " + std::to_string(limits_.depth)};
  }
  void count_value() {
    if (++values_ <= limits_.values) return;
    limits_reached.add(Limit::table_values);
    throw Error{ReplyCode::syntax_error,
                "table of more than " + std::to_string(limits_.values) + " values"};
  }

 private:
  TableLimits limits_;
  int values_ = 0;
};

[[noreturn]] void refuse_type(char letter) {
  throw Error{
      ReplyCode::syntax_error,
      "unknown field type " + std::to_string(static_cast<unsigned char>(letter)) + " in a table"};
}

class Decoder {
 public:
  explicit Decoder(TableLimits limits) : budget_(limits) {}

  Table read_table(Reader& reader, int depth) {
    budget_.check_depth(depth);
    Reader body{reader.read_long_string()};
    Table table;
    while (!body.is_empty()) {
      std::string name{body.read_short_string()};
      table.append(std::move(name), read_value(body, depth));
    }
    return table;
  }

 private:
  Array read_array(Reader& reader, int depth) {
    budget_.check_depth(depth);
    Reader body{reader.read_long_string()};
    Array array;
    while (!body.is_empty()) array.push_back(read_value(body, depth));
    return array;
  }

  Value read_value(Reader& reader, int depth) {
    budget_.count_value();
    const char letter = static_cast<char>(reader.read_u8());
    switch (letter) {
      case 'V': return Value{};
      case 't': return reader.read_u8() != 0;
      case 'b': return static_cast<std::int8_t>(reader.read_u8());
      case 'B': return reader.read_u8();
      case 's': return static_cast<std::int16_t>(reader.read_u16());
      case 'u': return reader.read_u16();
      case 'I': return static_cast<std::int32_t>(reader.read_u32());
      case 'i': return reader.read_u32();
      case 'l':
      case 'L': return static_cast<std::int64_t>(reader.read_u64());
      case 'f': return std::bit_cast<float>(reader.read_u32());
      case 'd': return std::bit_cast<double>(reader.read_u64());
      case 'D': {
        Decimal decimal;
        decimal.scale = reader.read_u8();
        decimal.value = static_cast<std::int32_t>(reader.read_u32());
        return decimal;
      }
      case 'S': return std::string{reader.read_long_string()};
      case 'A': return read_array(reader, depth + 1);
      case 'T': return Timestamp{reader.read_u64()};
      case 'F': return read_table(reader, depth + 1);
      case 'x': return ByteArray{std::string{reader.read_long_string()}};
      default: refuse_type(letter);
    }
  }

  Budget budget_;
};

/// Walks over what Decoder builds.
class Checker {
 public:
  explicit Checker(TableLimits limits) : budget_(limits) {}

  void skip_table(Reader& reader, int depth) {
    budget_.check_depth(depth);
    Reader body{reader.read_long_string()};
    while (!body.is_empty()) {
      body.read_short_string();
      skip_value(body, depth);
    }
  }

 private:
  void skip_array(Reader& reader, int depth) {
    budget_.check_depth(depth);
    Reader body{reader.read_long_string()};
    while (!body.is_empty()) skip_value(body, depth);
  }

  void skip_value(Reader& reader, int depth) {
    budget_.count_value();
    const char letter = static_cast<char>(reader.read_u8());
    switch (letter) {
      case 'V': return;
      case 't':
      case 'b':
      case 'B': reader.take(1); return;
      case 's':
      case 'u': reader.take(2); return;
      case 'I':
      case 'i':
      case 'f': reader.take(4); return;
      case 'D': reader.take(5); return;
      case 'l':
      case 'L':
      case 'd':
      case 'T': reader.take(8); return;
      case 'S':
      case 'x': reader.read_long_string(); return;
      case 'A': skip_array(reader, depth + 1); return;
      case 'F': skip_table(reader, depth + 1); return;
      default: refuse_type(letter);
    }
  }

  Budget budget_;
};

void write_value(Writer& writer, const Value& value);

template <class F>
void write_sized(Writer& writer, F write_content) {
  const std::size_t start = writer.size();
  writer.write_u32(0);
  write_content();
  writer.patch_u32(start, static_cast<std::uint32_t>(writer.size() - start - 4));
}

void write_array(Writer& writer, const Array& array) {
  write_sized(writer, [&] {
    for (const Value& value : array) write_value(writer, value);
  });
}

void write_value(Writer& writer, const Value& value) {
  writer.write_u8(static_cast<std::uint8_t>(type_rows[value.held().index()].letter));
  std::visit(Overloaded{
                 [](std::monostate) {},
                 [&](bool v) { writer.write_u8(v ? 1 : 0); },
                 [&](std::int8_t v) { writer.write_u8(static_cast<std::uint8_t>(v)); },
                 [&](std::uint8_t v) { writer.write_u8(v); },
                 [&](std::int16_t v) { writer.write_u16(static_cast<std::uint16_t>(v)); },
                 [&](std::uint16_t v) { writer.write_u16(v); },
                 [&](std::int32_t v) { writer.write_u32(static_cast<std::uint32_t>(v)); },
                 [&](std::uint32_t v) { writer.write_u32(v); },
                 [&](std::int64_t v) { writer.write_u64(static_cast<std::uint64_t>(v)); },
                 [&](float v) { writer.write_u32(std::bit_cast<std::uint32_t>(v)); },
                 [&](double v) { writer.write_u64(std::bit_cast<std::uint64_t>(v)); },
                 [&](const Decimal& v) {
                   writer.write_u8(v.scale);
                   writer.write_u32(static_cast<std::uint32_t>(v.value));
                 },
                 [&](const std::string& v) { writer.write_long_string(v); },
                 [&](const Array& v) { write_array(writer, v); },
                 [&](Timestamp v) { writer.write_u64(v.seconds); },
                 [&](const Table& v) { write_table(writer, v); },
                 [&](const ByteArray& v) { writer.write_long_string(v.bytes); },
             },
             value.held());
}

/// Besides the value's own size.
std::size_t bytes_of(const Value& value);

std::size_t bytes_of(const std::string& text) {
  static const std::size_t kept_inside = std::string{}.capacity();
  return text.capacity() > kept_inside ? text.capacity() : 0;
}

std::size_t bytes_of(const Value& value) {
  return std::visit(Overloaded{
                        [](const std::string& text) { return bytes_of(text); },
                        [](const ByteArray& array) { return bytes_of(array.bytes); },
                        [](const Table& table) { return table.memory_bytes(); },
                        [](const Array& array) {
                          std::size_t bytes = array.capacity() * sizeof(Value);
                          for (const Value& each : array) bytes += bytes_of(each);
                          return bytes;
                        },
                        [](const auto&) { return std::size_t{0}; },
                    },
                    value.held());
}

}  // namespace

std::size_t Table::memory_bytes() const {
  std::size_t bytes = entries_.capacity() * sizeof(Entry);
  for (const auto& [name, value] : entries_) bytes += bytes_of(name) + bytes_of(value);
  return bytes;
}

std::string_view type_name(const Value& value) {
  return type_rows[value.held().index()].name;
}

std::string to_text(const Value& value) {
  return std::visit(
      Overloaded{
          [](std::monostate) { return std::string{"undefined"}; },
          [](bool v) { return std::string{v ? "true" : "false"}; },
          [](const Decimal& v) { return std::to_string(v.value) + "e-" + std::to_string(v.scale); },
          [](const std::string& v) { return v; },
          [](const Array& v) { return "[" + std::to_string(v.size()) + " values]"; },
          [](Timestamp v) { return std::to_string(v.seconds); },
          [](const Table& v) { return "{" + std::to_string(v.size()) + " entries}"; },
          [](const ByteArray& v) { return std::to_string(v.bytes.size()) + " bytes"; },
          [](auto number) { return std::to_string(number); },
      },
      value.held());
}

Table read_table(Reader& reader, TableLimits limits) {
  return Decoder{limits}.read_table(reader, 1);
}

void check_table(Reader& reader, TableLimits limits) {
  Checker{limits}.skip_table(reader, 1);
}

void write_table(Writer& writer, const Table& table) {
  write_sized(writer, [&] {
    for (const auto& [name, value] : table) {
      writer.write_short_string(name);
      write_value(writer, value);
    }
  });
}

}  // namespace leveret::amqp
