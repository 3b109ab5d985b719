// leveret dlq: dead letters, listed, shown and replayed, through the HTTP API.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>

#include "cli/dlq.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {

std::string messages_path(const std::string& vhost, const std::string& queue) {
  return Api::path("/api/x/queues", {vhost, queue}) + "/messages";
}

Json browse(const Api& api, const std::string& vhost, const std::string& queue, std::uint64_t after,
            std::uint64_t limit) {
  return api.get(messages_path(vhost, queue) + "?limit=" + std::to_string(limit) +
                 "&after=" + std::to_string(after) + "&truncate=2000");
}

namespace {

/// Seconds since the epoch as local "2026-11-23 14:31:05"; empty for 0.
std::string format_time(std::uint64_t seconds) {
  if (seconds == 0) return {};
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%F %T", &parts)};
}

// list

Exit list_queues(const Context& context) {
  const Api api(context.api());
  const Json answer =
      api.get("/api/x/dead-letters?vhost=" + client::percent_encode(context.url().vhost));
  if (context.is_json) {
    print_json(answer.at("items"));
    return Exit::ok;
  }
  if (answer.at("items").empty()) {
    say("no queue dead-letters to another one in this virtual host");
    return Exit::ok;
  }
  TextTable table({"QUEUE", "COUNT", "FROM", "REASON", "LAST", "ERROR"});
  for (const Json& item : answer["items"]) {
    const std::string name = item.value("name", "");
    const std::string count = with_commas(number_at(item, "/messages"));
    std::string sources;
    for (const Json& source : item["sources"])
      sources += (sources.empty() ? "" : ", ") + source.get<std::string>();
    const Json groups =
        api.get(Api::path("/api/x/queues", {item.value("vhost", "/"), name}) + "/groups");
    if (groups.at("items").empty()) table.add({name, count, sources, "", "", ""});
    for (const Json& group : groups["items"])
      table.add({name, with_commas(number_at(group, "/count")), text_at(group, "/queue"),
                 text_at(group, "/reason"), format_time(number_at(group, "/last_time")),
                 text_at(group, "/error")});
  }
  print(table.to_string());
  return Exit::ok;
}

Exit list_messages(const DlqOptions& options, const Context& context) {
  const Api api(context.api());
  const std::string vhost = context.url().vhost;
  Json items = Json::array();
  std::uint64_t after = 0;
  std::uint64_t total = 0;
  Progress progress;
  while (items.size() < options.limit) {
    const std::uint64_t wanted = std::min<std::uint64_t>(options.limit - items.size(), 500);
    const Json page = browse(api, vhost, options.queue, after, wanted);
    for (const Json& item : page.at("items")) items.push_back(item);
    total = number_at(page, "/messages_ready");
    progress.show("read " + with_commas(items.size()) + " of " + with_commas(total));
    if (page.at("next").is_null()) break;
    after = page["next"].get<std::uint64_t>();
  }
  progress.clear();
  if (context.is_json) {
    print_json(items);
    return Exit::ok;
  }
  if (items.empty()) {
    say("queue '" + options.queue + "' is empty");
    return Exit::ok;
  }
  TextTable table({"SEQ", "DIED", "REASON", "FROM", "DEATHS", "SIZE", "ID", "ERROR"});
  for (const Json& item : items)
    table.add({std::to_string(item.at("seq").get<std::uint64_t>()),
               format_time(number_at(item, "/death/time")), text_at(item, "/death/reason"),
               text_at(item, "/death/queue"), text_at(item, "/death/total_count"),
               format_bytes(number_at(item, "/payload_bytes")),
               text_at(item, "/properties/message_id"), text_at(item, "/error")});
  print(table.to_string());
  if (total > items.size())
    say("shown " + with_commas(items.size()) + " of " + with_commas(total) + "; more with --limit");
  return Exit::ok;
}

// show

std::string body_of(const Json& message) {
  const std::string payload = message.at("payload").get<std::string>();
  return message.at("payload_encoding") == "base64" ? base64_decode(payload) : payload;
}

void print_field(const std::string& name, const std::string& value) {
  if (!value.empty()) print(bold(name) + ": " + escape_for_terminal(value) + "\n");
}

void print_deaths(const Json& message) {
  if (!message.contains("death") || !message["death"].is_object()) return;
  for (const Json& death : message["death"].value("deaths", Json::array()))
    print("  " +
          escape_for_terminal(format_time(number_at(death, "/time")) + "  " +
                              text_at(death, "/reason") + " in " + text_at(death, "/queue") + ", " +
                              text_at(death, "/count") + " times") +
          "\n");
}

/// JSON indented, other text as it is, bytes escaped.
std::string readable_body(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_discarded() && (json.is_object() || json.is_array()))
    return escape_for_terminal(dump(json, 2), Lines::keep);
  return escape_for_terminal(body, Lines::keep);
}

Exit show(const DlqOptions& options, const Context& context) {
  const Api api(context.api());
  const Json message = api.get(messages_path(context.url().vhost, options.queue) + "/" +
                               std::to_string(options.seq));
  if (context.is_json) {
    print_json(message);
    return Exit::ok;
  }
  const std::string body = body_of(message);
  if (options.is_body_only) {
    print(is_output_terminal() ? escape_for_terminal(body, Lines::keep) + "\n" : body);
    return Exit::ok;
  }
  print_field("seq", std::to_string(options.seq));
  print_field("reason", text_at(message, "/death/reason"));
  print_field("from queue", text_at(message, "/death/queue"));
  print_field("error", text_at(message, "/error"));
  print_field("exchange", text_at(message, "/exchange"));
  print_field("routing key", text_at(message, "/routing_key"));
  print_deaths(message);
  for (const auto& [name, value] : message.at("properties").items())
    print_field(name, value.is_string() ? value.get<std::string>() : dump(value));
  print("\n" + readable_body(body) + "\n");
  return Exit::ok;
}

}  // namespace

void add_dlq(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<DlqOptions>();
  CLI::App& dlq = *app.add_subcommand("dlq", "Dead letters: list, show, replay");
  dlq.require_subcommand(0, 1);
  add_common_options(dlq, context);
  dlq.callback([&dlq, &context, &selected] {
    if (dlq.get_subcommands().empty()) selected.run = [&context] { return list_queues(context); };
  });

  CLI::App& list = *dlq.add_subcommand("list", "All dead-letter queues, or the messages of one");
  add_common_options(list, context);
  list.add_option("queue", options->queue, "List this queue's messages");
  list.add_option("--limit", options->limit, "At most so many messages")
      ->check(CLI::PositiveNumber);
  list.callback([options, &context, &selected] {
    selected.run = [options, &context] {
      return options->queue.empty() ? list_queues(context) : list_messages(*options, context);
    };
  });

  CLI::App& show_one = *dlq.add_subcommand("show", "One message: why it died, headers, body");
  add_common_options(show_one, context);
  show_one.add_option("queue", options->queue, "Dead-letter queue")->required();
  show_one.add_option("seq", options->seq, "The message's SEQ, from dlq list")->required();
  show_one.add_flag("--body", options->is_body_only, "The body alone, as it is");
  show_one.callback([options, &context, &selected] {
    selected.run = [options, &context] { return show(*options, context); };
  });

  CLI::App& again = *dlq.add_subcommand("replay", "Put dead letters back to where they came from");
  add_common_options(again, context);
  again.add_option("queue", options->queue, "Dead-letter queue")->required();
  again.add_option("seq", options->seqs, "Messages by their SEQ, from dlq list");
  again.add_flag("--all", options->is_all, "All that are there now");
  again.add_option("--to", options->to, "To this queue instead");
  again.add_flag("-y,--yes", options->is_yes, "Do not ask");
  again.add_option("--expect", options->expect, "Fail with 75 unless it is this many")
      ->check(CLI::NonNegativeNumber);
  again.add_flag("--dry-run", options->is_dry_run, "Only say what would be done");
  again.add_flag("--detach", options->is_detached, "Start it and do not wait for its end");
  again.callback([options, &context, &selected] {
    selected.run = [options, &context] { return replay(*options, context); };
  });
}

}  // namespace leveret::cli
