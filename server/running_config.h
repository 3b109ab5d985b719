#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "config.h"
#include "http/settings.h"

namespace leveret::server {

/// The settings of a broker that runs: what they are, where each comes from, and how they change:
/// by reading the sources again, or one of them by hand until the broker ends. Any thread; a change
/// blocks while files are read.
class RunningConfig final : public http::Settings {
 public:
  /// Takes over the settings that may change in a running broker. Throws what makes them unusable,
  /// and has changed nothing then.
  using Use = std::function<void(const Config& config)>;

  /// Throws ConfigError.
  explicit RunningConfig(ConfigSources sources);

  /// As they were at the start.
  const Config& at_start() const { return at_start_; }
  /// Before the first change.
  void on_change(Use use) { use_ = std::move(use); }

  std::vector<http::SettingRow> rows() const override;
  http::SettingsChange reload() override;
  http::SettingsChange set(const std::string& name, const std::string& value) override;
  http::SettingsChange unset(const std::string& name) override;

 private:
  http::SettingsChange move_to(ConfigSources sources);

  mutable std::mutex mutex_;
  ConfigSources sources_;
  /// What the sources said last, also of settings that wait for a restart.
  LoadedConfig loaded_;
  const Config at_start_;
  Use use_;
};

}  // namespace leveret::server
