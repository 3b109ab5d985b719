#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config.h"
#include "setting_value.h"

/// The table of all settings: what each is called, what it takes and where in Config it lives.
namespace leveret::server {

/// When a change of a setting takes effect.
enum class Change : std::uint8_t {
  /// At once, in a broker that runs.
  live,
  /// When the broker starts the next time.
  restart,
};

struct Setting {
  /// As in a file: "amqp.port".
  std::string_view name;
  /// What is right, for error texts: "a port from 0 to 65535".
  std::string_view expected;
  Change change;
  /// Returns false, having changed nothing, when the value is not what is expected.
  bool (*set)(Config& config, const GivenValue& given);
  SettingValue (*get)(const Config& config);
};

std::span<const Setting> all_settings();
/// Null when there is none of this name.
const Setting* find_setting(std::string_view name);
/// Sets it in `to` to what it is in `from`.
void copy_setting(const Setting& setting, const Config& from, Config& to);
/// "; did you mean 'amqp.port'?", or nothing when no setting's name is near.
std::string suggest_setting(std::string_view name);

}  // namespace leveret::server
