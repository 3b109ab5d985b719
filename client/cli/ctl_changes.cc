// rabbitmqctl's commands that change something, through the HTTP API.
#include <iostream>

#include "cli/exit_code.h"
#include "cli/rabbitmqctl.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

void tell(const CtlCall& call, const std::string& text) {
  if (!call.is_quiet) say(text);
}

/// rabbitmqctl takes it as a word too; there everybody on the machine can read it.
std::string read_password(const CtlCall& call) {
  if (call.words.size() > 1)
    throw Failure{Exit::usage,
                  "a password on the command line can be read by everybody on this machine",
                  "pass it in: printf %s \"$PASSWORD\" | leveret COMMAND USER; and change the one "
                  "that was shown"};
  if (is_input_terminal()) std::cerr << "password of '" << call.words[0] << "': " << std::flush;
  std::string password;
  if (!std::getline(std::cin, password) || password.empty())
    throw Failure{Exit::usage, "no password on standard input",
                  "pass it in: printf %s \"$PASSWORD\" | leveret COMMAND USER"};
  return password;
}

Json read_json(const std::string& what, const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw Failure{Exit::bad_data, what + " is not JSON: " + text,
                  "write it like '{\"max-length\": 1000}'"};
  return json;
}

Json read_object(const std::string& what, const std::string& text) {
  Json json = read_json(what, text);
  if (!json.is_object())
    throw Failure{Exit::bad_data, what + " is no JSON object: " + text,
                  "write it like '{\"max-length\": 1000}'"};
  return json;
}

std::string user_path(const CtlCall& call) {
  return Api::path("/api/users", {call.words[0]});
}

Json tags_of(const Api& api, const CtlCall& call) {
  return api.get(user_path(call)).at("tags");
}

void add_user(const Api& api, const CtlCall& call) {
  const std::string password = read_password(call);
  const Json known = api.get("/api/users?columns=name");
  for (const Json& user : known)
    if (user.value("name", "") == call.words[0])
      throw Failure{Exit::internal, "user '" + call.words[0] + "' already exists",
                    "change his password with: leveret change_password " + call.words[0]};
  api.put(user_path(call), {{"password", password}, {"tags", ""}});
  tell(call, "added user '" + call.words[0] + "'; what he may do: leveret set_permissions " +
                 call.words[0] + " '.*' '.*' '.*'");
}

void change_password(const Api& api, const CtlCall& call) {
  const std::string password = read_password(call);
  api.put(user_path(call), {{"password", password}, {"tags", tags_of(api, call)}});
  tell(call, "changed the password of user '" + call.words[0] + "'");
}

void clear_password(const Api& api, const CtlCall& call) {
  api.put(user_path(call), {{"password_hash", ""}, {"tags", tags_of(api, call)}});
  tell(call, "user '" + call.words[0] + "' has no password any more");
}

/// As somebody else: the only request that says whether a password is right.
void authenticate_user(const Api& api, const CtlCall& call) {
  const std::string password = read_password(call);
  api.as(call.words[0], password).get("/api/whoami");
  tell(call, "user '" + call.words[0] + "' is who he says");
}

void set_user_tags(const Api& api, const CtlCall& call) {
  // Without any he has none.
  api.get(user_path(call));
  api.put(user_path(call),
          {{"tags", std::vector<std::string>{call.words.begin() + 1, call.words.end()}}});
  tell(call, "set the tags of user '" + call.words[0] + "'");
}

void add_vhost(const Api& api, const CtlCall& call) {
  Json body = Json::object();
  if (!call.description.empty()) body["description"] = call.description;
  if (!call.tags.empty()) body["tags"] = call.tags;
  if (!call.default_queue_type.empty()) body["default_queue_type"] = call.default_queue_type;
  api.put(Api::path("/api/vhosts", {call.words[0]}), body);
  tell(call, "added vhost '" + call.words[0] + "'");
}

void set_permissions(const Api& api, const CtlCall& call) {
  api.put(Api::path("/api/permissions", {call.vhost, call.words[0]}),
          {{"configure", call.words[1]}, {"write", call.words[2]}, {"read", call.words[3]}});
  tell(call, "set permissions of user '" + call.words[0] + "' in vhost '" + call.vhost + "'");
}

void set_topic_permissions(const Api& api, const CtlCall& call) {
  api.put(Api::path("/api/topic-permissions", {call.vhost, call.words[0]}),
          {{"exchange", call.words[1]}, {"write", call.words[2]}, {"read", call.words[3]}});
  tell(call, "set topic permissions of user '" + call.words[0] + "' on '" + call.words[1] + "'");
}

void set_policy(const char* kind, const Api& api, const CtlCall& call) {
  const Json priority = read_json("--priority", call.priority);
  api.put(Api::path(kind, {call.vhost, call.words[0]}),
          {{"pattern", call.words[1]},
           {"definition", read_object("the definition", call.words[2])},
           {"priority", priority},
           {"apply-to", call.apply_to}});
  tell(call, "set policy '" + call.words[0] + "' in vhost '" + call.vhost + "'");
}

/// Puts each of an object's limits to `path`.
void set_limits(const Api& api, const std::string& path, const std::string& text) {
  const Json limits = read_object("the limits", text);
  for (const auto& [name, value] : limits.items())
    api.put(Api::path(path, {name}), {{"value", value}});
}

/// Of one, or with "all" and with none those that there are.
void clear_limits(const Api& api, const std::string& path, const std::string& name) {
  if (!name.empty() && name != "all") {
    api.remove(Api::path(path, {name}));
    return;
  }
  const Json items = api.get(path);
  for (const Json& item : items)
    for (const auto& [limit, value] : item.at("value").items())
      api.remove(Api::path(path, {limit}));
}

void set_global_parameter(const Api& api, const CtlCall& call) {
  api.put(Api::path("/api/global-parameters", {call.words[0]}),
          {{"value", read_json("the value", call.words[1])}});
  tell(call, "set global parameter '" + call.words[0] + "'");
}

/// Whether something goes for good that somebody may want: a person is asked, a script is not, as
/// with rabbitmqctl.
enum class Loss { none, contents };

/// `path` leads to the thing, from what the words and the virtual host are.
CtlCommand removal(const char* name, const char* usage, const char* leveret,
                   std::string (*path)(const CtlCall&), const char* told, Loss loss = Loss::none) {
  return {
      name, usage, leveret, 1, 1, [name, path, told, loss](const Api& api, const CtlCall& call) {
        const std::string question =
            std::string{name} + " '" + call.words[0] + "': what is in it goes for good. Do it?";
        if (loss == Loss::contents && is_input_terminal() && !confirm(question))
          throw Failure{Exit::interrupted, "nothing was done", ""};
        api.remove(path(call));
        tell(call, std::string{told} + " '" + call.words[0] + "'");
      }};
}

void ping(const Api& api, const CtlCall& call) {
  api.get("/api/whoami");
  tell(call, "the broker answers");
}

void status(const Api& api, const CtlCall& call) {
  const Json overview = api.get("/api/overview");
  if (call.formatter == "json") return print(dump(overview, 2) + "\n");
  print(overview.value("product_name", "") + " " + overview.value("product_version", "") + " on " +
        overview.value("node", "") + "\n");
  for (const auto& [name, value] : overview.at("object_totals").items())
    print(name + "\t" + dump(value) + "\n");
  for (const char* name : {"messages_ready", "messages_unacknowledged"})
    print(std::string{name} + "\t" +
          std::to_string(number_at(overview, (std::string{"/queue_totals/"} + name).c_str())) +
          "\n");
  const Json nodes = api.get("/api/nodes");
  for (const Json& node : nodes)
    for (const char* name : {"mem_used", "mem_limit", "mem_alarm", "disk_free", "disk_free_limit",
                             "disk_free_alarm", "fd_used", "uptime"})
      if (node.contains(name)) print(std::string{name} + "\t" + dump(node.at(name)) + "\n");
}

}  // namespace

std::vector<CtlCommand> ctl_changes() {
  const auto users_limit = [](const CtlCall& call) {
    return Api::path("/api/user-limits", {call.words[0]});
  };
  const auto vhost_limit = [](const CtlCall& call) {
    return Api::path("/api/vhost-limits", {call.vhost});
  };
  return {
      {"ping", "", "", 0, 0, ping},
      {"status", "", "", 0, 0, status},
      {"add_user", "<username>", "users add", 1, 2, add_user},
      removal("delete_user", "<username>", "users delete", user_path, "deleted user"),
      {"change_password", "<username>", "users add", 1, 2, change_password},
      {"clear_password", "<username>", "", 1, 1, clear_password},
      {"authenticate_user", "<username>", "", 1, 2, authenticate_user},
      {"set_user_tags", "<username> [<tag> ...]", "users add --tags", 1, 64, set_user_tags},
      {"set_user_limits", "<username> <definition>", "", 2, 2,
       [users_limit](const Api& api, const CtlCall& call) {
         set_limits(api, users_limit(call), call.words[1]);
       }},
      {"clear_user_limits", "<username> <limit> | all", "", 1, 2,
       [users_limit](const Api& api, const CtlCall& call) {
         clear_limits(api, users_limit(call), call.words.size() > 1 ? call.words[1] : "");
       }},
      {"add_vhost", "<vhost>", "vhosts add", 1, 1, add_vhost},
      removal(
          "delete_vhost", "<vhost>", "vhosts delete",
          [](const CtlCall& call) { return Api::path("/api/vhosts", {call.words[0]}); },
          "deleted vhost", Loss::contents),
      {"set_vhost_limits", "<definition>", "", 1, 1,
       [vhost_limit](const Api& api, const CtlCall& call) {
         set_limits(api, vhost_limit(call), call.words[0]);
       }},
      {"clear_vhost_limits", "", "", 0, 0,
       [vhost_limit](const Api& api, const CtlCall& call) {
         clear_limits(api, vhost_limit(call), "");
       }},
      {"set_permissions", "<username> <configure> <write> <read>", "permissions set", 4, 4,
       set_permissions},
      removal(
          "clear_permissions", "<username>", "permissions clear",
          [](const CtlCall& call) {
            return Api::path("/api/permissions", {call.vhost, call.words[0]});
          },
          "cleared permissions of user"),
      {"set_topic_permissions", "<username> <exchange> <write> <read>", "", 4, 4,
       set_topic_permissions},
      {"clear_topic_permissions", "<username> [<exchange>]", "", 1, 2,
       [](const Api& api, const CtlCall& call) {
         std::vector<std::string> names{call.vhost, call.words[0]};
         if (call.words.size() > 1) names.push_back(call.words[1]);
         api.remove(Api::path("/api/topic-permissions", names));
         tell(call, "cleared topic permissions of user '" + call.words[0] + "'");
       }},
      {"set_policy", "<name> <pattern> <definition>", "", 3, 3,
       [](const Api& api, const CtlCall& call) { set_policy("/api/policies", api, call); }},
      removal(
          "clear_policy", "<name>", "",
          [](const CtlCall& call) {
            return Api::path("/api/policies", {call.vhost, call.words[0]});
          },
          "cleared policy"),
      {"set_operator_policy", "<name> <pattern> <definition>", "", 3, 3,
       [](const Api& api, const CtlCall& call) {
         set_policy("/api/operator-policies", api, call);
       }},
      removal(
          "clear_operator_policy", "<name>", "",
          [](const CtlCall& call) {
            return Api::path("/api/operator-policies", {call.vhost, call.words[0]});
          },
          "cleared operator policy"),
      {"set_global_parameter", "<name> <value>", "", 2, 2, set_global_parameter},
      removal(
          "clear_global_parameter", "<name>", "",
          [](const CtlCall& call) { return Api::path("/api/global-parameters", {call.words[0]}); },
          "cleared global parameter"),
      removal(
          "purge_queue", "<queue>", "",
          [](const CtlCall& call) {
            return Api::path("/api/queues", {call.vhost, call.words[0]}) + "/contents";
          },
          "purged queue", Loss::contents),
      removal(
          "delete_queue", "<queue>", "",
          [](const CtlCall& call) {
            return Api::path("/api/queues", {call.vhost, call.words[0]});
          },
          "deleted queue", Loss::contents),
      {"close_connection", "<name> <reason>", "", 2, 2,
       [](const Api& api, const CtlCall& call) {
         api.remove(Api::path("/api/connections", {call.words[0]}), call.words[1]);
         tell(call, "closed connection '" + call.words[0] + "'");
       }},
  };
}

}  // namespace leveret::cli
