// leveret dlq replay: an operation of the server, started and watched.
#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/dlq.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

std::string target_text(const DlqOptions& options) {
  return options.to.empty() ? "the queues they came from" : "'" + options.to + "'";
}

std::string progress_line(const DlqOptions& options, const Json& operation) {
  const std::uint64_t total = number_at(operation, "/total");
  const std::uint64_t done = number_at(operation, "/done");
  return "replay " + options.queue + " -> " + (options.to.empty() ? "origin" : options.to) + "  " +
         bar(done, total) + "  " + with_commas(done) + "/" + with_commas(total) + "  op " +
         std::to_string(number_at(operation, "/id"));
}

/// Watches the operation until it has ended; it goes on by itself when we are interrupted.
Json watch(const Api& api, const std::string& vhost, Json operation, const DlqOptions& options) {
  Progress progress;
  std::chrono::milliseconds pause{10};
  // Each virtual host has numbers of its own.
  const std::string path =
      "/api/x/operations/" + text_at(operation, "/id") + "?vhost=" + client::percent_encode(vhost);
  while (operation.at("state") == "running") {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{500});
    operation = api.get(path);
    progress.show(progress_line(options, operation));
  }
  return operation;
}

Exit report(const Json& operation, const Context& context, const DlqOptions& options) {
  const Json failed = operation.value("failed", Json::array());
  const std::uint64_t done = number_at(operation, "/done");
  const std::uint64_t skipped = number_at(operation, "/skipped");
  const std::string state = operation.value("state", "");
  if (context.is_json)
    print_json(operation);
  else
    print("replayed " + with_commas(done) + " to " + target_text(options) +
          (skipped ? ", " + with_commas(skipped) + " were gone" : "") +
          (failed.empty() ? "" : ", " + with_commas(failed.size()) + " failed") +
          (state == "done" || state == "running" ? "" : ", " + state) + "\n");
  constexpr std::size_t shown_max = 5;
  for (std::size_t i = 0; i < std::min(failed.size(), shown_max); ++i)
    say("seq " + text_at(failed[i], "/seq") + ": " + text_at(failed[i], "/reason"));
  if (state == "failed" && done == 0) return Exit::internal;
  return failed.empty() && state != "failed" && state != "cancelled" ? Exit::ok
                                                                     : Exit::partly_failed;
}

/// What is to be replayed, fixed before anything is asked or done: what dies later is not in it.
struct FrozenSet {
  std::uint64_t count = 0;
  /// The request's body.
  Json request;
};

FrozenSet freeze(const Api& api, const std::string& vhost, const DlqOptions& options) {
  const Json page = browse(api, vhost, options.queue, 0, 1);
  FrozenSet set;
  set.count = options.is_all ? number_at(page, "/messages_ready") : options.seqs.size();
  set.request = options.is_all ? Json{{"all", true}, {"snapshot_seq", page.at("snapshot_seq")}}
                               : Json{{"seqs", options.seqs}};
  if (!options.to.empty()) set.request["target"] = {{"queue", options.to}};
  return set;
}

void check_named(const DlqOptions& options) {
  if (options.is_all == options.seqs.empty()) return;
  throw Failure{Exit::usage,
                options.is_all ? "--all and single messages do not go together"
                               : "nothing to replay is named",
                "name messages by their SEQ (leveret dlq list " + options.queue + "), or --all"};
}

void check_expected(const FrozenSet& set, const DlqOptions& options) {
  if (options.expect < 0 || set.count == static_cast<std::uint64_t>(options.expect)) return;
  throw Failure{Exit::try_again,
                with_commas(set.count) + " messages, where --expect says " +
                    with_commas(static_cast<std::uint64_t>(options.expect)),
                "look again: leveret dlq list " + options.queue};
}

/// Single messages were named one by one; for all, a person is asked. False when they say no.
bool is_agreed(const FrozenSet& set, const std::string& summary, const DlqOptions& options) {
  if (!options.is_all || options.is_yes) return true;
  if (!is_input_terminal())
    throw Failure{Exit::usage, summary + ": not without being asked",
                  "say --yes; --expect " + std::to_string(set.count) + " makes sure of the number"};
  return confirm(summary + "   proceed?");
}

}  // namespace

Exit replay(const DlqOptions& options, const Context& context) {
  check_named(options);
  const Api api(context.api());
  const std::string vhost = context.url().vhost;
  const FrozenSet set = freeze(api, vhost, options);
  check_expected(set, options);
  const std::string summary =
      with_commas(set.count) + " messages of '" + options.queue + "' to " + target_text(options);
  if (options.is_dry_run || set.count == 0) {
    if (context.is_json)
      print_json({{"total", set.count}, {"dry_run", options.is_dry_run}});
    else
      print(summary + (options.is_dry_run ? " (dry run)\n" : "\n"));
    return Exit::ok;
  }
  if (!is_agreed(set, summary, options)) return Exit::interrupted;
  Json operation =
      api.post(Api::path("/api/x/queues", {vhost, options.queue}) + "/replay", set.request);
  if (options.is_detached) {
    if (context.is_json)
      print_json(operation);
    else
      print("op " + text_at(operation, "/id") + "\n");
    return Exit::ok;
  }
  operation = watch(api, vhost, std::move(operation), options);
  return report(operation, context, options);
}

}  // namespace leveret::cli
