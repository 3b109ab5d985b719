// A table with its length in front: reading and checking agree, and what is read can be written.

#include "amqp/table.h"

#include <optional>

#include "amqp/reply_code.h"
#include "harness.h"

using namespace leveret;

namespace {

std::string encoded(const amqp::Table& table) {
  std::string out;
  amqp::Writer writer{out};
  amqp::write_table(writer, table);
  return out;
}

bool passes_check(std::string_view raw, amqp::TableLimits limits) {
  try {
    amqp::Reader reader{raw};
    amqp::check_table(reader, limits);
    return true;
  } catch (const amqp::Error&) {
    return false;
  }
}

std::optional<amqp::Table> read(std::string_view raw, amqp::TableLimits limits) {
  try {
    amqp::Reader reader{raw};
    return amqp::read_table(reader, limits);
  } catch (const amqp::Error& error) {
    require(error.code == amqp::ReplyCode::syntax_error);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw = view_of(data, size);
  // Limits small enough for short inputs to reach both sides of them.
  constexpr amqp::TableLimits small{.depth = 4, .values = 16};
  require(passes_check(raw, small) == read(raw, small).has_value());
  const auto table = read(raw, amqp::default_peer_table_limits);
  require(passes_check(raw, amqp::default_peer_table_limits) == table.has_value());
  if (!table) return 0;
  const std::string once = encoded(*table);
  require(once.size() <= size);
  require(encoded(*read(once, amqp::default_peer_table_limits)) == once);
  for (const auto& [name, value] : *table) {
    amqp::to_text(value);
    require(table->find(name) != nullptr);
  }
  return 0;
}
