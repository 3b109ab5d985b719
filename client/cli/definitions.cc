// leveret definitions: what a broker is made of, out of it and into it, through the HTTP API.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/definitions_plan.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

/// An import of a hundred megabytes takes its time.
constexpr std::chrono::seconds timeout{600};

struct DefinitionsOptions {
  std::string file;
  std::string output;
  std::string vhost;
  bool is_without_passwords = false;
  bool is_dry_run = false;
  bool keeps_conflicts = false;
};

std::string path_of(const DefinitionsOptions& options) {
  if (options.vhost.empty()) return "/api/definitions";
  return Api::path("/api/definitions", {options.vhost});
}

/// Readable by its owner alone: it holds hashes of passwords.
void write_file(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0)
    throw Failure{Exit::exists_differently, "cannot create " + path + ": " + std::strerror(errno)};
  int failure = 0;
  while (!text.empty() && failure == 0) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      failure = errno;
  }
  if (fsync(file) != 0 && failure == 0 && errno != EINVAL && errno != EROFS) failure = errno;
  if (close(file) != 0 && failure == 0) failure = errno;
  if (failure != 0)
    throw Failure{Exit::io_error, "cannot write " + path + ": " + std::strerror(failure)};
}

Exit run_export(const DefinitionsOptions& options, const Context& context) {
  Api api(context.api());
  api.set_timeout(timeout);
  Json definitions = api.get(path_of(options));
  if (options.is_without_passwords && definitions.contains("users"))
    for (Json& user : definitions["users"]) {
      user["password_hash"] = "";
      user.erase("leveret_password_hash");
    }
  const std::string text = dump(definitions, 2) + "\n";
  if (options.output.empty() || options.output == "-") {
    print(text);
    return Exit::ok;
  }
  write_file(options.output, text);
  say("wrote " + options.output + " (" + format_bytes(text.size()) + ")");
  return Exit::ok;
}

std::string read_input(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return std::move(text).str();
  }
  std::ifstream stream(file, std::ios::binary);
  if (stream) text << stream.rdbuf();
  if (!stream)
    throw Failure{Exit::not_found, "cannot read " + file + ": " + std::strerror(errno),
                  "make one with: leveret definitions export -o FILE"};
  return std::move(text).str();
}

/// Asks first what it would do; imports only what can be imported whole.
Exit run_import(const DefinitionsOptions& options, const Context& context) {
  const std::string text = read_input(options.file);
  Api api(context.api());
  api.set_timeout(timeout);
  const std::string path = path_of(options);
  Json report = api.post_text(path + "?dry_run=true", text);
  const bool is_refused = number_at(report, "/counts/conflict") > 0 && !options.keeps_conflicts;
  if (!is_refused && !options.is_dry_run) {
    const std::string query =
        options.keeps_conflicts ? "?report=true&conflicts=keep" : "?report=true";
    report = api.post_text(path + query, text);
  }
  if (context.is_json)
    print_json(report);
  else
    print(plan_text(report));
  for (const Json& note : report.at("notes")) say(note.get<std::string>());
  if (is_refused) {
    say("nothing was imported: what is marked ! is there with other properties");
    std::cerr << "     delete it first, or leave it as it is with --keep-conflicts\n";
    return Exit::exists_differently;
  }
  say((options.is_dry_run ? "would be imported: " : "imported: ") + summary_text(report));
  return Exit::ok;
}

using Options = std::shared_ptr<DefinitionsOptions>;

CLI::App& add_verb(CLI::App& noun, const std::string& verb, const std::string& text,
                   const Options& options, Context& context, Selected& selected,
                   Exit (*act)(const DefinitionsOptions&, const Context&)) {
  CLI::App& command = *noun.add_subcommand(verb, text);
  add_common_options(command, context);
  command.add_option("--vhost", options->vhost, "Only what belongs to this virtual host");
  command.callback([options, &context, &selected, act] {
    selected.run = [options, &context, act] { return act(*options, context); };
  });
  return command;
}

}  // namespace

void add_definitions(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<DefinitionsOptions>();
  // rabbitmqctl's spelling; in no help but `leveret help rabbitmqctl`.
  CLI::App& exported = add_verb(app, "export_definitions", "As definitions export -o", options,
                                context, selected, run_export);
  exported.add_option("file", options->output, "A file; - for standard output")->required();
  exported.group("");
  CLI::App& imported = add_verb(app, "import_definitions", "As definitions import", options,
                                context, selected, run_import);
  imported.add_option("file", options->file, "A file; - for standard input")->required();
  imported.group("");
  CLI::App& noun = *app.add_subcommand(
      "definitions", "Users, queues, policies, ...: into a file, as RabbitMQ has it, and back");
  noun.require_subcommand(1);
  CLI::App& out =
      add_verb(noun, "export", "Write them all, as JSON", options, context, selected, run_export);
  out.add_option("-o,--output", options->output, "A file, instead of standard output");
  out.add_flag("--no-passwords", options->is_without_passwords,
               "Leave the hashes of passwords out: nobody can log in with them");
  CLI::App& in = add_verb(noun, "import", "Take them in, all or none; what is not named stays",
                          options, context, selected, run_import);
  in.add_option("file", options->file, "An export of Leveret or RabbitMQ; - for standard input")
      ->required();
  in.add_flag("--dry-run", options->is_dry_run, "Only say what it would do");
  in.add_flag("--keep-conflicts", options->keeps_conflicts,
              "Leave what is there with other properties as it is");
}

}  // namespace leveret::cli
