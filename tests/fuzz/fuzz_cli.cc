// What people type on the command line, and what a broker answers to it: the first octet says which
// of the command's parsers the rest is for.

#include <algorithm>
#include <stdexcept>

#include "cli/definitions_plan.h"
#include "cli/header.h"
#include "cli/json.h"
#include "cli/text.h"
#include "harness.h"

using namespace leveret;

namespace {

/// A header that is taken can be sent, and is shown.
void type_header(std::string_view text) {
  const auto [name, value] = cli::parse_header(text);
  const amqp::Table table{{name, value}};
  std::string raw;
  amqp::Writer writer{raw};
  amqp::write_table(writer, table);
  amqp::Reader reader{raw};
  require(cli::dump(cli::to_json(amqp::read_table(reader))) == cli::dump(cli::to_json(table)));
}

void type_number(std::string_view text) {
  const auto refuses = [](auto parse) {
    try {
      parse();
    } catch (const std::invalid_argument& error) {
      require(error.what()[0] != '\0');
    }
  };
  refuses([&] { require(cli::parse_span(text).count() >= 0); });
  refuses([&] { require(!cli::with_commas(cli::parse_count(text)).empty()); });
  refuses([&] { require(!cli::format_bytes(cli::parse_size(text)).empty()); });
  refuses([&] { require(cli::parse_rate(text) >= 0); });
}

/// What is shown cannot drive a terminal, and is shown the same once more.
void show_text(std::string_view text) {
  for (const cli::Lines lines : {cli::Lines::keep, cli::Lines::escape}) {
    const std::string shown = cli::escape_for_terminal(text, lines);
    require(cli::is_utf8(shown));
    require(std::ranges::none_of(shown, [&](char c) {
      const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      return is_control && (lines == cli::Lines::escape || (c != '\n' && c != '\t'));
    }));
    require(cli::escape_for_terminal(shown, lines) == shown);
  }
  require(cli::base64_decode(cli::base64(text)) == text);
  cli::base64_decode(text);
  require(cli::nearest(text, {std::string{text}}).has_value());
}

/// What a broker answers, whatever it is.
void show_answer(std::string_view text) {
  const cli::Json report = cli::Json::parse(text, nullptr, false);
  if (report.is_discarded()) return;
  try {
    require(cli::is_utf8(cli::plan_text(report)));
    require(!cli::summary_text(report).empty());
  } catch (const cli::Json::exception&) {
    return;  // told of by main() as an answer that is not understood
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = view_of(data + 1, size - 1);
  try {
    switch (data[0] % 4) {
      case 0: type_header(text); break;
      case 1: type_number(text); break;
      case 2: show_text(text); break;
      default: show_answer(text);
    }
  } catch (const std::invalid_argument& error) {
    require(error.what()[0] != '\0');
  }
  return 0;
}
