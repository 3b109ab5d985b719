// leveret bench: load on any AMQP 0-9-1 broker, measured and verified.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>

#include "cli/bench/machine.h"
#include "cli/bench/plan.h"
#include "cli/bench/process_usage.h"
#include "cli/bench/report.h"
#include "cli/bench/run.h"
#include "cli/context.h"
#include "cli/header.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

/// What was given on the command line goes over what the scenario says.
struct BenchOptions {
  std::string scenario = "jobs";
  bool is_list = false;
  std::optional<unsigned> producers;
  std::optional<unsigned> consumers;
  std::optional<std::string> queues;
  std::optional<std::string> bindings;
  std::optional<std::string> connections;
  std::optional<std::string> rate;
  std::optional<std::string> size;
  std::optional<bool> is_persistent;
  std::optional<std::uint64_t> confirm_window;
  std::optional<std::uint16_t> prefetch;
  std::optional<unsigned> ack_every;
  std::optional<std::string> duration;
  std::optional<std::string> messages;
  std::vector<std::string> queue_arguments;
  unsigned threads = 1;
  unsigned rounds = 1;
  bool is_kept = false;
  bool has_histogram = false;
  std::string sync_dir;
  std::optional<int> server_pid;
  std::string against;
  std::optional<int> against_pid;
};

std::atomic<bool> is_interrupted = false;
constexpr std::uint64_t rate_window = 100'000;
constexpr std::uint64_t count_max = 100'000'000;

bench::Plan plan_of(const BenchOptions& options) {
  bench::Plan plan = bench::scenario(options.scenario);
  const auto take = [](auto& to, const auto& from) {
    if (from) to = *from;
  };
  take(plan.producers, options.producers);
  take(plan.consumers, options.consumers);
  const auto take_count = [](unsigned& to, const std::optional<std::string>& from) {
    if (from) to = static_cast<unsigned>(std::min<std::uint64_t>(parse_count(*from), count_max));
  };
  take_count(plan.queues, options.queues);
  take_count(plan.bindings, options.bindings);
  take_count(plan.idle_connections, options.connections);
  take(plan.confirm_window, options.confirm_window);
  take(plan.prefetch, options.prefetch);
  take(plan.ack_every, options.ack_every);
  if (options.is_persistent) plan.is_persistent = plan.is_durable = *options.is_persistent;
  if (options.size) plan.body_bytes = parse_size(*options.size);
  if (options.rate) plan.rate = parse_rate(*options.rate);
  // Only a bound where the clock publishes; see the scenario steady.
  if (options.rate && plan.confirm_window != 0 && !options.confirm_window)
    plan.confirm_window = std::max<std::uint64_t>(plan.confirm_window, rate_window);
  if (options.duration) plan.duration = parse_span(*options.duration);
  if (options.messages) plan.messages = parse_count(*options.messages);
  plan.threads = options.threads;
  for (const std::string& argument : options.queue_arguments) {
    auto [name, value] = parse_header(argument);
    plan.queue_arguments.set(name, std::move(value));
  }
  plan.is_kept = options.is_kept;
  bench::check(plan);
  return plan;
}

Exit list() {
  TextTable table({"SCENARIO", "WHAT"});
  for (const bench::Plan& plan : bench::scenarios()) table.add({plan.name, plan.description});
  print(table.to_string());
  return Exit::ok;
}

/// A broker to measure.
struct Server {
  client::Url url;
  std::optional<int> pid;
  bench::Series series;
};

void run_once(const bench::Plan& plan, const std::string& sync_dir, Server& server) {
  Progress progress;
  bench::RunOptions options;
  options.url = server.url;
  options.server_pid = server.pid;
  options.sync_dir = sync_dir;
  options.is_interrupted = [] { return is_interrupted.load(); };
  options.on_progress = [&](const std::string& text) {
    if (progress.is_due()) progress.show(plan.name + " on " + server.series.server + "  " + text);
  };
  server.series.results.push_back(bench::run_plan(plan, options));
}

std::vector<Server> servers_of(const BenchOptions& options, const Context& context) {
  std::vector<Server> servers;
  const auto add = [&](const client::Url& url, std::optional<int> pid) {
    if (!pid) pid = bench::find_listener(url.host, url.port);
    servers.push_back({url, pid, {url.authority(), {}}});
  };
  add(context.url(), options.server_pid);
  if (!options.against.empty()) {
    Context other = context;
    other.url_text = options.against;
    add(other.url(), options.against_pid);
  }
  return servers;
}

void show(const bench::Plan& plan, const BenchOptions& options, const std::vector<Server>& servers,
          const Context& context) {
  const bench::ReportOptions report{options.has_histogram};
  const std::string machine = bench::machine_in_words(options.sync_dir);
  if (!context.is_json) {
    for (const Server& server : servers) print(bench::to_text(plan, server.series, report));
    if (servers.size() == 2) print(bench::ratios_text(plan, servers[0].series, servers[1].series));
    return print("on " + machine + "\n");
  }
  Json json{{"scenario", plan.name}, {"machine", machine}, {"results", Json::array()}};
  for (const Server& server : servers)
    json["results"].push_back(bench::to_json(plan, server.series, report));
  if (servers.size() == 2)
    json["ratios"] = bench::ratios_json(plan, servers[0].series, servers[1].series);
  print_json(json);
}

Exit bench_command(const BenchOptions& options, const Context& context) {
  if (options.is_list) return list();
  const bench::Plan plan = plan_of(options);
  std::vector<Server> servers = servers_of(options, context);
  struct sigaction action {};
  action.sa_handler = [](int) { is_interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // A second one ends us at once.
  sigaction(SIGINT, &action, nullptr);
  // Alternating, so that what changes on the machine meanwhile touches both alike.
  for (unsigned round = 0; round < options.rounds && !is_interrupted; ++round)
    for (Server& server : servers)
      if (!is_interrupted || server.series.results.empty())
        run_once(plan, options.sync_dir, server);

  show(plan, options, servers, context);
  bool is_clean = true;
  for (const Server& server : servers)
    for (const auto& result : server.series.results) is_clean = is_clean && result.is_clean();
  if (is_interrupted) return Exit::interrupted;
  return is_clean ? Exit::ok : Exit::partly_failed;
}

}  // namespace

void add_bench(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App& command =
      *app.add_subcommand("bench", "Measure a broker, any that speaks AMQP 0-9-1, and verify it");
  command.footer(
      "It works on queues of its own, named leveret.bench.*, and removes them. Every message\n"
      "carries its number: loss, duplicates and disorder are found, and make the exit status 1.");
  add_common_options(command, context);
  command.add_option("scenario", options->scenario, "What to run: see --list; jobs by default");
  command.add_flag("--list", options->is_list, "List the scenarios");
  command.add_option("-p,--producers", options->producers, "Publishing connections");
  command.add_option("-c,--consumers", options->consumers, "Consumers of each queue; 0 for none");
  command.add_option("--queues", options->queues,
                     "Queues; each message goes to one, in turn, or to all: as the scenario says");
  command.add_option("--bindings", options->bindings, "Wildcard bindings, for the scenario topic");
  command.add_option("--connections", options->connections,
                     "Idle connections, with a queue and a consumer each, that are opened first");
  command.add_option("--rate", options->rate,
                     "Publish so many a second, all producers together, such as 5k; latency counts "
                     "from when each was due");
  command.add_option("--size", options->size, "Bytes of a body, such as 1k");
  command.add_option("--persistent", options->is_persistent,
                     "true: persistent messages in durable queues; false: neither");
  command.add_option("--confirm-window", options->confirm_window,
                     "Unconfirmed messages of a producer; 0 for no confirms");
  command.add_option("--prefetch", options->prefetch,
                     "Unacknowledged messages of a consumer; 0 for no acknowledgements");
  command.add_option("--ack-every", options->ack_every, "Acknowledge so many at once")
      ->check(CLI::PositiveNumber);
  command.add_option("--duration", options->duration, "How long to publish, such as 30s");
  command.add_option("--messages", options->messages, "How many to publish instead, such as 1M");
  command
      .add_option("--queue-arg", options->queue_arguments,
                  "Argument of the queues, such as x-queue-type=quorum")
      ->expected(1)
      ->take_all();
  command.add_option("--threads", options->threads, "Threads of the load generator")
      ->check(CLI::Range(1U, 64U));
  command.add_option("--rounds", options->rounds, "Repeat, and show the median")
      ->check(CLI::PositiveNumber);
  command.add_flag("--histogram", options->has_histogram,
                   "Show all percentiles; with --json, the buckets too");
  command
      .add_option("--sync-dir", options->sync_dir,
                  "Measure the syncs of this directory's disk too, before and after each run")
      ->check(CLI::ExistingDirectory);
  command.add_flag("--keep", options->is_kept, "Leave the queues and what is in them");
  command.add_option("--server-pid", options->server_pid,
                     "The server's process, for its memory and CPU time; found by itself when the "
                     "server is on this machine and one of ours");
  command.add_option("--against", options->against,
                     "A second broker's URL: run both in turn and show the ratios");
  command.add_option("--against-pid", options->against_pid, "The second broker's process");
  command.callback([options, &context, &selected] {
    selected.run = [options, &context] { return bench_command(*options, context); };
  });
}

}  // namespace leveret::cli
