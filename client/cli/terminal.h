#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::cli {

/// Whether standard output, or standard error, is looked at by a person.
bool is_output_terminal();
bool is_error_terminal();
bool is_input_terminal();
/// False when NO_COLOR is set or the stream is no terminal.
bool has_output_colour();

std::string bold(std::string_view text);
std::string dim(std::string_view text);

/// Writes to standard output; throws Failure{io_error} when that fails, as on a full disk.
void print(std::string_view text);
/// Flushes what print() wrote; throws likewise.
void flush_output();
/// A line of talk on standard error: "leveret: " and the text.
void say(std::string_view text);
/// Asks on the terminal; true for an answer that starts with y.
bool confirm(const std::string& question);

/// Rows under headings, in columns. Numbers are set to the right where every row's is one.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  /// One cell for each heading; cells are escaped for a terminal.
  void add(std::vector<std::string> cells);
  bool is_empty() const { return rows_.empty(); }
  std::string to_string() const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// One line on standard error that is rewritten while something takes long. Silent during the first
/// second, and when standard error is no terminal.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// True when a line would be shown now: at most ten times a second.
  bool is_due() const;
  void show(std::string_view line);
  /// Removes the line.
  void clear();

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool is_enabled_;
  bool is_shown_ = false;
  Time next_;
};

/// A bar of `width` cells, filled by done/total.
std::string bar(std::uint64_t done, std::uint64_t total, std::size_t width = 24);

}  // namespace leveret::cli
