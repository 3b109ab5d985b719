#include "running_config.h"

#include <utility>

#include "base/log.h"
#include "settings.h"

namespace leveret::server {
namespace {

/// The settings that a running broker goes by: those of its start, but for what may change.
Config in_force(const Config& at_start, const Config& loaded) {
  Config config = at_start;
  for (const Setting& setting : all_settings())
    if (setting.change == Change::live) copy_setting(setting, loaded, config);
  config.limits.channel_max = config.tuning.channel_max;
  return config;
}

void add_differences(Change kind, const Config& from, const Config& to,
                     std::vector<http::SettingsChange::Entry>& entries) {
  for (const Setting& setting : all_settings())
    if (setting.change == kind && setting.get(from) != setting.get(to))
      entries.push_back({setting.name, setting.get(from), setting.get(to)});
}

void tell(const http::SettingsChange& change) {
  for (const auto& entry : change.changed)
    log::info("setting changed: " + std::string{entry.name} + " is now " + show(entry.to) +
              ", was " + show(entry.from));
  for (const auto& entry : change.waiting)
    log::warn(std::string{entry.name} + " will be " + show(entry.to) +
              " when the broker starts the next time; until then it is " + show(entry.from));
}

const Setting& require_setting(const std::string& name) {
  if (const Setting* setting = find_setting(name)) return *setting;
  throw http::NoSuchSetting{"there is no setting '" + log::escape(name) + "'" +
                            suggest_setting(name)};
}

}  // namespace

RunningConfig::RunningConfig(ConfigSources sources)
    : sources_(std::move(sources)), loaded_(load_config(sources_)), at_start_(loaded_.config) {}

std::vector<http::SettingRow> RunningConfig::rows() const {
  const std::lock_guard lock{mutex_};
  const Config defaults;
  std::vector<http::SettingRow> rows;
  for (const Setting& setting : all_settings()) {
    http::SettingRow& row = rows.emplace_back();
    row.name = setting.name;
    row.value = setting.get(loaded_.config);
    row.default_value = setting.get(defaults);
    const auto origin = loaded_.origins.find(setting.name);
    row.origin = origin == loaded_.origins.end() ? "default" : origin->second;
    row.is_live = setting.change == Change::live;
    row.waits_for_restart = !row.is_live && row.value != setting.get(at_start_);
  }
  return rows;
}

http::SettingsChange RunningConfig::reload() {
  const std::lock_guard lock{mutex_};
  return move_to(sources_);
}

http::SettingsChange RunningConfig::set(const std::string& name, const std::string& value) {
  const Setting& setting = require_setting(name);
  if (setting.change == Change::restart)
    throw http::SettingsError{name +
                              " cannot change while the broker runs: set it in the "
                              "configuration file and start the broker again"};
  const std::lock_guard lock{mutex_};
  ConfigSources sources = sources_;
  sources.running[name] = value;
  return move_to(std::move(sources));
}

http::SettingsChange RunningConfig::unset(const std::string& name) {
  require_setting(name);
  const std::lock_guard lock{mutex_};
  ConfigSources sources = sources_;
  if (sources.running.erase(name) == 0)
    throw http::NoSuchSetting{name + " has not been set while the broker ran"};
  return move_to(std::move(sources));
}

/// What waits for a restart is told of at each change, as long as it waits.
http::SettingsChange RunningConfig::move_to(ConfigSources sources) {
  try {
    LoadedConfig loaded = load_config(sources);
    http::SettingsChange change;
    add_differences(Change::live, loaded_.config, loaded.config, change.changed);
    add_differences(Change::restart, at_start_, loaded.config, change.waiting);
    if (use_) use_(in_force(at_start_, loaded.config));
    sources_ = std::move(sources);
    loaded_ = std::move(loaded);
    tell(change);
    return change;
  } catch (const std::exception& error) {
    throw http::SettingsError{error.what()};
  }
}

}  // namespace leveret::server
