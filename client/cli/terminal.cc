#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

constexpr std::chrono::milliseconds first_line_after{1'000};
constexpr std::chrono::milliseconds between_lines{100};

bool is_number(std::string_view cell) {
  return std::ranges::all_of(
      cell, [](char c) { return (c >= '0' && c <= '9') || c == ',' || c == '.' || c == '-'; });
}

/// Columns a terminal needs for UTF-8 text, one for each character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// One system call for each line, so that the lines of several threads do not mix: std::cerr is not
/// safe to share once it is apart from stdio. That talk gets lost on a closed pipe is no failure.
void write_error(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string styled(std::string_view text, const char* code) {
  if (!has_output_colour()) return std::string{text};
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

}  // namespace

bool is_output_terminal() {
  return isatty(STDOUT_FILENO) != 0;
}
bool is_error_terminal() {
  return isatty(STDERR_FILENO) != 0;
}
bool is_input_terminal() {
  return isatty(STDIN_FILENO) != 0;
}

bool has_output_colour() {
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): never set.
  return is_output_terminal() && (no_colour == nullptr || *no_colour == '\0');
}

std::string bold(std::string_view text) {
  return styled(text, "1");
}
std::string dim(std::string_view text) {
  return styled(text, "2");
}

void print(std::string_view text) {
  std::cout.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!std::cout) throw Failure{Exit::io_error, "cannot write to standard output"};
}

void flush_output() {
  std::cout.flush();
  if (!std::cout) throw Failure{Exit::io_error, "cannot write to standard output"};
}

void say(std::string_view text) {
  // Over a progress line, if there is one.
  std::string line = is_error_terminal() ? "\r\x1b[K" : "";
  line += "leveret: " + escape_for_terminal(text, Lines::keep) + "\n";
  write_error(line);
}

bool confirm(const std::string& question) {
  write_error(question + " [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer.starts_with('y') || answer.starts_with('Y');
}

void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = escape_for_terminal(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::to_string() const {
  const std::size_t columns = headings_.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> is_right(columns, true);
  for (std::size_t i = 0; i < columns; ++i) {
    widths[i] = width_of(headings_[i]);
    for (const auto& row : rows_) {
      widths[i] = std::max(widths[i], width_of(row[i]));
      if (!is_number(row[i])) is_right[i] = false;
    }
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells, bool is_heading) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string padding(widths[i] - width_of(cells[i]), ' ');
      line += is_right[i] ? padding + cells[i] : cells[i] + padding;
      if (i + 1 < columns) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += is_heading ? bold(line) : line;
    out += '\n';
  };
  add_line(headings_, true);
  for (const auto& row : rows_) add_line(row, false);
  return out;
}

Progress::Progress()
    : is_enabled_(is_error_terminal()),
      next_(std::chrono::steady_clock::now() + first_line_after) {}

Progress::~Progress() {
  clear();
}

bool Progress::is_due() const {
  return is_enabled_ && std::chrono::steady_clock::now() >= next_;
}

void Progress::show(std::string_view line) {
  if (!is_due()) return;
  next_ = std::chrono::steady_clock::now() + between_lines;
  write_error("\r\x1b[K" + escape_for_terminal(line));
  is_shown_ = true;
}

void Progress::clear() {
  if (!is_shown_) return;
  write_error("\r\x1b[K");
  is_shown_ = false;
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t width) {
  const std::size_t filled =
      total == 0 ? width : std::min<std::size_t>(width, done * width / total);
  std::string out;
  for (std::size_t i = 0; i < width; ++i) out += i < filled ? "\u2588" : "\u2591";
  return out;
}

}  // namespace leveret::cli
