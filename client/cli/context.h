#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "lib/connection.h"
#include "lib/url.h"

namespace CLI {
class App;
}

namespace leveret::cli {

/// What every command is given: where the broker is, and how to print.
struct Context {
  std::string url_text;
  std::string api_text;
  bool is_json = false;
  /// What stands behind "--" for `work`: the command to run.
  std::vector<std::string> command_words;

  /// The broker's AMQP address: --url, LEVERET_URL or the local default. Throws Failure.
  client::Url url() const;
  /// The HTTP API's base address: --api, LEVERET_API, or the AMQP address's host and user on the
  /// default port.
  std::string api() const;
  /// One of the command's own settings, and where it comes from: "--url", "environment variable
  /// LEVERET_URL", "default". Values hold no password.
  struct Setting {
    std::string name;
    std::string value;
    std::string default_value;
    std::string origin;
  };
  std::vector<Setting> settings() const;
  /// Options for a connection that is shown under the command's name.
  client::ConnectionOptions connection_options(const std::string& command) const;
};

/// Adds --url, --api and --json. Every command takes them, in any place.
void add_common_options(CLI::App& command, Context& context);

/// A command sets its options and hands over what runs when it was chosen.
using Run = std::function<Exit()>;
struct Selected {
  Run run;
};

// One for each subcommand, in the file of its name; users, tokens, vhosts and permissions are in
// admin.cc.
void add_publish(CLI::App& app, Context& context, Selected& selected);
void add_get(CLI::App& app, Context& context, Selected& selected);
void add_queues(CLI::App& app, Context& context, Selected& selected);
void add_dlq(CLI::App& app, Context& context, Selected& selected);
void add_work(CLI::App& app, Context& context, Selected& selected);
void add_admin(CLI::App& app, Context& context, Selected& selected);
void add_config(CLI::App& app, Context& context, Selected& selected);
void add_definitions(CLI::App& app, Context& context, Selected& selected);
void add_migrate(CLI::App& app, Context& context, Selected& selected);
void add_rabbitmqctl(CLI::App& app, Context& context, Selected& selected);
void add_help(CLI::App& app, Context& context, Selected& selected);
void add_bench(CLI::App& app, Context& context, Selected& selected);

}  // namespace leveret::cli
