// leveret users, tokens, vhosts, permissions: who may do what, through the HTTP API.
#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <iostream>
#include <stdexcept>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

struct AdminOptions {
  std::string name;
  std::string tags;
  std::string description;
  std::string queue_type;
  std::string user;
  std::string lifetime;
  std::string configure = ".*";
  std::string write = ".*";
  std::string read = ".*";
  bool is_yes = false;
};

std::string join_tags(const Json& item) {
  std::string text;
  for (const Json& tag : item.at("tags"))
    text += (text.empty() ? "" : ",") + tag.get<std::string>();
  return text;
}

Exit show(const Context& context, const Json& items, const TextTable& table,
          const std::string& if_empty) {
  if (context.is_json)
    print_json(items);
  else if (table.is_empty())
    say(if_empty);
  else
    print(table.to_string());
  return Exit::ok;
}

// users

Exit list_users(const Context& context) {
  const Json users = Api(context.api()).get("/api/users");
  TextTable table({"NAME", "TAGS", "PASSWORD"});
  for (const Json& user : users)
    table.add({user.value("name", ""), join_tags(user),
               user.value("password_hash", "").empty() ? "none" : "set"});
  return show(context, users, table, "no users");
}

/// From standard input: what stands on a command line, everybody on the machine can see.
std::string read_password(const std::string& user) {
  if (is_input_terminal()) std::cerr << "password of '" << user << "': " << std::flush;
  std::string password;
  if (!std::getline(std::cin, password) || password.empty())
    throw Failure{Exit::usage, "no password on standard input",
                  "pass it in: printf %s \"$PASSWORD\" | leveret users add " + user};
  return password;
}

Exit add_user(const AdminOptions& options, const Context& context) {
  const Json body{{"password", read_password(options.name)}, {"tags", options.tags}};
  Api(context.api()).put(Api::path("/api/users", {options.name}), body);
  say("user '" + options.name + "' is there; what he may do: leveret permissions set " +
      options.name);
  return Exit::ok;
}

Exit delete_user(const AdminOptions& options, const Context& context) {
  Api(context.api()).remove(Api::path("/api/users", {options.name}));
  say("user '" + options.name + "' is deleted");
  return Exit::ok;
}

// tokens

std::string time_text(const Json& seconds) {
  if (seconds.is_null()) return "never";
  const auto time = static_cast<std::time_t>(seconds.get<std::int64_t>());
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Exit list_tokens(const Context& context) {
  const Json tokens = Api(context.api()).get("/api/x/tokens");
  TextTable table({"ID", "USER", "CREATED", "EXPIRES", "WHAT FOR"});
  for (const Json& token : tokens)
    table.add({token.value("id", ""), token.value("user", ""), time_text(token.at("created_at")),
               time_text(token.at("expires_at")), token.value("description", "")});
  return show(context, tokens, table, "no tokens");
}

std::int64_t read_lifetime(const std::string& text) {
  try {
    return std::chrono::ceil<std::chrono::seconds>(parse_span(text)).count();
  } catch (const std::invalid_argument& error) {
    throw Failure{Exit::usage, std::string{"--expires: "} + error.what(), "such as 12h or 30d"};
  }
}

/// The token alone goes to standard output, for a script to keep.
Exit add_token(const AdminOptions& options, const Context& context) {
  Json body{{"description", options.name}};
  if (!options.user.empty()) body["user"] = options.user;
  if (!options.lifetime.empty()) body["expires_in"] = read_lifetime(options.lifetime);
  const Json made = Api(context.api()).post("/api/x/tokens", body);
  if (context.is_json) {
    print_json(made);
    return Exit::ok;
  }
  say("a password of its own for user '" + made.value("user", "") +
      "', expires: " + time_text(made.at("expires_at")) + "; it is shown this once");
  print(made.value("token", "") + "\n");
  return Exit::ok;
}

Exit delete_token(const AdminOptions& options, const Context& context) {
  Api(context.api()).remove(Api::path("/api/x/tokens", {options.name}));
  say("token " + options.name + " is not valid any more; its connections end");
  return Exit::ok;
}

// vhosts

Exit list_vhosts(const Context& context) {
  const Json vhosts = Api(context.api()).get("/api/vhosts");
  TextTable table({"NAME", "MESSAGES", "QUEUE TYPE", "DESCRIPTION"});
  for (const Json& vhost : vhosts) {
    const std::string type = vhost.value("default_queue_type", "");
    table.add({vhost.value("name", ""), with_commas(number_at(vhost, "/messages")),
               type == "undefined" ? "classic" : type, vhost.value("description", "")});
  }
  return show(context, vhosts, table, "no virtual hosts");
}

Exit add_vhost(const AdminOptions& options, const Context& context) {
  Json body = Json::object();
  if (!options.description.empty()) body["description"] = options.description;
  if (!options.queue_type.empty()) body["default_queue_type"] = options.queue_type;
  Api(context.api()).put(Api::path("/api/vhosts", {options.name}), body);
  say("virtual host '" + options.name + "' is there");
  return Exit::ok;
}

Exit delete_vhost(const AdminOptions& options, const Context& context) {
  const Api api(context.api());
  const std::string path = Api::path("/api/vhosts", {options.name});
  const std::string loss = "its queues and " + with_commas(number_at(api.get(path), "/messages")) +
                           " messages go with virtual host '" + options.name + "'";
  if (!options.is_yes && !is_input_terminal())
    throw Failure{Exit::usage, loss, "say --yes to delete it"};
  if (!options.is_yes && !confirm(loss + ". Delete it?")) return Exit::interrupted;
  api.remove(path);
  say("virtual host '" + options.name + "' is deleted");
  return Exit::ok;
}

// permissions

Exit list_permissions(const Context& context) {
  const Json permissions =
      Api(context.api()).get(Api::path("/api/vhosts", {context.url().vhost}) + "/permissions");
  TextTable table({"USER", "CONFIGURE", "WRITE", "READ"});
  for (const Json& each : permissions)
    table.add({each.value("user", ""), each.value("configure", ""), each.value("write", ""),
               each.value("read", "")});
  return show(context, permissions, table, "nobody may open this virtual host");
}

Exit set_permission(const AdminOptions& options, const Context& context) {
  const std::string vhost = context.url().vhost;
  const Json body{
      {"configure", options.configure}, {"write", options.write}, {"read", options.read}};
  Api(context.api()).put(Api::path("/api/permissions", {vhost, options.name}), body);
  say("user '" + options.name + "' may open virtual host '" + vhost + "'");
  return Exit::ok;
}

Exit clear_permission(const AdminOptions& options, const Context& context) {
  const std::string vhost = context.url().vhost;
  Api(context.api()).remove(Api::path("/api/permissions", {vhost, options.name}));
  say("user '" + options.name + "' may do nothing in virtual host '" + vhost + "' any more");
  return Exit::ok;
}

// What the command line has.

using Options = std::shared_ptr<AdminOptions>;

/// A verb that acts on one name.
CLI::App& add_verb(CLI::App& noun, const std::string& verb, const std::string& text,
                   const Options& options, Context& context, Selected& selected,
                   Exit (*act)(const AdminOptions&, const Context&)) {
  CLI::App& command = *noun.add_subcommand(verb, text);
  add_common_options(command, context);
  command.add_option("name", options->name, "Its name")->required();
  command.callback([options, &context, &selected, act] {
    selected.run = [options, &context, act] { return act(*options, context); };
  });
  return command;
}

/// Without a verb it lists.
CLI::App& add_noun(CLI::App& app, const std::string& name, const std::string& text,
                   Context& context, Selected& selected, Exit (*list)(const Context&)) {
  CLI::App& noun = *app.add_subcommand(name, text);
  add_common_options(noun, context);
  noun.require_subcommand(0, 1);
  CLI::App& verb = *noun.add_subcommand("list", "List them, as without a word");
  add_common_options(verb, context);
  noun.callback([&noun, &context, &selected, list] {
    const auto chosen = noun.get_subcommands();
    if (chosen.empty() || chosen.front()->get_name() == "list")
      selected.run = [&context, list] { return list(context); };
  });
  return noun;
}

}  // namespace

void add_admin(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<AdminOptions>();
  CLI::App& users =
      add_noun(app, "users", "List, make and delete users", context, selected, list_users);
  add_verb(users, "add", "Make a user, or change password and tags; reads the password", options,
           context, selected, add_user)
      .add_option("--tags", options->tags,
                  "administrator, monitoring, policymaker, management; with commas");
  add_verb(users, "delete", "Delete a user; his connections end", options, context, selected,
           delete_user);

  CLI::App& tokens = add_noun(app, "tokens", "List, make and take back passwords for scripts",
                              context, selected, list_tokens);
  CLI::App& token = add_verb(tokens, "add", "Make one: leveret tokens add 'nightly import'",
                             options, context, selected, add_token);
  token.add_option("--user", options->user, "Whom it stands for; else you");
  token.add_option("--expires", options->lifetime, "After how long it ends, such as 12h or 30d");
  add_verb(tokens, "delete", "Take one back, by its id; its connections end", options, context,
           selected, delete_token);

  CLI::App& vhosts = add_noun(app, "vhosts", "List, make and delete virtual hosts", context,
                              selected, list_vhosts);
  CLI::App& add = add_verb(vhosts, "add", "Make a virtual host, or change it", options, context,
                           selected, add_vhost);
  add.add_option("--description", options->description, "What it is for");
  add.add_option("--default-queue-type", options->queue_type, "classic or quorum");
  add_verb(vhosts, "delete", "Delete a virtual host with all that is in it", options, context,
           selected, delete_vhost)
      .add_flag("-y,--yes", options->is_yes, "Do not ask");

  CLI::App& permissions =
      add_noun(app, "permissions", "Who may do what in the --url's virtual host", context, selected,
               list_permissions);
  CLI::App& set = add_verb(permissions, "set", "Let a user into it: everything, unless limited",
                           options, context, selected, set_permission);
  set.add_option("--configure", options->configure, "Pattern of what he may make and delete");
  set.add_option("--write", options->write, "Pattern of where he may publish");
  set.add_option("--read", options->read, "Pattern of what he may consume");
  add_verb(permissions, "clear", "Take all of that away", options, context, selected,
           clear_permission);
}

}  // namespace leveret::cli
