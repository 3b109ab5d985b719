#include "config.h"

#include <arpa/inet.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

namespace leveret::server {
namespace {

/// A value as some source gives it: a number, a flag, or texts that may mean one.
using Given = std::variant<std::int64_t, bool, std::vector<std::string>>;

/// One setting: what it is called, what it takes, and how it is set.
struct Setting {
  std::string_view name;
  std::string_view expected;
  /// Returns false, having changed nothing, when the value is not what is expected.
  bool (*set)(Config& config, const Given& given);
};

// Reading values.

/// "4096", "64 KiB", "8MiB" or "1 GiB".
std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.empty()) return number;
  for (const auto& [name, shift] : {std::pair{"KiB", 10}, {"MiB", 20}, {"GiB", 30}})
    if (unit == name && number >= 0 && number < (std::int64_t{1} << 32U)) return number << shift;
  return std::nullopt;
}

std::optional<std::int64_t> number_of(const Given& given) {
  if (const auto* number = std::get_if<std::int64_t>(&given)) return *number;
  const auto* texts = std::get_if<std::vector<std::string>>(&given);
  return texts && texts->size() == 1 ? read_number(texts->front()) : std::nullopt;
}

template <class T>
bool set_number(T& target, const Given& given, std::int64_t least, std::int64_t most) {
  const std::optional<std::int64_t> number = number_of(given);
  if (!number || *number < least || *number > most) return false;
  target = static_cast<T>(*number);
  return true;
}

/// The items of a list; a text from the command line or the environment is split at commas.
std::optional<std::vector<std::string>> list_of(const Given& given) {
  const auto* texts = std::get_if<std::vector<std::string>>(&given);
  if (!texts) return std::nullopt;
  std::vector<std::string> items;
  for (std::string_view text : *texts)
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      std::string_view item = text.substr(0, comma);
      text.remove_prefix(std::min(comma + 1, text.size()));
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (!item.empty()) items.emplace_back(item);
    }
  return items;
}

std::optional<std::string> text_of(const Given& given) {
  const auto* texts = std::get_if<std::vector<std::string>>(&given);
  if (!texts || texts->size() != 1 || texts->front().empty()) return std::nullopt;
  return texts->front();
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

constexpr std::int64_t bytes_most = std::int64_t{1} << 40U;
constexpr std::string_view port_expected = "a port from 0 (any free one) to 65535, or \"none\"";

bool set_port(std::optional<std::uint16_t>& target, const Given& given) {
  if (text_of(given) == "none") {
    target.reset();
    return true;
  }
  std::uint16_t port = 0;
  if (!set_number(port, given, 0, 65535)) return false;
  target = port;
  return true;
}

bool set_networks(std::vector<net::Network>& target, const Given& given) {
  const auto texts = list_of(given);
  if (!texts) return false;
  std::vector<net::Network> networks;
  for (const std::string& text : *texts) {
    const auto network = net::Network::parse(text);
    if (!network) return false;
    networks.push_back(*network);
  }
  target = std::move(networks);
  return true;
}

/// The empty text is no file.
bool set_file(std::string& target, const Given& given) {
  const auto* texts = std::get_if<std::vector<std::string>>(&given);
  if (!texts || texts->size() != 1) return false;
  target = texts->front();
  return true;
}

bool set_flag(bool& target, const Given& given) {
  if (const auto* flag = std::get_if<bool>(&given)) {
    target = *flag;
    return true;
  }
  const auto text = text_of(given);
  if (text != "true" && text != "false") return false;
  target = text == "true";
  return true;
}

/// Sets `target` to the value whose name is given.
template <class T, std::size_t size>
bool set_choice(T& target, const Given& given,
                const std::pair<std::string_view, T> (&choices)[size]) {
  const auto text = text_of(given);
  for (const auto& [name, value] : choices)
    if (text == name) {
      target = value;
      return true;
    }
  return false;
}

bool set_tls_versions(tls::Versions& target, const Given& given) {
  const auto names = list_of(given);
  if (!names || names->empty()) return false;
  tls::Versions versions{.has_1_2 = false, .has_1_3 = false};
  for (const std::string& name : *names) {
    if (name != "tlsv1.2" && name != "tlsv1.3") return false;
    (name == "tlsv1.2" ? versions.has_1_2 : versions.has_1_3) = true;
  }
  target = versions;
  return true;
}

constexpr std::array settings{
    Setting{"data_dir", "the path of a directory",
            [](Config& config, const Given& given) {
              const auto text = text_of(given);
              if (text) config.data_dir = *text;
              return text.has_value();
            }},
    Setting{"bind", "an IPv4 or IPv6 address such as \"127.0.0.1\" or \"::\", or a list of them",
            [](Config& config, const Given& given) {
              const auto addresses = list_of(given);
              if (!addresses || addresses->empty() || !std::ranges::all_of(*addresses, is_address))
                return false;
              config.bind = *addresses;
              return true;
            }},
    Setting{"log_level", "one of trace, debug, info, warn, error, critical, off",
            [](Config& config, const Given& given) {
              const auto text = text_of(given);
              return text && log::parse_level(*text, config.log_level);
            }},
    Setting{"amqp.port", port_expected,
            [](Config& config, const Given& given) { return set_port(config.amqp_port, given); }},
    Setting{
        "amqp.tls_port", port_expected,
        [](Config& config, const Given& given) { return set_port(config.amqp_tls_port, given); }},
    Setting{"amqp.proxy_protocol_from",
            "a list of addresses and networks such as \"10.0.0.0/8\" or \"::1\"",
            [](Config& config, const Given& given) {
              return set_networks(config.amqp_proxies, given);
            }},
    Setting{"amqp.heartbeat_s", "seconds from 0 (off) to 65535",
            [](Config& config, const Given& given) {
              return set_number(config.tuning.heartbeat_s, given, 0, 65535);
            }},
    Setting{"amqp.channel_max", "a number from 1 to 65535",
            [](Config& config, const Given& given) {
              if (!set_number(config.tuning.channel_max, given, 1, 65535)) return false;
              config.limits.channel_max = config.tuning.channel_max;
              return true;
            }},
    Setting{"amqp.frame_max", "bytes from 8192 to 16777216",
            [](Config& config, const Given& given) {
              return set_number(config.tuning.frame_max, given, 8192, 1 << 24U);
            }},
    Setting{"amqp.message_bytes_max", "bytes from 1 to 536870912",
            [](Config& config, const Given& given) {
              return set_number(config.limits.message_bytes_max, given, 1, 1 << 29U);
            }},
    Setting{"amqp.consumer_timeout_ms", "milliseconds, 0 for no timeout",
            [](Config& config, const Given& given) {
              return set_number(config.limits.consumer_timeout_ms, given, 0, 1LL << 40U);
            }},
    Setting{"amqp.outbox_bytes_max", "bytes from 65536",
            [](Config& config, const Given& given) {
              return set_number(config.limits.outbox_bytes_max, given, 65536, bytes_most);
            }},
    Setting{"http.port", port_expected,
            [](Config& config, const Given& given) { return set_port(config.http_port, given); }},
    Setting{
        "http.tls_port", port_expected,
        [](Config& config, const Given& given) { return set_port(config.http_tls_port, given); }},
    Setting{"http.hosts", "a list of host names",
            [](Config& config, const Given& given) {
              const auto hosts = list_of(given);
              if (hosts) config.http_hosts = *hosts;
              return hosts.has_value();
            }},
    Setting{"queues.window_messages", "a number from 16",
            [](Config& config, const Given& given) {
              return set_number(config.limits.queue_window_messages, given, 16, bytes_most);
            }},
    Setting{"queues.window_bytes", "bytes from 65536",
            [](Config& config, const Given& given) {
              return set_number(config.limits.queue_window_bytes, given, 65536, bytes_most);
            }},
    Setting{"store.pending_bytes_max", "bytes from 1048576",
            [](Config& config, const Given& given) {
              return set_number(config.limits.journal_pending_bytes_max, given, 1 << 20U,
                                bytes_most);
            }},
    Setting{"store.wal_bytes", "bytes from 1048576",
            [](Config& config, const Given& given) {
              return set_number(config.store.wal_bytes, given, 1 << 20U, bytes_most);
            }},
    Setting{"store.wal_bytes_max", "bytes from 1048576",
            [](Config& config, const Given& given) {
              return set_number(config.store.wal_bytes_max, given, 1 << 20U, bytes_most);
            }},
    Setting{"store.cache_bytes", "bytes from 1048576",
            [](Config& config, const Given& given) {
              return set_number(config.store.cache_bytes, given, 1 << 20U, bytes_most);
            }},
    Setting{
        "tls.certfile", "the path of a PEM file",
        [](Config& config, const Given& given) { return set_file(config.tls.certfile, given); }},
    Setting{"tls.keyfile", "the path of a PEM file",
            [](Config& config, const Given& given) { return set_file(config.tls.keyfile, given); }},
    Setting{
        "tls.cacertfile", "the path of a PEM file",
        [](Config& config, const Given& given) { return set_file(config.tls.cacertfile, given); }},
    Setting{"tls.verify", "one of none, peer",
            [](Config& config, const Given& given) {
              return set_choice<tls::Verify>(
                  config.tls.verify, given,
                  {{"none", tls::Verify::none}, {"peer", tls::Verify::peer}});
            }},
    Setting{"tls.fail_if_no_peer_cert", "true or false",
            [](Config& config, const Given& given) {
              return set_flag(config.tls.fail_if_no_peer_cert, given);
            }},
    Setting{"tls.versions", "a list of tlsv1.2, tlsv1.3, or one of them",
            [](Config& config, const Given& given) {
              return set_tls_versions(config.tls.versions, given);
            }},
    Setting{"tls.cert_login_from",
            "one of distinguished_name, common_name, subject_alternative_name",
            [](Config& config, const Given& given) {
              using tls::LoginFrom;
              return set_choice<LoginFrom>(
                  config.tls_login.from, given,
                  {{"distinguished_name", LoginFrom::distinguished_name},
                   {"common_name", LoginFrom::common_name},
                   {"subject_alternative_name", LoginFrom::subject_alternative_name}});
            }},
    Setting{"tls.cert_login_san_type", "one of dns, ip, email, uri, other_name",
            [](Config& config, const Given& given) {
              using tls::SanType;
              return set_choice<SanType>(config.tls_login.san_type, given,
                                         {{"dns", SanType::dns},
                                          {"ip", SanType::ip},
                                          {"email", SanType::email},
                                          {"uri", SanType::uri},
                                          {"other_name", SanType::other_name}});
            }},
    Setting{"tls.cert_login_san_index", "a number from 0 to 99",
            [](Config& config, const Given& given) {
              return set_number(config.tls_login.san_index, given, 0, 99);
            }},
    Setting{"threads.io_loops", "a number from 1 to 256",
            [](Config& config, const Given& given) {
              return set_number(config.io_loops, given, 1, 256);
            }},
};

const Setting* find_setting(std::string_view name) {
  const auto* found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : found;
}

// Telling what is wrong.

std::string show(const Given& given) {
  if (const auto* number = std::get_if<std::int64_t>(&given)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&given)) return *flag ? "true" : "false";
  std::string text;
  for (const std::string& item : std::get<std::vector<std::string>>(given))
    text += (text.empty() ? "\"" : ", \"") + log::escape(item) + "\"";
  return text.empty() ? "empty" : text;
}

[[noreturn]] void refuse(std::string_view where, const Setting& setting, const std::string& value,
                         bool is_usage) {
  throw ConfigError{std::string{where} + ": " + std::string{setting.name} + " is " + value +
                        ", but has to be " + std::string{setting.expected},
                    is_usage};
}

void apply(Config& config, const Setting& setting, const Given& given, std::string_view where,
           bool is_usage) {
  if (!setting.set(config, given)) refuse(where, setting, show(given), is_usage);
}

/// How many letters have to be changed, added or left out to make `left` of `right`.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string suggestion(std::string_view name) {
  const auto* nearest = std::ranges::min_element(
      settings, {}, [&](const Setting& setting) { return distance(name, setting.name); });
  constexpr std::size_t distance_max = 3;
  if (distance(name, nearest->name) > distance_max) return "";
  return "; did you mean '" + std::string{nearest->name} + "'?";
}

// The sources.

std::string variable_of(std::string_view name) {
  std::string variable = "LEVERET_";
  for (const char c : name)
    variable += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

std::string position(std::string_view file, const toml::source_region& source) {
  return std::string{file} + ":" + std::to_string(source.begin.line);
}

/// The value of a setting; nothing for a type that no setting has.
std::optional<Given> given_by(const toml::node& node) {
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto text = node.value_exact<std::string>()) return std::vector<std::string>{*text};
  const toml::array* array = node.as_array();
  if (!array) return std::nullopt;
  std::vector<std::string> items;
  for (const toml::node& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return std::nullopt;
    items.push_back(*text);
  }
  return items;
}

void apply_table(Config& config, const toml::table& table, const std::string& prefix,
                 const std::string& file) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string{key.str()};
    const std::string where = position(file, key.source());
    if (const Setting* setting = find_setting(name)) {
      const std::optional<Given> given = given_by(node);
      if (!given) refuse(where, *setting, "of another type", false);
      apply(config, *setting, *given, where, false);
    } else if (node.is_table() && std::ranges::any_of(settings, [&](const Setting& known) {
                 return known.name.starts_with(name + ".");
               })) {
      apply_table(config, *node.as_table(), name + ".", file);
    } else {
      throw ConfigError{where + ": unknown key '" + log::escape(name) + "'" + suggestion(name),
                        false};
    }
  }
}

void apply_file(Config& config, const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw ConfigError{"cannot read the configuration file " + file, false};
  try {
    apply_table(config, toml::parse(stream, file), "", file);
  } catch (const toml::parse_error& error) {
    throw ConfigError{position(file, error.source()) + ": " + std::string{error.description()},
                      false};
  }
}

}  // namespace

Config load_config(const ConfigSources& sources) {
  Config config;
  if (!sources.file.empty()) apply_file(config, sources.file);
  for (const Setting& setting : settings) {
    const std::string variable = variable_of(setting.name);
    const char* value = sources.environment ? sources.environment(variable.c_str()) : nullptr;
    if (value != nullptr)
      apply(config, setting, std::vector<std::string>{value}, "environment variable " + variable,
            false);
  }
  for (const ConfigSources::Argument& argument : sources.arguments)
    apply(config, *find_setting(argument.setting), std::vector<std::string>{argument.value},
          argument.option, true);
  return config;
}

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings) names.push_back(setting.name);
  return names;
}

}  // namespace leveret::server
