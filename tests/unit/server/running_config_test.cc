#include "running_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "setting_value.h"

namespace leveret::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunningConfigTest : public testing::Test {
 protected:
  RunningConfigTest() {
    write("log_level = 'info'\n[amqp]\nport = 1\n");
    ConfigSources sources;
    sources.file = path_;
    config_.emplace(std::move(sources));
    config_->on_change([this](const Config& config) {
      if (!refusal_.empty()) throw std::runtime_error{refusal_};
      used_ = config;
    });
  }
  ~RunningConfigTest() override { std::filesystem::remove(path_); }

  void write(std::string_view text) { std::ofstream{path_} << text; }
  /// "name: from -> to" of each.
  static std::vector<std::string> list(const std::vector<http::SettingsChange::Entry>& entries) {
    std::vector<std::string> lines;
    for (const auto& entry : entries)
      lines.push_back(std::string{entry.name} + ": " + show(entry.from) + " -> " + show(entry.to));
    return lines;
  }
  http::SettingRow row(std::string_view name) {
    for (http::SettingRow& row : config_->rows())
      if (row.name == name) return row;
    ADD_FAILURE() << "no " << name;
    return {};
  }

  const std::string path_ =
      std::filesystem::temp_directory_path() / ("leveret-running-" + std::to_string(getpid()));
  std::optional<RunningConfig> config_;
  std::optional<Config> used_;
  std::string refusal_;
};

TEST_F(RunningConfigTest, AReloadTakesOverWhatMayChangeAndSaysWhatWaits) {
  write("log_level = 'debug'\n[amqp]\nport = 2\nheartbeat_s = 9\n");
  const http::SettingsChange change = config_->reload();
  EXPECT_THAT(list(change.changed),
              ElementsAre("log_level: \"info\" -> \"debug\"", "amqp.heartbeat_s: 60 -> 9"));
  EXPECT_THAT(list(change.waiting), ElementsAre("amqp.port: 1 -> 2"));
  ASSERT_TRUE(used_);
  EXPECT_EQ(used_->log_level, log::Level::debug);
  EXPECT_EQ(used_->tuning.heartbeat_s, 9);
  EXPECT_EQ(used_->amqp_port, 1) << "the running broker listens where it did";
  EXPECT_TRUE(row("amqp.port").waits_for_restart);
  EXPECT_EQ(row("amqp.heartbeat_s").origin, path_ + ":4");

  EXPECT_THAT(list(config_->reload().changed), ElementsAre());
  EXPECT_THAT(list(config_->reload().waiting), ElementsAre("amqp.port: 1 -> 2"));
}

TEST_F(RunningConfigTest, AFileThatIsWrongChangesNothing) {
  write("log_level = 'debug'\n[amqp]\nprot = 2\n");
  try {
    config_->reload();
    FAIL() << "accepted";
  } catch (const http::SettingsError& error) {
    EXPECT_THAT(error.what(), HasSubstr(":3: unknown key 'amqp.prot'; did you mean 'amqp.port'?"));
  }
  EXPECT_FALSE(used_);
  EXPECT_EQ(show(row("log_level").value), "\"info\"");
}

TEST_F(RunningConfigTest, WhatTheBrokerCannotUseChangesNothing) {
  refusal_ = "tls.certfile cannot be read";
  write("log_level = 'debug'\n");
  EXPECT_THROW(config_->reload(), http::SettingsError);
  EXPECT_EQ(show(row("log_level").value), "\"info\"");
}

TEST_F(RunningConfigTest, WhatIsSetByHandGoesBeforeTheFileUntilItIsTakenBack) {
  EXPECT_THAT(list(config_->set("log_level", "trace").changed),
              ElementsAre("log_level: \"info\" -> \"trace\""));
  EXPECT_EQ(row("log_level").origin, "set while running");
  write("log_level = 'warn'\n");
  config_->reload();
  EXPECT_EQ(used_->log_level, log::Level::trace);
  config_->unset("log_level");
  EXPECT_EQ(used_->log_level, log::Level::warn);
  EXPECT_EQ(row("log_level").origin, path_ + ":1");
}

TEST_F(RunningConfigTest, WhatCannotBeSetByHandIsToldWhy) {
  EXPECT_THROW(config_->set("amqp.prot", "1"), http::NoSuchSetting);
  EXPECT_THROW(config_->set("amqp.port", "2"), http::SettingsError);
  EXPECT_THROW(config_->set("log_level", "loud"), http::SettingsError);
  EXPECT_THROW(config_->unset("log_level"), http::NoSuchSetting);
  EXPECT_FALSE(used_);
}

}  // namespace
}  // namespace leveret::server
