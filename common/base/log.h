#pragma once

#include <string>
#include <string_view>

/// Logging without its library in every header: a line is formatted where it is written and handed
/// over as text. Control characters are escaped, so that no name from outside can forge a line.
namespace leveret::log {

enum class Level { trace, debug, info, warn, error, critical, off };

/// Sets up the process's log on standard error. Call once, before any thread starts.
void init(Level level);
/// Changes the level at run time; any thread.
void set_level(Level level);
/// Parses "trace|debug|info|warn|error|critical|off". Returns false when `text` is none of them.
bool parse_level(std::string_view text, Level& level);
bool is_enabled(Level level);

/// Any thread; never throws.
void write(Level level, std::string_view text) noexcept;

inline void debug(std::string_view text) noexcept {
  write(Level::debug, text);
}
inline void info(std::string_view text) noexcept {
  write(Level::info, text);
}
inline void warn(std::string_view text) noexcept {
  write(Level::warn, text);
}
inline void error(std::string_view text) noexcept {
  write(Level::error, text);
}
inline void critical(std::string_view text) noexcept {
  write(Level::critical, text);
}

/// `text` with control characters, and octets that are not UTF-8, as \xNN: for logs and error
/// texts.
std::string escape(std::string_view text);

}  // namespace leveret::log
