#include "config.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "settings.h"

namespace leveret::server {
namespace {

/// A settings file that is gone with the test.
class File {
 public:
  explicit File(std::string_view text) {
    std::string name = (std::filesystem::temp_directory_path() / "leveret-config-XXXXXX").string();
    const int fd = mkstemp(name.data());
    EXPECT_GE(fd, 0);
    if (fd >= 0) close(fd);
    path_ = name;
    std::ofstream{path_} << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Config load(std::string_view text) {
  const File file{text};
  ConfigSources sources;
  sources.file = file.path();
  return load_config(sources).config;
}

/// What is said of a file, without the file's name; "accepted" when nothing is.
std::string complaint(std::string_view text) {
  const File file{text};
  ConfigSources sources;
  sources.file = file.path();
  try {
    load_config(sources);
    return "accepted";
  } catch (const ConfigError& error) {
    EXPECT_FALSE(error.is_usage());
    const std::string what = error.what();
    EXPECT_EQ(what.rfind(file.path() + ":", 0), 0U) << what;
    return what.substr(std::min(file.path().size() + 1, what.size()));
  }
}

void expect_equal(const Config& left, const Config& right) {
  for (const Setting& setting : all_settings())
    EXPECT_EQ(show(setting.get(left)), show(setting.get(right))) << setting.name;
}

TEST(Config, NeedsNoFile) {
  const Config config = load_config({}).config;
  EXPECT_EQ(config.amqp_port, 5672);
  EXPECT_EQ(config.http_port, 15672);
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_EQ(config.bind, std::vector<std::string>{"0.0.0.0"});
}

TEST(Config, TheDocumentedFileSaysTheDefaults) {
  ConfigSources sources;
  sources.file = LEVERET_CONF;
  expect_equal(load_config(sources).config, Config{});
}

TEST(Config, TheDocumentedFileHasEverySetting) {
  std::ifstream stream{LEVERET_CONF};
  std::stringstream text;
  text << stream.rdbuf();
  for (const std::string_view name : setting_names()) {
    const std::size_t dot = name.find('.');
    const bool has_section = dot != std::string_view::npos;
    if (has_section) {
      EXPECT_NE(text.str().find("\n[" + std::string{name.substr(0, dot)} + "]"), std::string::npos);
    }
    const std::string key{dot == std::string_view::npos ? name : name.substr(dot + 1)};
    EXPECT_NE(text.str().find("\n" + key + " = "), std::string::npos) << name;
  }
}

TEST(Config, ReadsAFile) {
  const Config config = load(
      "data_dir = '/var/lib/leveret'\nbind = ['127.0.0.1', '::1']\nlog_level = 'debug'\n"
      "[amqp]\nport = 0\nchannel_max = 10\nmessage_bytes_max = '16 MiB'\n[threads]\nio_loops = "
      "4\n");
  EXPECT_EQ(config.data_dir, "/var/lib/leveret");
  EXPECT_EQ(config.bind, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(config.log_level, log::Level::debug);
  EXPECT_EQ(config.amqp_port, 0);
  EXPECT_EQ(config.tuning.channel_max, 10);
  EXPECT_EQ(config.limits.channel_max, 10);
  EXPECT_EQ(config.limits.message_bytes_max, 16U << 20U);
  EXPECT_EQ(config.io_loops, 4U);
}

TEST(Config, ReadsTls) {
  const Config config = load(
      "[amqp]\nport = 'none'\ntls_port = 0\n[http]\ntls_port = 'none'\n[tls]\n"
      "certfile = '/c'\nkeyfile = '/k'\ncacertfile = '/ca'\nverify = 'peer'\n"
      "fail_if_no_peer_cert = true\nversions = ['tlsv1.3']\n"
      "cert_login_from = 'subject_alternative_name'\ncert_login_san_type = 'email'\n"
      "cert_login_san_index = 2\n");
  EXPECT_EQ(config.amqp_port, std::nullopt);
  EXPECT_EQ(config.amqp_tls_port, 0);
  EXPECT_EQ(config.http_tls_port, std::nullopt);
  EXPECT_TRUE(config.tls.is_on());
  EXPECT_EQ(config.tls.verify, tls::Verify::peer);
  EXPECT_TRUE(config.tls.fail_if_no_peer_cert);
  EXPECT_FALSE(config.tls.versions.has_1_2);
  EXPECT_TRUE(config.tls.versions.has_1_3);
  EXPECT_EQ(config.tls_login.from, tls::LoginFrom::subject_alternative_name);
  EXPECT_EQ(config.tls_login.san_type, tls::SanType::email);
  EXPECT_EQ(config.tls_login.san_index, 2U);
}

TEST(Config, TheCommandLineCountsMoreThanTheEnvironmentAndThatMoreThanTheFile) {
  const File file{"[amqp]\nport = 1\nheartbeat_s = 1\n[http]\nport = 1\n"};
  const std::map<std::string, std::string> variables{
      {"LEVERET_AMQP_PORT", "2"}, {"LEVERET_HTTP_PORT", "2"}, {"LEVERET_BIND", "127.0.0.1, ::1"}};
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  sources.arguments = {{"http.port", "3", "--http-port"}};
  const LoadedConfig loaded = load_config(sources);
  const Config& config = loaded.config;
  EXPECT_EQ(config.tuning.heartbeat_s, 1);
  EXPECT_EQ(config.amqp_port, 2);
  EXPECT_EQ(config.http_port, 3);
  EXPECT_EQ(config.bind, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(loaded.origins, (std::map<std::string_view, std::string>{
                                {"amqp.heartbeat_s", file.path() + ":3"},
                                {"amqp.port", "environment variable LEVERET_AMQP_PORT"},
                                {"bind", "environment variable LEVERET_BIND"},
                                {"http.port", "--http-port"}}));
}

/// What a setting shows is what it takes, or a running broker could not take it over.
TEST(Config, EverySettingTakesWhatItShows) {
  const Config config = load(
      "data_dir = '/d'\nrun_as = 'nobody'\nbind = ['::1', '127.0.0.1']\nlog_level = "
      "'warn'\nlog_format = 'json'\n"
      "[amqp]\nport = 'none'\ntls_port = 1\nheartbeat_s = 1\nchannel_max = 1\nframe_max = 9000\n"
      "proxy_protocol_from = ['10.0.0.0/8', 'fd00::/8', '::1', '10.0.0.1']\n"
      "message_bytes_max = 1\nconsumer_timeout_ms = 1\noutbox_bytes_max = 65536\n"
      "connections_max = 1\nconnections_per_address_max = 1\nhandshake_ms = 100\nstall_ms = 1000\n"
      "handshakes_max = 1\nhandshakes_per_address_max = 1\nconsumers_per_channel_max = 1\n"
      "unfinished_bytes_max = 1\ntable_depth_max = 1\ntable_values_max = 1\n"
      "client_properties_bytes_max = 4096\n"
      "[limits]\nexchanges_max = 8\nqueues_max = 1\nbindings_max = 1\npolicies_max = 1\n"
      "argument_bytes_max = 1\n"
      "operations_max = 1\ntransaction_bytes_max = 1\n"
      "[http]\nport = 1\ntls_port = 'none'\nhosts = ['a', 'b']\n"
      "connections_max = 1\nconnections_per_address_max = 1\nrequests_max = 1\n"
      "header_bytes_max = 1024\nbody_bytes_max = 1024\nbuffered_bytes_max = 1048576\n"
      "browse_bytes_max = 1\ngrouped_messages_max = 1\ntokens_per_user_max = 1\n"
      "header_timeout_ms = 100\nidle_timeout_ms = 100\ntransfer_timeout_ms = 100\n"
      "[metrics]\nport = 'none'\nbind = '::1'\n"
      "[definitions]\nfile = '/f'\n"
      "[tls]\ncertfile = '/c'\nkeyfile = '/k'\ncacertfile = '/a'\nverify = 'peer'\n"
      "fail_if_no_peer_cert = true\nversions = 'tlsv1.3'\ncert_login_from = 'common_name'\n"
      "cert_login_san_type = 'uri'\ncert_login_san_index = 1\n"
      "[alarms]\nmemory = '1 GiB'\ndisk_free = 'none'\n"
      "[queues]\nwindow_messages = 16\nwindow_bytes = 65536\ntransient_bytes = 0\n"
      "[store]\npending_bytes_max = 1048576\npending_bytes_per_connection_max = 65536\n"
      "wal_bytes = 1048576\nwal_bytes_max = 1048577\n"
      "cache_bytes = 1048576\nredo_bytes = 0\n[shutdown]\ndrain_ms = 1\nclients_ms = "
      "2\n[threads]\nio_loops = 2\n");
  const Config defaults;
  Config copy;
  for (const Setting& setting : all_settings()) {
    EXPECT_NE(show(setting.get(config)), show(setting.get(defaults))) << setting.name;
    copy_setting(setting, config, copy);
  }
  expect_equal(copy, config);
}

TEST(Config, AnUnknownKeyIsNamedWithItsLine) {
  EXPECT_EQ(complaint("\n\nnothing_like_it = 1\n"), "3: unknown key 'nothing_like_it'");
  EXPECT_EQ(complaint("[amqp]\nprot = 1\n"),
            "2: unknown key 'amqp.prot'; did you mean 'amqp.port'?");
  EXPECT_EQ(complaint("[amqp.port]\nx = 1\n").substr(0, 2), "1:");
  EXPECT_EQ(complaint("[nowhere]\n").substr(0, 24), "1: unknown key 'nowhere'");
}

TEST(Config, ABadValueIsToldWhatWouldBeRight) {
  EXPECT_EQ(complaint("[http]\nport = 65536\n"),
            "2: http.port is 65536, but has to be a port from 0 (any free one) to 65535, or "
            "\"none\"");
  EXPECT_EQ(complaint("[amqp]\nheartbeat_s = 'soon'\n"),
            "2: amqp.heartbeat_s is \"soon\", but has to be seconds from 0 (off) to 65535");
  EXPECT_EQ(complaint("log_level = 'loud'\n"),
            "1: log_level is \"loud\", but has to be one of trace, debug, info, warn, error, "
            "critical, off");
  for (const char* text :
       {"bind = 'localhost'\n", "bind = []\n", "bind = [1]\n", "bind = true\n", "data_dir = ''\n",
        "data_dir = 7\n", "[amqp]\nport = -1\n", "[amqp]\nport = 1.5\n", "data_dir = true\n",
        "[amqp]\nproxy_protocol_from = ['10.0.0.0/33']\n", "[tls]\nverify = 'yes'\n",
        "[tls]\nversions = ['tlsv1.1']\n", "[tls]\nversions = []\n",
        "[tls]\nfail_if_no_peer_cert = 1\n", "[tls]\ncertfile = 1\n", "[amqp]\nframe_max = 100\n",
        "[amqp]\nmessage_bytes_max = '1 MB'\n", "[threads]\nio_loops = 0\n"})
    EXPECT_NE(complaint(text).find("but has to be"), std::string::npos) << text;
}

TEST(Config, BadSyntaxIsNamedWithItsLine) {
  EXPECT_EQ(complaint("[amqp]\nport = = 3\n").substr(0, 2), "2:");
  EXPECT_EQ(complaint("[amqp\n").substr(0, 2), "1:");
}

TEST(Config, AMissingFileIsAnError) {
  ConfigSources sources;
  sources.file = "/nowhere/leveret.toml";
  EXPECT_THROW(load_config(sources), ConfigError);
}

TEST(Config, ABadArgumentIsWrongUsage) {
  ConfigSources sources;
  sources.arguments = {{"amqp.port", "many", "--amqp-port"}};
  try {
    load_config(sources);
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_TRUE(error.is_usage());
    EXPECT_STREQ(
        error.what(),
        "--amqp-port: amqp.port is \"many\", but has to be a port from 0 (any free one) to "
        "65535, or \"none\"");
  }
}

}  // namespace
}  // namespace leveret::server
