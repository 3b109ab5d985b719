#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "alarm_watch.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/limits.h"
#include "connection_limits.h"
#include "http/limits.h"
#include "net/handshake.h"
#include "net/network.h"
#include "store/store.h"
#include "tls/settings.h"

namespace leveret::server {

/// All settings, with their defaults: the one place for both. conf/leveret.toml documents them.
struct Config {
  std::string data_dir = "./data";
  /// Everything in memory, nothing in data_dir; not a setting, but how a broker is started.
  bool is_ephemeral = false;
  std::vector<std::string> bind{"0.0.0.0"};
  /// Whom to become when root starts us; empty for nobody.
  std::string run_as;
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;

  /// Nothing turns a port off.
  std::optional<std::uint16_t> amqp_port = 5672;
  /// In use with a certificate only, as http_tls_port.
  std::optional<std::uint16_t> amqp_tls_port = 5671;
  std::vector<net::Network> amqp_proxies;
  ConnectionLimits connection_limits;
  TimeMs handshake_ms_max = 10'000;
  TimeMs stall_ms_max = 30'000;
  std::size_t handshakes_max = 20'000;
  std::size_t handshakes_per_address_max = 5'000;
  std::uint64_t unfinished_bytes_max = std::uint64_t{512} << 20U;
  std::size_t client_properties_bytes_max = net::Handshake::default_client_properties_bytes_max;
  net::Tuning tuning;
  amqp::TableLimits table_limits = amqp::default_peer_table_limits;

  std::optional<std::uint16_t> http_port = 15672;
  std::optional<std::uint16_t> http_tls_port = 15671;
  std::vector<std::string> http_hosts;
  http::Limits http_limits;

  /// Definitions to import at the start; empty for none.
  std::string definitions_file;
  std::optional<std::uint16_t> metrics_port = 15692;
  /// Empty: the addresses of `bind`.
  std::vector<std::string> metrics_bind;

  tls::Settings tls;
  tls::LoginRule tls_login;

  /// How long a stop waits for consumers to settle what they hold, and then for clients to answer
  /// their connection.close.
  TimeMs drain_ms = 2'000;
  TimeMs clients_ms = 3'000;

  /// Threads for connections. With 1 they share the loop of the core.
  unsigned io_loops = 1;

  broker::Limits limits;
  ResourceLimits resources;
  /// The file name is not a setting.
  store::StoreOptions store{.file = {}, .redo_bytes = 1 << 20};
};

/// A setting that cannot be used. what() says which, where it was given, and what would be right.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& text, bool is_usage)
      : std::runtime_error(text), is_usage_(is_usage) {}
  /// It was given on the command line.
  bool is_usage() const { return is_usage_; }

 private:
  bool is_usage_;
};

/// Where settings come from; what stands first here counts most.
struct ConfigSources {
  /// Set while the broker ran, by the names of the settings: text as in the environment.
  std::map<std::string, std::string> running;
  /// Setting and value, such as {"amqp.port", "5672"}, and how the command line calls it:
  /// "--amqp-port".
  struct Argument {
    std::string setting;
    std::string value;
    std::string option;
  };
  std::vector<Argument> arguments;
  /// Looks up an environment variable, null when it is not set. amqp.port is LEVERET_AMQP_PORT.
  std::function<const char*(const char* name)> environment;
  /// A TOML file; empty for none.
  std::string file;
  /// For the tests of other programs: data in memory, and unless another source says otherwise,
  /// free ports on the loopback address.
  bool is_ephemeral = false;
};

/// The settings in force, and for each that some source gives which one it is: "broker.toml:12",
/// "environment variable LEVERET_AMQP_PORT", "--amqp-port". What is not there has its default.
struct LoadedConfig {
  Config config;
  std::map<std::string_view, std::string> origins;
};

/// Throws ConfigError.
LoadedConfig load_config(const ConfigSources& sources);

/// The names of all settings, as in a file: "amqp.port".
std::vector<std::string_view> setting_names();

}  // namespace leveret::server
