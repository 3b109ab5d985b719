#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <utility>

namespace leveret::log {
namespace {

/// The pattern is spdlog's: the time, by its clock, in front of what format_line() makes.
constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%e%z %v";
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z",%v})";

std::atomic<Format> format_in_use{Format::text};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::critical: return spdlog::level::critical;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::trace: return "trace";
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
    case Level::critical: return "critical";
    case Level::off: return "off";
  }
  return "off";
}

/// Escaped, in quotes, with a backslash before quotes and backslashes: a JSON text, and as clear in
/// plain text.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

/// The size in octets of the printable character in front of `text`; 0 for a control character
/// (those of Latin-1 too, which drive a terminal as ESC does) and for what is not UTF-8.
std::size_t printable_bytes(std::string_view text) {
  const auto octet = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = octet(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  unsigned code_point = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0U) != 0x80) return 0;
    code_point = code_point << 6U | (octet(i) & 0x3fU);
  }
  // What a shorter form would hold is not UTF-8, nor are surrogates and what is past Unicode's end.
  constexpr unsigned least[] = {0, 0, 0xa0, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xd800 && code_point < 0xe000;
  const bool is_lead = first >= 0xc2 && first < 0xf5;
  return is_lead && code_point >= least[size] && code_point <= 0x10ffff && !is_surrogate ? size : 0;
}

}  // namespace

void init(Level level, Format format) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("leveret"));
  spdlog::default_logger()->flush_on(spdlog::level::info);
  set_format(format);
  set_level(level);
}

void set_level(Level level) {
  spdlog::set_level(to_spdlog(level));
}

void set_format(Format format) {
  format_in_use = format;
  spdlog::set_pattern(format == Format::json ? json_pattern : text_pattern);
}

bool is_enabled(Level level) {
  return spdlog::should_log(to_spdlog(level));
}

void write(Level level, std::string_view text, Fields fields) noexcept {
  try {
    if (!is_enabled(level)) return;
    spdlog::log(to_spdlog(level), "{}", format_line(format_in_use, level, text, fields));
  } catch (...) {  // A log line is never worth a crash.
  }
}

std::string format_line(Format format, Level level, std::string_view text, Fields fields) {
  std::string line;
  if (format == Format::json) {
    line = "\"level\":" + quote(name_of(level)) + ",\"message\":" + quote(text);
    for (const auto& [name, value] : fields) line += ',' + quote(name) + ':' + quote(value);
    return line;
  }
  line = '[' + std::string{name_of(level)} + "] " + escape(text);
  for (const auto& [name, value] : fields) line += ' ' + std::string{name} + '=' + quote(value);
  return line;
}

std::string escape(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = printable_bytes(text);
    out += text.substr(0, size);
    if (size == 0) {
      const auto octet = static_cast<unsigned char>(text[0]);
      out += "\\x";
      out += digits[octet >> 4U];
      out += digits[octet & 0xfU];
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace leveret::log
