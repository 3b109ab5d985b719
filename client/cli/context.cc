#include "cli/context.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

#include "cli/text.h"

namespace leveret::cli {
namespace {

constexpr const char* default_api_port = "15672";
constexpr const char* default_tls_api_port = "15671";

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): we never set any.
  return value ? value : "";
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : "unknown";
}

}  // namespace

client::Url Context::url() const {
  const std::string from_environment = environment("LEVERET_URL");
  const std::string& text = url_text.empty() ? from_environment : url_text;
  if (text.empty()) return {};
  try {
    return client::Url::parse(text);
  } catch (const std::invalid_argument& error) {
    throw Failure{url_text.empty() ? Exit::bad_configuration : Exit::usage,
                  std::string{"bad address in "} + (url_text.empty() ? "LEVERET_URL" : "--url") +
                      ": " + error.what(),
                  "write it like amqp://user:password@host:5672/vhost"};
  }
}

std::string Context::api() const {
  if (!api_text.empty()) return api_text;
  if (std::string text = environment("LEVERET_API"); !text.empty()) return text;
  client::Url broker = url();
  const std::string host =
      broker.host.find(':') == std::string::npos ? broker.host : "[" + broker.host + "]";
  const std::string authority = client::percent_encode(broker.user) + ":" +
                                client::percent_encode(broker.password) + "@" + host + ":";
  if (broker.is_tls)
    return "https://" + authority + default_tls_api_port + "?" + broker.tls.query();
  return "http://" + authority + default_api_port;
}

std::vector<Context::Setting> Context::settings() const {
  const auto origin_of = [](const std::string& given, const char* option, const char* variable,
                            const char* otherwise) -> std::string {
    if (!given.empty()) return option;
    if (!environment(variable).empty()) return std::string{"environment variable "} + variable;
    return otherwise;
  };
  const std::string api_address = api();
  const client::UrlParts address = client::split_url(api_address);
  const std::string user = address.user ? client::percent_encode(*address.user) + "@" : "";
  const std::string port = address.port ? ":" + std::to_string(*address.port) : "";
  const std::string shown = std::string{address.scheme} + "://" + user + std::string{address.host} +
                            port + std::string{address.path};
  const std::string url_origin = origin_of(url_text, "--url", "LEVERET_URL", "default");
  return {
      {"cli.url", url().to_string(), client::Url{}.to_string(), url_origin},
      {"cli.api", shown, "http://guest@127.0.0.1:15672",
       origin_of(api_text, "--api", "LEVERET_API",
                 url_origin == "default" ? "default" : "follows cli.url")},
      {"cli.output", is_json ? "json" : "table", "table", is_json ? "--json" : "default"},
  };
}

client::ConnectionOptions Context::connection_options(const std::string& command) const {
  client::ConnectionOptions options;
  options.name = "leveret " + command + " " + host_name() + "-" + std::to_string(getpid());
  return options;
}

void add_common_options(CLI::App& command, Context& context) {
  command
      .add_option("--url", context.url_text,
                  "Broker: amqp[s]://user:password@host:port/vhost (or LEVERET_URL)")
      ->group("Common");
  command
      .add_option("--api", context.api_text,
                  "HTTP API: http[s]://user:password@host:port (or LEVERET_API)")
      ->group("Common");
  command.add_flag("--json", context.is_json, "Print one JSON document")->group("Common");
}

}  // namespace leveret::cli
