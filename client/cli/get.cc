// leveret get: the next messages of a queue, looked at or taken.
#include <CLI/CLI.hpp>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/channel.h"

namespace leveret::cli {
namespace {

struct GetOptions {
  std::string queue;
  std::string count = "1";
  bool is_taken = false;
  bool is_raw = false;
};

Json message_json(const client::Message& message) {
  Json json{{"exchange", message.exchange},
            {"routing_key", message.routing_key},
            {"redelivered", message.redelivered},
            {"properties", to_json(message.properties)}};
  add_payload(json, message.body);
  return json;
}

/// Standard output that no person looks at gets the bodies alone.
void print_message(const client::Message& message, const GetOptions& options) {
  if (options.is_raw) return print(message.body);
  if (!is_output_terminal()) return print(message.body + "\n");
  std::string heading = "key " + message.routing_key;
  if (!message.exchange.empty()) heading = "exchange " + message.exchange + "  " + heading;
  if (message.redelivered) heading += "  redelivered";
  const std::string properties = dump(to_json(message.properties));
  print(bold(escape_for_terminal(heading)) + "  " + dim(escape_for_terminal(properties)) + "\n" +
        escape_for_terminal(message.body, Lines::keep) + "\n");
}

Exit get(const GetOptions& options, const Context& context) {
  client::Connection connection(context.url(), context.connection_options("get"));
  client::Channel channel(connection);
  const std::uint64_t wanted = parse_count(options.count);
  Json list = Json::array();
  std::uint64_t got = 0;
  std::uint64_t last_tag = 0;
  Progress progress;
  for (; got < wanted; ++got) {
    const auto message = channel.get(options.queue);
    if (!message) break;
    last_tag = message->delivery_tag;
    if (context.is_json)
      list.push_back(message_json(*message));
    else
      print_message(*message, options);
    progress.show("got " + with_commas(got + 1) + " of " + with_commas(wanted));
  }
  progress.clear();
  if (context.is_json) print_json(list);
  flush_output();  // What could not be printed is not taken either.
  if (got != 0 && options.is_taken) channel.ack(last_tag, client::Span::up_to);
  if (got != 0 && !options.is_taken)
    channel.nack(last_tag, client::Requeue::yes, client::Span::up_to);
  channel.close();
  if (got != 0) return Exit::ok;
  if (!context.is_json) say("queue '" + options.queue + "' has no message ready");
  return Exit::try_again;
}

}  // namespace

void add_get(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<GetOptions>();
  CLI::App& command =
      *app.add_subcommand("get", "Print the next messages of a queue; they stay unless --ack");
  command.footer(
      "Without --ack the messages go back to where they were, marked as redelivered.\n"
      "Exit status 75 when no message was ready.");
  add_common_options(command, context);
  command.add_option("queue", options->queue, "Queue to read")->required();
  command.add_option("-n,--count", options->count, "How many, at most");
  command.add_flag("--ack", options->is_taken, "Take them: remove them from the queue");
  command.add_flag("--raw", options->is_raw, "Bodies as they are, with nothing between them");
  command.callback([options, &context, &selected] {
    selected.run = [options, &context] { return get(*options, context); };
  });
}

}  // namespace leveret::cli
