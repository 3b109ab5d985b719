// rabbitmqctl's list_... commands: rows of the HTTP API, in the columns that were asked for.
#include <algorithm>

#include "cli/exit_code.h"
#include "cli/rabbitmqctl.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

/// A column that the HTTP API calls otherwise.
struct Renamed {
  std::string_view name;
  const char* pointer;
};

struct List {
  std::string name;
  /// Of the command line: "<username>", or "[column ...]".
  std::string usage;
  /// What rabbitmqctl says before the rows.
  std::string banner;
  std::string leveret;
  /// "{vhost}" stands for the virtual host, "{1}" for the first word.
  std::string path;
  std::vector<std::string> columns;
  std::vector<Renamed> renamed = {};
  /// Words that are no columns.
  std::size_t arguments = 0;
  /// Whether it can be told which columns to show.
  bool takes_columns = true;
};

std::string with_names(std::string path, const CtlCall& call) {
  const auto put = [&path](std::string_view place, const std::string& name) {
    if (const auto at = path.find(place); at != std::string::npos)
      path.replace(at, place.size(), Api::path("", {name}).substr(1));
  };
  put("{vhost}", call.vhost);
  if (!call.words.empty()) put("{1}", call.words[0]);
  return path;
}

Json column_of(const List& list, const Json& row, const std::string& column) {
  const auto renamed = std::ranges::find(list.renamed, column, &Renamed::name);
  if (renamed != list.renamed.end()) {
    const std::string text = renamed->pointer;
    if (!text.starts_with('/')) return text;
    const Json::json_pointer at{text};
    return row.contains(at) ? row.at(at) : Json();
  }
  const auto found = row.find(column);
  return found == row.end() ? Json() : *found;
}

/// As rabbitmqctl prints it: lists in brackets, nothing for what is not there.
std::string text_of(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return dump(value);
  std::string text;
  for (const Json& each : value) text += (text.empty() ? "" : ", ") + text_of(each);
  return "[" + text + "]";
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// One line: for scripts, cells are divided by tabs and never hold one.
std::string line_of(const std::vector<std::string>& cells, bool is_csv) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += is_csv ? "," : "\t";
    line += is_csv ? csv_cell(cells[i]) : escape_for_terminal(cells[i]);
  }
  return line + "\n";
}

void show(const List& list, const Api& api, const CtlCall& call) {
  std::vector<std::string> columns{call.words.begin() + static_cast<std::ptrdiff_t>(list.arguments),
                                   call.words.end()};
  if (columns.empty()) columns = list.columns;
  const Json rows = api.get(with_names(list.path, call));
  if (call.formatter == "json") {
    Json shown = Json::array();
    for (const Json& row : rows) {
      Json item = Json::object();
      for (const std::string& column : columns) item[column] = column_of(list, row, column);
      shown.push_back(std::move(item));
    }
    return print(dump(shown) + "\n");
  }
  if (!call.is_quiet) say(with_names(list.banner, call) + " ...");
  const bool is_csv = call.formatter == "csv";
  if (call.has_headers && !rows.empty()) print(line_of(columns, is_csv));
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& column : columns)
      cells.push_back(text_of(column_of(list, row, column)));
    print(line_of(cells, is_csv));
  }
}

std::vector<List> lists() {
  const std::string columns = "[<column> ...]";
  return {
      {"list_queues",
       columns,
       "Listing queues for vhost {vhost}",
       "queues",
       "/api/queues/{vhost}",
       {"name", "messages"}},
      {"list_exchanges",
       columns,
       "Listing exchanges for vhost {vhost}",
       "",
       "/api/exchanges/{vhost}",
       {"name", "type"}},
      {"list_bindings",
       columns,
       "Listing bindings for vhost {vhost}",
       "",
       "/api/bindings/{vhost}",
       {"source_name", "source_kind", "destination_name", "destination_kind", "routing_key",
        "arguments"},
       {{"source_name", "/source"},
        {"source_kind", "exchange"},
        {"destination_name", "/destination"},
        {"destination_kind", "/destination_type"}}},
      {"list_connections",
       columns,
       "Listing connections",
       "",
       "/api/connections",
       {"user", "peer_host", "peer_port", "state"},
       {{"pid", "/name"}}},
      {"list_channels",
       columns,
       "Listing channels",
       "",
       "/api/channels",
       {"pid", "user", "consumer_count", "messages_unacknowledged"},
       {{"pid", "/name"}, {"connection", "/connection_details/name"}}},
      {"list_consumers",
       columns,
       "Listing consumers in vhost {vhost}",
       "",
       "/api/consumers/{vhost}",
       {"queue_name", "channel_pid", "consumer_tag", "ack_required", "prefetch_count", "active",
        "arguments"},
       {{"queue_name", "/queue/name"}, {"channel_pid", "/channel_details/name"}}},
      {"list_users",
       "",
       "Listing users",
       "users",
       "/api/users",
       {"user", "tags"},
       {{"user", "/name"}},
       0,
       false},
      {"list_vhosts", columns, "Listing vhosts", "vhosts", "/api/vhosts", {"name"}},
      {"list_permissions",
       "",
       "Listing permissions for vhost {vhost}",
       "permissions",
       "/api/vhosts/{vhost}/permissions",
       {"user", "configure", "write", "read"},
       {},
       0,
       false},
      {"list_user_permissions",
       "<username>",
       "Listing permissions for user {1}",
       "",
       "/api/users/{1}/permissions",
       {"vhost", "configure", "write", "read"},
       {},
       1,
       false},
      {"list_topic_permissions",
       "",
       "Listing topic permissions for vhost {vhost}",
       "",
       "/api/vhosts/{vhost}/topic-permissions",
       {"user", "exchange", "write", "read"},
       {},
       0,
       false},
      {"list_user_topic_permissions",
       "<username>",
       "Listing topic permissions for user {1}",
       "",
       "/api/users/{1}/topic-permissions",
       {"vhost", "exchange", "write", "read"},
       {},
       1,
       false},
      {"list_policies",
       "",
       "Listing policies for vhost {vhost}",
       "",
       "/api/policies/{vhost}",
       {"vhost", "name", "pattern", "apply-to", "definition", "priority"},
       {},
       0,
       false},
      {"list_operator_policies",
       "",
       "Listing operator policies for vhost {vhost}",
       "",
       "/api/operator-policies/{vhost}",
       {"vhost", "name", "pattern", "apply-to", "definition", "priority"},
       {},
       0,
       false},
      {"list_global_parameters",
       "",
       "Listing global runtime parameters",
       "",
       "/api/global-parameters",
       {"name", "value"},
       {},
       0,
       false},
      {"list_vhost_limits",
       "",
       "Listing limits for vhost {vhost}",
       "",
       "/api/vhost-limits/{vhost}",
       {"vhost", "limits"},
       {{"limits", "/value"}},
       0,
       false},
      {"list_user_limits",
       "",
       "Listing limits of all users",
       "",
       "/api/user-limits",
       {"user", "limits"},
       {{"limits", "/value"}},
       0,
       false},
  };
}

}  // namespace

std::vector<CtlCommand> ctl_lists() {
  std::vector<CtlCommand> commands;
  for (List& list : lists()) {
    const std::size_t most = list.arguments + (list.takes_columns ? 64 : 0);
    const std::size_t least = list.arguments;
    CtlCommand command{list.name, list.usage, list.leveret, least, most, {}};
    command.run = [list = std::move(list)](const Api& api, const CtlCall& call) {
      show(list, api, call);
    };
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace leveret::cli
