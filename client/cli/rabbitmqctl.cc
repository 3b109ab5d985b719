// rabbitmqctl's commands in its own spelling: leveret list_queues name messages. They stand in no
// help but `leveret help rabbitmqctl`, as there is one way to be shown; and leveret help.
#include "cli/rabbitmqctl.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/context.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

struct CtlOptions {
  CtlCall call;
  bool is_silent = false;
  bool is_without_headers = false;
  /// Of rabbitmqctl, where they choose a node of several; ours is one.
  std::string node;
  std::string timeout;
};

std::vector<CtlCommand> all_commands() {
  std::vector<CtlCommand> commands = ctl_lists();
  for (CtlCommand& command : ctl_changes()) commands.push_back(std::move(command));
  return commands;
}

Exit run_command(const CtlCommand& command, const CtlOptions& options, const Context& context) {
  CtlCall call = options.call;
  if (call.words.size() < command.words_min || call.words.size() > command.words_max)
    throw Failure{Exit::usage,
                  command.name + " takes " + (command.usage.empty() ? "no words" : command.usage) +
                      ", not " + with_commas(call.words.size()) + " words",
                  "see: leveret help rabbitmqctl"};
  if (call.vhost.empty()) call.vhost = context.url().vhost;
  if (context.is_json) call.formatter = "json";
  call.is_quiet = call.is_quiet || options.is_silent || call.formatter != "table";
  call.has_headers = !options.is_silent && !options.is_without_headers;
  command.run(Api(context.api()), call);
  return Exit::ok;
}

void add_command(CLI::App& app, CtlCommand found, Context& context, Selected& selected) {
  const auto options = std::make_shared<CtlOptions>();
  const auto shared = std::make_shared<const CtlCommand>(std::move(found));
  CLI::App& command =
      *app.add_subcommand(shared->name, "As rabbitmqctl " + shared->name + " " + shared->usage);
  command.group("");
  add_common_options(command, context);
  command.add_option("words", options->call.words, shared->usage);
  command.add_option("-p,--vhost", options->call.vhost, "Virtual host; else that of --url");
  command.add_option("--formatter", options->call.formatter, "table, csv or json")
      ->transform(CLI::IsMember({"table", "pretty_table", "csv", "json"}));
  command.add_flag("-q,--quiet", options->call.is_quiet, "No talk");
  command.add_flag("-s,--silent", options->is_silent, "No talk and no headings");
  command.add_flag("--no-table-headers", options->is_without_headers, "No headings");
  command.add_option("--priority", options->call.priority, "Of a policy");
  command.add_option("--apply-to", options->call.apply_to, "all, queues, exchanges, ...");
  command.add_option("--description", options->call.description, "Of a virtual host");
  command.add_option("--tags", options->call.tags, "Of a virtual host, with commas");
  command.add_option("--default-queue-type", options->call.default_queue_type, "classic or quorum");
  command.add_option("-n,--node", options->node, "Taken and not looked at: there is one node");
  command.add_option("-t,--timeout", options->timeout, "Taken and not looked at");
  command.callback([options, shared, &context, &selected] {
    selected.run = [options, shared, &context] {
      if (options->call.formatter == "pretty_table") options->call.formatter = "table";
      return run_command(*shared, *options, context);
    };
  });
}

std::string rabbitmqctl_text() {
  std::string text =
      "Commands of rabbitmqctl that leveret knows in their own spelling. They take -p VHOST, -q, "
      "-s,\n"
      "--formatter table|csv|json and --no-table-headers; passwords come from standard input.\n\n";
  const auto line = [&text](const std::string& name, const std::string& usage,
                            const std::string& leveret) {
    std::string words = "  " + name + (usage.empty() ? "" : " " + usage);
    if (!leveret.empty() && words.size() < 56) words.resize(56, ' ');
    text += words + (leveret.empty() ? "" : " leveret " + leveret) + "\n";
  };
  for (const CtlCommand& command : all_commands())
    line(command.name, command.usage, command.leveret);
  line("export_definitions", "<file>", "definitions export -o");
  line("import_definitions", "<file>", "definitions import");
  line("environment", "", "config show --origin");
  return text +
         "\nOn the right: leveret's own spelling. Clustering, plugins and Erlang have no "
         "counterpart.\n";
}

/// The subcommand that the words lead to.
const CLI::App& find_topic(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    const auto inner = at->get_subcommands([](const CLI::App*) { return true; });
    const auto found =
        std::ranges::find(inner, word, [](const CLI::App* each) { return each->get_name(); });
    if (found == inner.end())
      throw Failure{Exit::usage, "there is no command '" + word + "' to help with",
                    "see: leveret --help"};
    at = *found;
  }
  return *at;
}

}  // namespace

void add_rabbitmqctl(CLI::App& app, Context& context, Selected& selected) {
  for (CtlCommand& command : all_commands())
    add_command(app, std::move(command), context, selected);
}

void add_help(CLI::App& app, Context&, Selected& selected) {
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App& help = *app.add_subcommand("help", "Help with a command: leveret help publish");
  help.add_option("command", *words, "Its words; rabbitmqctl for RabbitMQ's commands");
  help.callback([words, &app, &selected] {
    selected.run = [words, &app] {
      if (!words->empty() && words->front() == "rabbitmqctl")
        print(rabbitmqctl_text());
      else
        print(find_topic(app, *words).help(words->empty() ? "" : "leveret"));
      return Exit::ok;
    };
  });
}

}  // namespace leveret::cli
