#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The broker's settings, as HTTP shows and changes them. They belong to the server, which reads
/// them (config.h there).
namespace leveret::http {

using SettingValue = std::variant<std::int64_t, bool, std::string, std::vector<std::string>>;

struct SettingRow {
  std::string_view name;
  SettingValue value;
  /// "default", a file with a line, a variable, an option, or "set while running".
  std::string origin;
  SettingValue default_value;
  /// Whether a change takes effect at once; else at the next start.
  bool is_live = false;
  /// What the broker goes by until then, when that is another value.
  bool waits_for_restart = false;
};

/// What a change of settings has done.
struct SettingsChange {
  struct Entry {
    std::string_view name;
    SettingValue from;
    SettingValue to;
  };
  std::vector<Entry> changed;
  /// In force from the next start.
  std::vector<Entry> waiting;
};

/// A value that cannot be used, or a source that cannot be read. Nothing has changed.
class SettingsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// There is no such setting, or it cannot be changed in this way.
class NoSuchSetting : public SettingsError {
 public:
  using SettingsError::SettingsError;
};

/// Any thread; changes block while files are read. All throw SettingsError.
class Settings {
 public:
  virtual ~Settings() = default;
  virtual std::vector<SettingRow> rows() const = 0;
  /// Reads file and environment again.
  virtual SettingsChange reload() = 0;
  /// Sets one until the broker ends, before all other sources; `value` as in the environment.
  virtual SettingsChange set(const std::string& name, const std::string& value) = 0;
  /// Takes back what set() did.
  virtual SettingsChange unset(const std::string& name) = 0;
};

}  // namespace leveret::http
