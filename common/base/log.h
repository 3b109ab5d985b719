#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

/// Logging without its library in every header: a line is formatted where it is written and handed
/// over as text, with fields for what programs look for. Control characters are escaped, so that no
/// name from outside can forge a line; nothing secret is ever handed over.
namespace leveret::log {

enum class Level { trace, debug, info, warn, error, critical, off };

/// `text`: "2026-11-24T12:00:00.000+0000 [info] what happened vhost="/" user="ann"".
/// `json`: one object a line, with time, level and message, and every field by its name.
enum class Format { text, json };

/// A name, of letters and underscores, and what it is in this line.
using Field = std::pair<std::string_view, std::string_view>;
using Fields = std::initializer_list<Field>;

/// Sets up the process's log on standard error. Call once, before any thread starts.
void init(Level level, Format format);
/// Change level and format at run time; any thread.
void set_level(Level level);
void set_format(Format format);
bool is_enabled(Level level);

/// Any thread; never throws.
void write(Level level, std::string_view text, Fields fields = {}) noexcept;

inline void debug(std::string_view text, Fields fields = {}) noexcept {
  write(Level::debug, text, fields);
}
inline void info(std::string_view text, Fields fields = {}) noexcept {
  write(Level::info, text, fields);
}
inline void warn(std::string_view text, Fields fields = {}) noexcept {
  write(Level::warn, text, fields);
}
inline void error(std::string_view text, Fields fields = {}) noexcept {
  write(Level::error, text, fields);
}
inline void critical(std::string_view text, Fields fields = {}) noexcept {
  write(Level::critical, text, fields);
}

/// `text` with control characters, and octets that are not UTF-8, as \xNN: for logs and error
/// texts.
std::string escape(std::string_view text);

/// What write() puts on a line behind its time: for `text` "[info] text name="value"", for `json`
/// the members of the object from "level" on.
std::string format_line(Format format, Level level, std::string_view text, Fields fields);

}  // namespace leveret::log
