// The `leveret` command: everything but the broker. One file for each subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/context.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

constexpr const char* first_steps =
    R"(leveret: submit jobs, work on them, look after the dead

  leveret publish emails '{"user":42}'           put a job into a queue
  leveret work emails -n 8 -- ./send-mail.sh     run a command for every job, 8 at a time
  leveret queues                                 what is waiting, running, moving
  leveret dlq list                               what failed, and why
  leveret dlq replay emails.dlq --all            put it back to where it came from

More: get, users, tokens, vhosts, permissions, config, bench, and leveret COMMAND --help. The broker is leveretd.
It is looked for on this machine; elsewhere: --url amqp://user:password@host:5672/vhost
Coming from RabbitMQ: leveret help rabbitmqctl
)";

std::vector<std::string> names_of_subcommands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_name().empty()) names.push_back(command->get_name());
  return names;
}

/// The innermost command that was chosen, for its help and its names.
const CLI::App& chosen(const CLI::App& app) {
  const auto inner = app.get_subcommands();
  return inner.empty() ? app : chosen(*inner.front());
}

Exit report_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = chosen(app);
  std::string path = command.get_name();
  for (const CLI::App* up = command.get_parent(); up; up = up->get_parent())
    path = up->get_name() + " " + path;
  const auto unknown = command.remaining();
  const bool has_commands = !names_of_subcommands(command).empty();
  if (has_commands && !unknown.empty() && !unknown.front().starts_with('-')) {
    say("unknown command '" + unknown.front() + "'");
    const auto meant = nearest(unknown.front(), names_of_subcommands(command));
    // Written as rabbitmqctl's commands are.
    if (!meant && unknown.front().find('_') != std::string::npos) {
      std::cerr << "     those of rabbitmqctl that there are: leveret help rabbitmqctl\n";
      return Exit::usage;
    }
    std::cerr << "     "
              << (meant ? "did you mean: " + path + " " + *meant : "see: " + path + " --help")
              << '\n';
    return Exit::usage;
  }
  say(error.what());
  std::cerr << "     see: " << path << " --help\n";
  return Exit::usage;
}

Exit report(const std::exception& error) {
  say(error.what());
  if (const std::string hint = hint_for(error); !hint.empty()) std::cerr << "     " << hint << '\n';
  return exit_code_of(error);
}

/// For `work`, takes "--" and the command behind it out of `words`: its options are not ours, and
/// CLI11 would look at them.
std::vector<std::string> cut_command(const CLI::App& app, std::vector<std::string>& words) {
  const auto names = names_of_subcommands(app);
  const auto first = std::ranges::find_first_of(words, names);
  if (first == words.end() || *first != "work") return {};
  const auto dashes = std::find(first, words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> command(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return command;
}

Exit run(std::vector<std::string> words) {
  Context context;
  Selected selected;
  CLI::App app{"Submit jobs, work on them, look after the dead.", "leveret"};
  app.footer(exit_codes_text);
  app.set_version_flag("--version", std::string{"leveret "} + LEVERET_VERSION);
  app.get_formatter()->column_width(34);
  // What stands behind a command is its own word, also where it is another command's name.
  app.require_subcommand(0, 1);
  add_common_options(app, context);
  add_publish(app, context, selected);
  add_work(app, context, selected);
  add_get(app, context, selected);
  add_queues(app, context, selected);
  add_dlq(app, context, selected);
  add_admin(app, context, selected);
  add_config(app, context, selected);
  add_definitions(app, context, selected);
  add_migrate(app, context, selected);
  add_bench(app, context, selected);
  add_rabbitmqctl(app, context, selected);
  add_help(app, context, selected);
  try {
    context.command_words = cut_command(app, words);
    std::ranges::reverse(words);  // As CLI11 takes them.
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return report_usage(app, error);
    app.exit(error);  // --help and --version.
    return Exit::ok;
  }
  if (!selected.run) {
    print(first_steps);
    return Exit::ok;
  }
  const Exit code = selected.run();
  flush_output();
  return code;
}

}  // namespace
}  // namespace leveret::cli

int main(int argc, char** argv) {
  using namespace leveret::cli;
  std::signal(SIGPIPE, SIG_IGN);  // A reader that went away is an I/O error like any other.
  std::ios::sync_with_stdio(false);
  try {
    return static_cast<int>(run({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    return static_cast<int>(report(error));
  }
}
