#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "base/log.h"
#include "privileges.h"
#include "running_config.h"
#include "server.h"
#include "setting_value.h"

namespace {

using namespace leveret;
using server::ConfigSources;

constexpr const char* version = LEVERET_VERSION;

struct Option {
  const char* name;
  const char* setting;
  const char* placeholder;
  const char* help;
};
constexpr Option options[] = {
    {"--data-dir", "data_dir", "DIR", "Where messages, queues and users are kept (./data)"},
    {"--bind", "bind", "ADDR", "Address to listen on, or several with commas (0.0.0.0)"},
    {"--amqp-port", "amqp.port", "N",
     "Port for AMQP 0-9-1; 0 takes any free one, none is off (5672)"},
    {"--http-port", "http.port", "N", "Port for the dashboard and its API (15672)"},
    {"--log-level", "log_level", "L", "trace, debug, info, warn, error, critical or off (info)"},
};

/// Thousands of connections need more than the 1024 descriptors that many systems start a process
/// with.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// A core dump would hold passwords and messages, for whoever finds it.
void forbid_core_dumps() {
  constexpr rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

/// What a client or a limit of the system causes is the error of one call, not the end of all.
void ignore_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int run(server::RunningConfig& config) {
  server::Server broker{config, version};
  broker.start();
  std::cout << "leveretd " << version << " ready " << broker.ports()
            << " data=" << broker.data_dir() << std::endl;
  malloc_trim(0);  // What starting took goes back to the system.
  broker.run();
  return EXIT_SUCCESS;
}

/// Says what the sources give; what is wrong with them has been thrown.
int check(const server::RunningConfig& config) {
  server::check_files(config.at_start());
  std::cout << "leveretd: the configuration is right\n";
  for (const auto& row : config.rows())
    if (row.origin != "default")
      std::cout << "  " << row.name << " = " << server::show(row.value) << "  (" << row.origin
                << ")\n";
  return EXIT_SUCCESS;
}

int fail(const std::string& text, int exit_code) {
  std::cerr << "leveretd: " << text << std::endl;
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Leveret, a message broker that speaks AMQP 0-9-1 as RabbitMQ does", "leveretd"};
  app.set_version_flag("--version", std::string{"leveretd "} + version);
  ConfigSources sources;
  sources.environment = [](const char* name) -> const char* { return std::getenv(name); };
  if (const char* file = std::getenv("LEVERET_CONFIG")) sources.file = file;
  app.add_option("--config", sources.file,
                 "A TOML file of settings; conf/leveret.toml has them all")
      ->type_name("FILE");
  bool is_check = false;
  app.add_flag("--check-config", is_check, "Say whether the settings are right, and do not start");
  app.add_flag("--ephemeral", sources.is_ephemeral,
               "For tests: keep everything in memory, on free ports of this machine only");
  std::string values[std::size(options)];
  for (std::size_t i = 0; i < std::size(options); ++i)
    app.add_option(options[i].name, values[i], options[i].help)->type_name(options[i].placeholder);
  try {
    app.get_option("--ephemeral")->excludes("--data-dir");
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : server::exit_usage;
  }
  for (std::size_t i = 0; i < std::size(options); ++i)
    if (app.count(options[i].name) != 0)
      sources.arguments.push_back({options[i].setting, values[i], options[i].name});

  try {
    server::RunningConfig config{std::move(sources)};
    if (is_check) return check(config);
    log::init(config.at_start().log_level, config.at_start().log_format);
    ignore_signals();
    forbid_core_dumps();
    umask(077);
    const server::Config& settings = config.at_start();
    server::become(settings.run_as, settings.is_ephemeral ? "" : settings.data_dir);
    raise_descriptor_limit();
    return run(config);
  } catch (const server::ConfigError& error) {
    return fail(error.what(), error.is_usage() ? server::exit_usage : server::exit_config);
  } catch (const server::StartError& error) {
    return fail(error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return fail(error.what(), EXIT_FAILURE);
  }
}
