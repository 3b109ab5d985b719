#include "amqp/methods.h"

#include <array>
#include <utility>

#include "amqp/reply_code.h"

namespace leveret::amqp {
namespace {

/// Reads fields in order; remembers the octet that consecutive bools share.
class FieldReader {
 public:
  explicit FieldReader(Reader& reader) : reader_(reader) {}

  void operator()(bool& field) {
    if (bit_ == 8) {
      octet_ = reader_.read_u8();
      bit_ = 0;
    }
    field = (octet_ >> bit_++ & 1U) != 0;
  }
  void operator()(std::uint8_t& field) { bit_ = 8, field = reader_.read_u8(); }
  void operator()(std::uint16_t& field) { bit_ = 8, field = reader_.read_u16(); }
  void operator()(std::uint32_t& field) { bit_ = 8, field = reader_.read_u32(); }
  void operator()(std::uint64_t& field) { bit_ = 8, field = reader_.read_u64(); }
  void operator()(std::string_view& field) { bit_ = 8, field = reader_.read_short_string(); }
  void operator()(LongString& field) { bit_ = 8, field.value = reader_.read_long_string(); }
  void operator()(Table& field) { bit_ = 8, field = read_table(reader_, peer_table_limits.get()); }

 private:
  Reader& reader_;
  std::uint8_t octet_ = 0;
  unsigned bit_ = 8;
};

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out), writer_(out) {}

  void operator()(bool field) {
    if (bit_ == 8) {
      writer_.write_u8(0);
      bit_ = 0;
    }
    if (field) out_.back() = static_cast<char>(out_.back() | static_cast<char>(1U << bit_));
    ++bit_;
  }
  void operator()(std::uint8_t field) { bit_ = 8, writer_.write_u8(field); }
  void operator()(std::uint16_t field) { bit_ = 8, writer_.write_u16(field); }
  void operator()(std::uint32_t field) { bit_ = 8, writer_.write_u32(field); }
  void operator()(std::uint64_t field) { bit_ = 8, writer_.write_u64(field); }
  void operator()(std::string_view field) { bit_ = 8, writer_.write_short_string(field); }
  void operator()(const LongString& field) { bit_ = 8, writer_.write_long_string(field.value); }
  void operator()(const Table& field) { bit_ = 8, write_table(writer_, field); }

 private:
  std::string& out_;
  Writer writer_;
  unsigned bit_ = 8;
};

template <class M>
Method read_as(Reader& reader) {
  M method;
  FieldReader read{reader};
  std::apply([&](auto&... field) { (read(field), ...); }, M::fields(method));
  return method;
}

struct DispatchRow {
  MethodKey key;
  Method (*read)(Reader&);
};

template <std::size_t... I>
constexpr auto make_rows(std::index_sequence<I...>) {
  return std::array{DispatchRow{std::variant_alternative_t<I, Method>::key,
                                &read_as<std::variant_alternative_t<I, Method>>}...};
}
constexpr auto rows = make_rows(std::make_index_sequence<std::variant_size_v<Method>>{});

/// Rows by (class, method) in one small table: classes are tens up to 90, methods at most 120.
constexpr std::size_t slot_of(std::uint16_t class_id, std::uint16_t method_id) {
  return class_id * 128U + method_id;
}
constexpr auto slots = [] {
  std::array<std::uint8_t, 91U * 128U> table{};
  for (std::size_t i = 0; i < rows.size(); ++i)
    table[slot_of(rows[i].key.class_id, rows[i].key.method_id)] = static_cast<std::uint8_t>(i + 1);
  return table;
}();

}  // namespace

Method read_method(std::string_view payload) {
  Reader reader{payload};
  const std::uint16_t class_id = reader.read_u16();
  const std::uint16_t method_id = reader.read_u16();
  const std::uint8_t slot =
      class_id <= 90 && method_id < 128 ? slots[slot_of(class_id, method_id)] : std::uint8_t{0};
  if (slot == 0)
    throw Error{
        ReplyCode::command_invalid,
        "unknown method " + std::to_string(method_id) + " of class " + std::to_string(class_id),
        class_id, method_id};
  try {
    Method method = rows[slot - 1U].read(reader);
    if (!reader.is_empty())
      throw Error{ReplyCode::syntax_error,
                  std::to_string(reader.remaining()) + " bytes left after the method's fields"};
    return method;
  } catch (const Error& error) {
    throw Error{error.code, std::string{rows[slot - 1U].key.name} + ": " + error.what(), class_id,
                method_id};
  }
}

void write_method(std::string& out, const Method& method) {
  std::visit(
      [&]<class M>(const M& m) {
        Writer writer{out};
        writer.write_u16(M::key.class_id);
        writer.write_u16(M::key.method_id);
        FieldWriter write{out};
        std::apply([&](const auto&... field) { (write(field), ...); }, M::fields(m));
      },
      method);
}

MethodKey key_of(const Method& method) {
  return rows[method.index()].key;
}

}  // namespace leveret::amqp
