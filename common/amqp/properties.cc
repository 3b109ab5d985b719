#include "amqp/properties.h"

#include "amqp/reply_code.h"

namespace leveret::amqp {
namespace {

/// The one list of properties, in wire order: bit 15 of the flags is the first.
/// `on` is called with each bit and a reference to the matching member.
template <class P, class F>
void for_each_property(P& p, F on) {
  unsigned bit = 15;
  on(bit--, p.content_type);
  on(bit--, p.content_encoding);
  on(bit--, p.headers);
  on(bit--, p.delivery_mode);
  on(bit--, p.priority);
  on(bit--, p.correlation_id);
  on(bit--, p.reply_to);
  on(bit--, p.expiration);
  on(bit--, p.message_id);
  on(bit--, p.timestamp);
  on(bit--, p.type);
  on(bit--, p.user_id);
  on(bit--, p.app_id);
  on(bit--, p.cluster_id);
}

std::uint16_t read_flags(Reader& reader) {
  const std::uint16_t flags = reader.read_u16();
  // Bit 0 would continue the flags in another word; class basic has no 16th property. Bit 1 is
  // unused.
  if ((flags & 0x3U) != 0)
    throw Error{ReplyCode::syntax_error, "property flags beyond the fourteen of class basic"};
  return flags;
}

void expect_end(const Reader& reader) {
  if (!reader.is_empty())
    throw Error{ReplyCode::syntax_error,
                std::to_string(reader.remaining()) + " bytes left after the properties"};
}

void read_into(Reader& reader, std::optional<std::string>& out) {
  out = std::string{reader.read_short_string()};
}
void read_into(Reader& reader, std::optional<Table>& out) {
  out = read_table(reader);
}
void read_into(Reader& reader, std::optional<std::uint8_t>& out) {
  out = reader.read_u8();
}
void read_into(Reader& reader, std::optional<Timestamp>& out) {
  out = Timestamp{reader.read_u64()};
}

void write_from(Writer& writer, const std::string& value) {
  writer.write_short_string(value);
}
void write_from(Writer& writer, const Table& value) {
  write_table(writer, value);
}
void write_from(Writer& writer, std::uint8_t value) {
  writer.write_u8(value);
}
void write_from(Writer& writer, Timestamp value) {
  writer.write_u64(value.seconds);
}

}  // namespace

Properties read_properties(std::string_view raw) {
  Reader reader{raw};
  const std::uint16_t flags = read_flags(reader);
  Properties properties;
  for_each_property(properties, [&](unsigned bit, auto& member) {
    if ((flags >> bit & 1U) != 0) read_into(reader, member);
  });
  expect_end(reader);
  return properties;
}

std::string write_properties(const Properties& properties) {
  std::uint16_t flags = 0;
  for_each_property(properties, [&](unsigned bit, const auto& member) {
    if (member) flags = static_cast<std::uint16_t>(flags | 1U << bit);
  });
  std::string out;
  Writer writer{out};
  writer.write_u16(flags);
  for_each_property(properties, [&](unsigned, const auto& member) {
    if (member) write_from(writer, *member);
  });
  return out;
}

PropertiesHead read_properties_head(std::string_view raw) {
  Reader reader{raw};
  const std::uint16_t flags = read_flags(reader);
  const auto has = [&](unsigned bit) { return (flags >> bit & 1U) != 0; };
  PropertiesHead head;
  if (has(15)) reader.read_short_string();
  if (has(14)) reader.read_short_string();
  if (has(13)) {
    const std::string_view from = reader.rest();
    const std::string_view table = reader.read_long_string();
    head.headers = from.substr(0, table.size() + 4);
  }
  if (has(12)) head.delivery_mode = reader.read_u8();
  if (has(11)) head.priority = reader.read_u8();
  if (has(10)) reader.read_short_string();
  if (has(9)) head.reply_to = reader.read_short_string();
  if (has(8)) head.expiration = reader.read_short_string();
  if (has(7)) reader.read_short_string();
  if (has(6)) reader.read_u64();
  if (has(5)) reader.read_short_string();
  if (has(4)) head.user_id = reader.read_short_string();
  if (has(3)) reader.read_short_string();
  if (has(2)) reader.read_short_string();
  expect_end(reader);
  return head;
}

void check_properties(std::string_view raw, TableLimits limits) {
  const PropertiesHead head = read_properties_head(raw);
  if (head.headers.empty()) return;
  Reader reader{head.headers};
  check_table(reader, limits);
}

}  // namespace leveret::amqp
