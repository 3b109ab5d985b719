#include "settings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace leveret::server {
namespace {

using Texts = std::vector<std::string>;

// The kinds of settings. `path` leads from the Config to the value: &Config::tls,
// &Settings::verify.

template <auto... path>
constexpr auto& value_at(auto& config) {
  return (config.*....*path);
}

template <std::int64_t least, std::int64_t most, auto... path>
constexpr Setting number(std::string_view name, std::string_view expected, Change change) {
  return {name, expected, change,
          [](Config& config, const GivenValue& given) {
            const auto number = number_of(given);
            if (!number || *number < least || *number > most) return false;
            auto& value = value_at<path...>(config);
            value = static_cast<std::remove_reference_t<decltype(value)>>(*number);
            return true;
          },
          [](const Config& config) -> SettingValue {
            return static_cast<std::int64_t>(value_at<path...>(config));
          }};
}

template <auto... path>
constexpr Setting flag(std::string_view name, Change change) {
  return {name, "true or false", change,
          [](Config& config, const GivenValue& given) {
            const auto flag = flag_of(given);
            if (flag) value_at<path...>(config) = *flag;
            return flag.has_value();
          },
          [](const Config& config) -> SettingValue { return value_at<path...>(config); }};
}

/// A name or a path; the empty text is none.
template <auto... path>
constexpr Setting name_of_one(std::string_view name, std::string_view expected, Change change) {
  return {name, expected, change,
          [](Config& config, const GivenValue& given) {
            const auto text = text_of(given);
            if (text) value_at<path...>(config) = *text;
            return text.has_value();
          },
          [](const Config& config) -> SettingValue { return value_at<path...>(config); }};
}

template <auto... path>
constexpr Setting port(std::string_view name) {
  return {name, "a port from 0 (any free one) to 65535, or \"none\"", Change::restart,
          [](Config& config, const GivenValue& given) {
            const auto number = number_of(given);
            if (number && (*number < 0 || *number > 65535)) return false;
            if (!number && text_of(given) != "none") return false;
            auto& value = value_at<path...>(config);
            value.reset();
            if (number) value = static_cast<std::uint16_t>(*number);
            return true;
          },
          [](const Config& config) -> SettingValue {
            const auto& value = value_at<path...>(config);
            if (!value) return "none";
            return std::int64_t{*value};
          }};
}

/// One of `choices`, pairs of a name and a value.
template <const auto& choices, auto... path>
constexpr Setting choice(std::string_view name, std::string_view expected, Change change) {
  return {name, expected, change,
          [](Config& config, const GivenValue& given) {
            const auto text = text_of(given);
            for (const auto& [name_of_value, value] : choices)
              if (text == name_of_value) {
                value_at<path...>(config) = value;
                return true;
              }
            return false;
          },
          [](const Config& config) -> SettingValue {
            for (const auto& [name_of_value, value] : choices)
              if (value_at<path...>(config) == value) return std::string{name_of_value};
            return "";
          }};
}

template <class T, std::size_t size>
using Choices = std::array<std::pair<std::string_view, T>, size>;

constexpr Choices<log::Level, 7> log_levels{{{"trace", log::Level::trace},
                                             {"debug", log::Level::debug},
                                             {"info", log::Level::info},
                                             {"warn", log::Level::warn},
                                             {"error", log::Level::error},
                                             {"critical", log::Level::critical},
                                             {"off", log::Level::off}}};
constexpr Choices<log::Format, 2> log_formats{
    {{"text", log::Format::text}, {"json", log::Format::json}}};
constexpr Choices<tls::Verify, 2> verifies{
    {{"none", tls::Verify::none}, {"peer", tls::Verify::peer}}};
constexpr Choices<tls::LoginFrom, 3> login_names{
    {{"distinguished_name", tls::LoginFrom::distinguished_name},
     {"common_name", tls::LoginFrom::common_name},
     {"subject_alternative_name", tls::LoginFrom::subject_alternative_name}}};
constexpr Choices<tls::SanType, 5> san_types{{{"dns", tls::SanType::dns},
                                              {"ip", tls::SanType::ip},
                                              {"email", tls::SanType::email},
                                              {"uri", tls::SanType::uri},
                                              {"other_name", tls::SanType::other_name}}};

template <auto... path>
constexpr Setting watermark(std::string_view name) {
  return {name, "bytes such as \"512 MiB\", a share such as \"60%\", a list of both, or \"none\"",
          Change::live,
          [](Config& config, const GivenValue& given) {
            const auto mark = Watermark::parse(given);
            if (mark) value_at<path...>(config) = *mark;
            return mark.has_value();
          },
          [](const Config& config) -> SettingValue { return value_at<path...>(config).texts(); }};
}

// Those that are one of their kind.

bool set_data_dir(Config& config, const GivenValue& given) {
  const auto text = text_of(given);
  if (!text || text->empty()) return false;
  config.data_dir = *text;
  return true;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

bool set_bind(Config& config, const GivenValue& given) {
  const auto addresses = list_of(given);
  if (!addresses || addresses->empty() || !std::ranges::all_of(*addresses, is_address))
    return false;
  config.bind = *addresses;
  return true;
}

bool set_proxies(Config& config, const GivenValue& given) {
  const auto texts = list_of(given);
  if (!texts) return false;
  std::vector<net::Network> networks;
  for (const std::string& text : *texts) {
    const auto network = net::Network::parse(text);
    if (!network) return false;
    networks.push_back(*network);
  }
  config.amqp_proxies = std::move(networks);
  return true;
}

SettingValue get_proxies(const Config& config) {
  Texts texts;
  for (const net::Network& network : config.amqp_proxies) texts.push_back(network.text());
  return texts;
}

bool set_http_hosts(Config& config, const GivenValue& given) {
  const auto hosts = list_of(given);
  if (hosts) config.http_hosts = *hosts;
  return hosts.has_value();
}

bool set_metrics_bind(Config& config, const GivenValue& given) {
  const auto addresses = list_of(given);
  if (!addresses || !std::ranges::all_of(*addresses, is_address)) return false;
  config.metrics_bind = *addresses;
  return true;
}

bool set_tls_versions(Config& config, const GivenValue& given) {
  const auto names = list_of(given);
  if (!names || names->empty()) return false;
  tls::Versions versions{.has_1_2 = false, .has_1_3 = false};
  for (const std::string& name : *names) {
    if (name != "tlsv1.2" && name != "tlsv1.3") return false;
    (name == "tlsv1.2" ? versions.has_1_2 : versions.has_1_3) = true;
  }
  config.tls.versions = versions;
  return true;
}

SettingValue get_tls_versions(const Config& config) {
  Texts names;
  if (config.tls.versions.has_1_2) names.emplace_back("tlsv1.2");
  if (config.tls.versions.has_1_3) names.emplace_back("tlsv1.3");
  return names;
}

// The table.

using amqp::largest_peer_table_limits;
using amqp::TableLimits;
using broker::Limits;
using net::Tuning;
using store::StoreOptions;
using enum Change;

constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::int64_t count_most = 1'000'000'000;
constexpr std::int64_t bytes_most = std::int64_t{1} << 40U;

constexpr std::array settings{
    Setting{"data_dir", "the path of a directory", restart, set_data_dir,
            [](const Config& config) -> SettingValue { return config.data_dir; }},
    Setting{"bind", "an IPv4 or IPv6 address such as \"127.0.0.1\" or \"::\", or a list of them",
            restart, set_bind, [](const Config& config) -> SettingValue { return config.bind; }},
    name_of_one<&Config::run_as>("run_as", "the name of a user of this machine", restart),
    choice<log_levels, &Config::log_level>(
        "log_level", "one of trace, debug, info, warn, error, critical, off", live),
    choice<log_formats, &Config::log_format>("log_format", "one of text, json", live),

    port<&Config::amqp_port>("amqp.port"),
    port<&Config::amqp_tls_port>("amqp.tls_port"),
    Setting{"amqp.proxy_protocol_from",
            "a list of addresses and networks such as \"10.0.0.0/8\" or \"::1\"", live, set_proxies,
            get_proxies},
    number<0, 65535, &Config::tuning, &Tuning::heartbeat_s>("amqp.heartbeat_s",
                                                            "seconds from 0 (off) to 65535", live),
    number<1, 65535, &Config::tuning, &Tuning::channel_max>("amqp.channel_max",
                                                            "a number from 1 to 65535", live),
    number<8192, 16 * mebibyte, &Config::tuning, &Tuning::frame_max>(
        "amqp.frame_max", "bytes from 8192 to 16777216", live),
    number<1, 512 * mebibyte, &Config::limits, &Limits::message_bytes_max>(
        "amqp.message_bytes_max", "bytes from 1 to 536870912", live),
    number<1, bytes_most, &Config::unfinished_bytes_max>("amqp.unfinished_bytes_max",
                                                         "bytes from 1", live),
    number<1, largest_peer_table_limits.depth, &Config::table_limits, &TableLimits::depth>(
        "amqp.table_depth_max", "a number from 1 to 32", live),
    number<1, largest_peer_table_limits.values, &Config::table_limits, &TableLimits::values>(
        "amqp.table_values_max", "a number from 1 to 32768", live),
    number<4096, bytes_most, &Config::client_properties_bytes_max>(
        "amqp.client_properties_bytes_max", "bytes from 4096", live),
    number<0, count_most, &Config::connection_limits, &ConnectionLimits::all>(
        "amqp.connections_max", "a number, 0 for no limit", live),
    number<0, count_most, &Config::connection_limits, &ConnectionLimits::per_address>(
        "amqp.connections_per_address_max", "a number, 0 for no limit", live),
    number<100, 3'600'000, &Config::handshake_ms_max>("amqp.handshake_ms",
                                                      "milliseconds from 100 to an hour", live),
    number<1, count_most, &Config::handshakes_max>("amqp.handshakes_max", "a number from 1", live),
    number<1, count_most, &Config::handshakes_per_address_max>("amqp.handshakes_per_address_max",
                                                               "a number from 1", live),
    number<1000, 3'600'000, &Config::stall_ms_max>("amqp.stall_ms",
                                                   "milliseconds from 1000 to an hour", live),
    number<1, count_most, &Config::limits, &Limits::consumers_per_channel_max>(
        "amqp.consumers_per_channel_max", "a number from 1", live),
    number<0, bytes_most, &Config::limits, &Limits::consumer_timeout_ms>(
        "amqp.consumer_timeout_ms", "milliseconds, 0 for no timeout", live),
    number<65536, bytes_most, &Config::limits, &Limits::outbox_bytes_max>("amqp.outbox_bytes_max",
                                                                          "bytes from 65536", live),

    port<&Config::http_port>("http.port"),
    port<&Config::http_tls_port>("http.tls_port"),
    Setting{"http.hosts", "a list of host names", live, set_http_hosts,
            [](const Config& config) -> SettingValue { return config.http_hosts; }},
    number<1, 100000, &Config::http_limits, &http::Limits::connections_max>(
        "http.connections_max", "a number from 1 to 100000", live),
    number<1, 100000, &Config::http_limits, &http::Limits::connections_per_address_max>(
        "http.connections_per_address_max", "a number from 1 to 100000", live),
    number<1, 10000, &Config::http_limits, &http::Limits::requests_max>(
        "http.requests_max", "a number from 1 to 10000", live),
    number<1024, mebibyte, &Config::http_limits, &http::Limits::header_bytes_max>(
        "http.header_bytes_max", "bytes from 1024 to 1048576", live),
    number<1024, bytes_most, &Config::http_limits, &http::Limits::body_bytes_max>(
        "http.body_bytes_max", "bytes from 1024", live),
    number<mebibyte, bytes_most, &Config::http_limits, &http::Limits::buffered_bytes_max>(
        "http.buffered_bytes_max", "bytes from 1048576", live),
    number<1, bytes_most, &Config::http_limits, &http::Limits::browse_bytes_max>(
        "http.browse_bytes_max", "bytes from 1", live),
    number<1, count_most, &Config::http_limits, &http::Limits::grouped_messages_max>(
        "http.grouped_messages_max", "a number from 1", live),
    number<1, count_most, &Config::http_limits, &http::Limits::tokens_per_user_max>(
        "http.tokens_per_user_max", "a number from 1", live),
    number<100, 3600000, &Config::http_limits, &http::Limits::header_timeout_ms>(
        "http.header_timeout_ms", "milliseconds from 100 to 3600000", live),
    number<100, 3600000, &Config::http_limits, &http::Limits::idle_timeout_ms>(
        "http.idle_timeout_ms", "milliseconds from 100 to 3600000", live),
    number<100, 3600000, &Config::http_limits, &http::Limits::transfer_timeout_ms>(
        "http.transfer_timeout_ms", "milliseconds from 100 to 3600000", live),

    port<&Config::metrics_port>("metrics.port"),
    Setting{"metrics.bind", "a list of IPv4 and IPv6 addresses, empty for those of \"bind\"",
            restart, set_metrics_bind,
            [](const Config& config) -> SettingValue { return config.metrics_bind; }},

    name_of_one<&Config::tls, &tls::Settings::certfile>("tls.certfile", "the path of a PEM file",
                                                        live),
    name_of_one<&Config::tls, &tls::Settings::keyfile>("tls.keyfile", "the path of a PEM file",
                                                       live),
    name_of_one<&Config::tls, &tls::Settings::cacertfile>("tls.cacertfile",
                                                          "the path of a PEM file", live),
    choice<verifies, &Config::tls, &tls::Settings::verify>("tls.verify", "one of none, peer", live),
    flag<&Config::tls, &tls::Settings::fail_if_no_peer_cert>("tls.fail_if_no_peer_cert", live),
    Setting{"tls.versions", "a list of tlsv1.2, tlsv1.3, or one of them", live, set_tls_versions,
            get_tls_versions},
    choice<login_names, &Config::tls_login, &tls::LoginRule::from>(
        "tls.cert_login_from", "one of distinguished_name, common_name, subject_alternative_name",
        live),
    choice<san_types, &Config::tls_login, &tls::LoginRule::san_type>(
        "tls.cert_login_san_type", "one of dns, ip, email, uri, other_name", live),
    number<0, 99, &Config::tls_login, &tls::LoginRule::san_index>("tls.cert_login_san_index",
                                                                  "a number from 0 to 99", live),

    name_of_one<&Config::definitions_file>("definitions.file", "the path of a JSON file", restart),

    watermark<&Config::resources, &ResourceLimits::memory>("alarms.memory"),
    watermark<&Config::resources, &ResourceLimits::disk_free>("alarms.disk_free"),

    number<1, count_most, &Config::limits, &Limits::exchanges_max>("limits.exchanges_max",
                                                                   "a number from 1", live),
    number<1, count_most, &Config::limits, &Limits::queues_max>("limits.queues_max",
                                                                "a number from 1", live),
    number<1, count_most, &Config::limits, &Limits::bindings_max>("limits.bindings_max",
                                                                  "a number from 1", live),
    number<1, bytes_most, &Config::limits, &Limits::argument_bytes_max>("limits.argument_bytes_max",
                                                                        "bytes from 1", live),
    number<1, count_most, &Config::limits, &Limits::policies_max>("limits.policies_max",
                                                                  "a number from 1", live),
    number<1, count_most, &Config::limits, &Limits::operations_max>("limits.operations_max",
                                                                    "a number from 1", live),
    number<1, bytes_most, &Config::limits, &Limits::transaction_bytes_max>(
        "limits.transaction_bytes_max", "bytes from 1", live),

    number<16, bytes_most, &Config::limits, &Limits::queue_window_messages>(
        "queues.window_messages", "a number from 16", restart),
    number<65536, bytes_most, &Config::limits, &Limits::queue_window_bytes>(
        "queues.window_bytes", "bytes from 65536", restart),
    number<0, bytes_most, &Config::limits, &Limits::transient_bytes_max>("queues.transient_bytes",
                                                                         "bytes from 0", live),

    number<mebibyte, bytes_most, &Config::limits, &Limits::journal_pending_bytes_max>(
        "store.pending_bytes_max", "bytes from 1048576", live),
    number<65536, bytes_most, &Config::limits, &Limits::connection_pending_bytes_max>(
        "store.pending_bytes_per_connection_max", "bytes from 65536", live),
    number<mebibyte, bytes_most, &Config::store, &StoreOptions::wal_bytes>(
        "store.wal_bytes", "bytes from 1048576", restart),
    number<mebibyte, bytes_most, &Config::store, &StoreOptions::wal_bytes_max>(
        "store.wal_bytes_max", "bytes from 1048576", restart),
    number<mebibyte, bytes_most, &Config::store, &StoreOptions::cache_bytes>(
        "store.cache_bytes", "bytes from 1048576", restart),
    number<0, 16 * mebibyte, &Config::store, &StoreOptions::redo_bytes>(
        "store.redo_bytes", "bytes up to 16777216; 0 for none", restart),

    number<0, 3'600'000, &Config::drain_ms>("shutdown.drain_ms", "milliseconds up to an hour",
                                            restart),
    number<0, 3'600'000, &Config::clients_ms>("shutdown.clients_ms", "milliseconds up to an hour",
                                              restart),

    number<1, 256, &Config::io_loops>("threads.io_loops", "a number from 1 to 256", restart),
};

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

}  // namespace

std::span<const Setting> all_settings() {
  return settings;
}

const Setting* find_setting(std::string_view name) {
  const auto* found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : found;
}

void copy_setting(const Setting& setting, const Config& from, Config& to) {
  const SettingValue value = setting.get(from);
  setting.set(to, std::visit(
                      [](const auto& plain) -> GivenValue {
                        if constexpr (std::is_same_v<decltype(plain), const std::string&>)
                          return Texts{plain};
                        else
                          return plain;
                      },
                      value));
}

std::string suggest_setting(std::string_view name) {
  const auto* nearest = std::ranges::min_element(
      settings, {}, [&](const Setting& setting) { return distance(name, setting.name); });
  constexpr std::size_t distance_max = 3;
  if (distance(name, nearest->name) > distance_max) return "";
  return "; did you mean '" + std::string{nearest->name} + "'?";
}

}  // namespace leveret::server
