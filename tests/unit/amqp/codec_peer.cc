// The codec as a filter, for programs in other languages to compare themselves with.
//
//   leveret_codec_peer golden    prints the golden table, one row a line: KIND NAME HEX
//   leveret_codec_peer echo      reads lines KIND HEX, decodes, and prints the encoding in HEX, or
//                                "error: ..."
//
// KIND is method, table or properties; NAME has no blanks.

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>

#include "amqp/reply_code.h"
#include "bytes.h"
#include "golden.h"

namespace {

using namespace leveret::amqp;

void print(std::string_view kind, std::string name, std::string_view raw) {
  std::replace(name.begin(), name.end(), ' ', '_');
  std::cout << kind << ' ' << name << ' ' << hex(raw) << '\n';
}

std::string encoded(const Table& table) {
  std::string out;
  Writer writer{out};
  write_table(writer, table);
  return out;
}

void print_golden() {
  for (const GoldenMethod& row : golden_methods())
    print("method", std::string{key_of(row.value).name}, bytes(row.wire));
  for (const GoldenValue& row : golden_values())
    print("table", std::string{row.description}, encoded(Table{{"k", row.value}}));
  for (const GoldenProperties& row : golden_properties())
    print("properties", std::string{row.description}, bytes(row.wire));
}

std::string echo(const std::string& kind, std::string_view raw) {
  if (kind == "method") {
    std::string out;
    write_method(out, read_method(raw));
    return out;
  }
  if (kind == "properties") return write_properties(read_properties(raw));
  Reader reader{raw};
  const Table table = read_table(reader);
  return encoded(table) + std::string{reader.rest()};
}

void echo_lines() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words{line};
    std::string kind;
    std::string digits;
    words >> kind >> digits;
    try {
      std::cout << hex(echo(kind, bytes(digits))) << '\n';
    } catch (const Error& error) {
      std::cout << "error: " << error.what() << '\n';
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode == "golden") {
    print_golden();
  } else if (mode == "echo") {
    echo_lines();
  } else {
    std::cerr << "usage: leveret_codec_peer golden|echo\n";
    return 2;
  }
  return 0;
}
