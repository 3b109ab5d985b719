#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "base/log.h"
#include "config.h"
#include "server.h"

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

int run(const server::Config& config) {
  server::Server broker{config, version};
  broker.start();
  std::cout << "leveretd " << version << " ready " << broker.ports()
            << " data=" << broker.data_dir() << std::endl;
  malloc_trim(0);  // What starting took goes back to the system.
  broker.run();
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
  std::string values[std::size(options)];
  for (std::size_t i = 0; i < std::size(options); ++i)
    app.add_option(options[i].name, values[i], options[i].help)->type_name(options[i].placeholder);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : server::exit_usage;
  }
  for (std::size_t i = 0; i < std::size(options); ++i)
    if (app.count(options[i].name) != 0)
      sources.arguments.push_back({options[i].setting, values[i], options[i].name});

  try {
    const server::Config config = server::load_config(sources);
    log::init(config.log_level);
    std::signal(SIGPIPE, SIG_IGN);
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
