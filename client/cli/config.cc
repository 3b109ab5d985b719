// leveret config: the settings of a broker that runs, through the HTTP API.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/terminal.h"

namespace leveret::cli {
namespace {

struct ConfigOptions {
  bool has_origin = false;
  bool is_changed_only = false;
  std::string name;
  std::string value;
};

std::string value_text(const Json& value) {
  if (!value.is_array()) return value.is_string() ? value.get<std::string>() : dump(value);
  std::string text;
  for (const Json& item : value) text += (text.empty() ? "" : ", ") + item.get<std::string>();
  return text;
}

Exit show(const ConfigOptions& options, const Context& context) {
  Json rows = Api(context.api()).get("/api/x/config");
  // The command's own, which the broker knows nothing of.
  for (const Context::Setting& each : context.settings())
    rows.push_back({{"name", each.name},
                    {"value", each.value},
                    {"default", each.default_value},
                    {"origin", each.origin},
                    {"live", true},
                    {"waits_for_restart", false}});
  if (options.is_changed_only) {
    Json changed = Json::array();
    for (Json& row : rows)
      if (row.at("value") != row.at("default")) changed.push_back(std::move(row));
    rows = std::move(changed);
  }
  if (context.is_json) {
    print_json(rows);
    return Exit::ok;
  }
  std::vector<std::string> headings{"SETTING", "VALUE"};
  if (options.has_origin) headings.insert(headings.end(), {"ORIGIN", "CHANGES"});
  TextTable table(std::move(headings));
  for (const Json& row : rows) {
    std::vector<std::string> cells{row.value("name", ""), value_text(row.at("value"))};
    if (options.has_origin) {
      cells.push_back(row.value("origin", ""));
      cells.emplace_back(row.value("waits_for_restart", false) ? "waits for a restart"
                         : row.value("live", false)            ? "at once"
                                                               : "at a restart");
    }
    table.add(std::move(cells));
  }
  if (table.is_empty())
    say("every setting has its default");
  else
    print(table.to_string());
  return Exit::ok;
}

Exit tell(const Json& change, const Context& context) {
  if (context.is_json) {
    print_json(change);
    return Exit::ok;
  }
  std::string text;
  for (const Json& entry : change.at("changed"))
    text += entry.value("name", "") + " is now " + value_text(entry.at("to")) + ", was " +
            value_text(entry.at("from")) + "\n";
  for (const Json& entry : change.at("waiting"))
    text += entry.value("name", "") + " will be " + value_text(entry.at("to")) +
            " when the broker starts the next time; until then it is " +
            value_text(entry.at("from")) + "\n";
  if (text.empty())
    say("nothing has changed");
  else
    print(text);
  return Exit::ok;
}

Exit reload(const ConfigOptions&, const Context& context) {
  return tell(Api(context.api()).post("/api/x/config/reload", Json::object()), context);
}

Exit set(const ConfigOptions& options, const Context& context) {
  const std::string path = Api::path("/api/x/config", {options.name});
  return tell(Api(context.api()).put(path, {{"value", options.value}}), context);
}

Exit unset(const ConfigOptions& options, const Context& context) {
  return tell(Api(context.api()).remove(Api::path("/api/x/config", {options.name})), context);
}

using Options = std::shared_ptr<ConfigOptions>;

CLI::App& add_verb(CLI::App& noun, const std::string& verb, const std::string& text,
                   const Options& options, Context& context, Selected& selected,
                   Exit (*act)(const ConfigOptions&, const Context&)) {
  CLI::App& command = *noun.add_subcommand(verb, text);
  add_common_options(command, context);
  command.callback([options, &context, &selected, act] {
    selected.run = [options, &context, act] { return act(*options, context); };
  });
  return command;
}

}  // namespace

void add_config(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<ConfigOptions>();
  // rabbitmqctl's spelling; in no help but `leveret help rabbitmqctl`.
  add_verb(app, "environment", "As config show", options, context, selected, show).group("");
  CLI::App& noun = *app.add_subcommand("config", "Show and change the broker's settings");
  noun.require_subcommand(1);

  CLI::App& shown = add_verb(
      noun, "show", "Every setting that is in force, of the broker and of this command (cli.)",
      options, context, selected, show);
  shown.add_flag("--origin", options->has_origin,
                 "And where it comes from, and when a change takes effect");
  shown.add_flag("--changed", options->is_changed_only, "Only those that differ from the default");

  add_verb(noun, "reload", "Read file and environment again, as on SIGHUP", options, context,
           selected, reload);

  CLI::App& setting =
      add_verb(noun, "set", "Set one until the broker ends: leveret config set log_level debug",
               options, context, selected, set);
  setting.add_option("name", options->name, "Its name, such as log_level")->required();
  setting.add_option("value", options->value, "As in the environment; lists with commas")
      ->required();
  add_verb(noun, "unset", "Take back what was set in this way", options, context, selected, unset)
      .add_option("name", options->name, "Its name")
      ->required();
}

}  // namespace leveret::cli
