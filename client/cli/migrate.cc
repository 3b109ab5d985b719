// leveret migrate: a RabbitMQ's definitions and messages into a Leveret.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/definitions_plan.h"
#include "cli/migrate/drain.h"
#include "cli/migrate/plan.h"
#include "cli/migrate/report.h"
#include "cli/migrate/state.h"
#include "cli/migrate/target.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/connection.h"
#include "lib/loop.h"

namespace leveret::cli {
namespace {

constexpr const char* exchange_name = "leveret.migrate";
/// Messages on their way, and what they may hold together.
constexpr std::uint16_t window_max = 1000;
constexpr std::uint64_t window_bytes = 64U << 20U;
constexpr std::chrono::seconds import_timeout{600};
/// How long the consumer of a run that was killed may stay.
constexpr std::chrono::seconds consumers_patience{30};

struct MigrateOptions {
  std::string from;
  std::string from_api;
  std::string state_file;
  PlanOptions plan;
  bool is_dry_run = false;
  bool keeps_going = false;
  bool keeps_conflicts = false;
  bool keeps_origin = false;
};

client::Url source_url(const MigrateOptions& options) {
  try {
    return client::Url::parse(options.from);
  } catch (const std::invalid_argument& error) {
    throw Failure{Exit::usage, std::string{"bad address of the source: "} + error.what(),
                  "write it like amqp://user:password@host/"};
  }
}

/// That of RabbitMQ beside its AMQP port.
std::string source_api(const MigrateOptions& options) {
  if (!options.from_api.empty()) return options.from_api;
  Context source;
  source.url_text = options.from;
  const client::Url url = source_url(options);
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string user =
      client::percent_encode(url.user) + ":" + client::percent_encode(url.password) + "@";
  if (url.is_tls) return "https://" + user + host + ":15671?" + url.tls.query();
  return "http://" + user + host + ":15672";
}

/// Imports what the source is made of; tells first what there is to do.
void import_definitions(const MigrationPlan& plan, const MigrateOptions& options,
                        const Context& context) {
  Api api(context.api());
  api.set_timeout(import_timeout);
  const std::string text = dump(plan.definitions);
  const Json report = api.post_text("/api/definitions?dry_run=true", text);
  if (!context.is_json)
    say("definitions: " + summary_text(report) + (options.is_dry_run ? "" : " to be made"));
  for (const Json& note : report.at("notes")) say(note.get<std::string>());
  if (number_at(report, "/counts/conflict") > 0 && !options.keeps_conflicts) {
    std::cerr << plan_text(report);
    throw Failure{Exit::exists_differently,
                  "nothing was changed: what is marked ! is at the target with other properties",
                  "delete it there, or leave it as it is with --keep-conflicts"};
  }
  if (!options.is_dry_run) api.post_text("/api/definitions?conflicts=keep&report=true", text);
}

/// Moves the queues of one virtual host.
class VhostMover {
 public:
  VhostMover(const client::Url& source, MigrationTarget& target, MigrationState& state,
             const MigrateOptions& options, const Context& context, const std::string& vhost)
      : target_(target),
        state_(state),
        options_(options),
        source_connection_(loop_, at_vhost(source, vhost), context.connection_options("migrate")),
        target_connection_(loop_, target.open(vhost), context.connection_options("migrate")),
        source_control_(source_connection_),
        target_control_(target_connection_) {}

  /// Throws client::Error or Failure; `outcome` says how far it came.
  void move(const SourceQueue& queue, QueueOutcome& outcome) {
    await_no_consumers(queue.name);
    QueueStart now{source_control_.check_queue(queue.name).messages_ready,
                   target_control_.check_queue(queue.name).messages_ready};
    bool is_first = false;
    outcome.source_at_start = now.source;
    outcome.before = state_.start_of(queue.vhost, queue.name, now, is_first);
    outcome.source_after = now.source;
    outcome.target_after = now.target;
    if (now.source == 0) return;
    DrainOptions drain;
    drain.queue = queue.name;
    drain.exchange = exchange_name;
    drain.is_quorum = queue.is_quorum;
    drain.keeps_origin = options_.keeps_origin;
    if (queue.average_bytes > 0)
      drain.window = static_cast<std::uint16_t>(
          std::clamp<std::uint64_t>(window_bytes / queue.average_bytes, 10, window_max));
    if (!is_first) drain.arrived = find_arrived(queue, outcome.before, now);
    prepare_exchange(queue.name);
    drain_into(outcome, queue, std::move(drain));
    target_control_.delete_exchange(exchange_name);
  }

 private:
  static client::Url at_vhost(client::Url url, const std::string& vhost) {
    url.vhost = vhost;
    return url;
  }

  /// Somebody who takes messages out at the same time would make order and counts meaningless.
  void await_no_consumers(const std::string& queue) {
    const auto deadline = std::chrono::steady_clock::now() + consumers_patience;
    for (;;) {
      const std::uint32_t consumers = source_control_.check_queue(queue).consumers;
      if (consumers == 0) return;
      if (std::chrono::steady_clock::now() > deadline)
        throw Failure{Exit::try_again, "queue '" + queue + "' has " + std::to_string(consumers) +
                                           " consumers at the source: stop them first"};
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
  }

  /// What an interrupted run has published without taking it out of the source: as many as the
  /// target has gained more than the source has lost.
  std::vector<Arrived> find_arrived(const SourceQueue& queue, const QueueStart& before,
                                    const QueueStart& now) {
    const std::int64_t count = static_cast<std::int64_t>(now.target - before.target) -
                               static_cast<std::int64_t>(before.source - now.source);
    if (count == 0) return {};
    if (count < 0 || count > window_max) {
      say("queue '" + queue.name + "': somebody else has used it since the last run; up to " +
          std::to_string(window_max) + " messages may arrive twice");
      return {};
    }
    return target_.last_messages(queue.vhost, queue.name, static_cast<std::uint64_t>(count));
  }

  /// A fanout exchange to this queue only: messages keep their routing keys, which dead-lettering
  /// goes by, and their CC headers lead nowhere else. One of a run that was killed goes first.
  void prepare_exchange(const std::string& queue) {
    target_control_.delete_exchange(exchange_name);
    target_control_.declare_exchange(exchange_name, "fanout", {.durable = false, .arguments = {}});
    target_control_.bind_queue(queue, exchange_name, "");
  }

  void drain_into(QueueOutcome& outcome, const SourceQueue& queue, DrainOptions options) {
    const std::uint64_t total = outcome.source_at_start;
    const auto began = std::chrono::steady_clock::now();
    Progress progress;
    const auto show = [&](const DrainCounts& counts) {
      const std::uint64_t done = counts.moved + counts.skipped;
      const auto seconds = std::chrono::duration_cast<std::chrono::duration<double>>(
                               std::chrono::steady_clock::now() - began)
                               .count();
      const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
      std::string line = "migrate " + queue.vhost + ":" + queue.name + "  " + bar(done, total) +
                         "  " + with_commas(done) + "/" + with_commas(total) + "  " +
                         with_commas(static_cast<std::uint64_t>(rate)) + "/s";
      if (rate > 0 && done < total)
        line += "  ETA " + format_span(std::chrono::seconds{static_cast<std::int64_t>(
                               static_cast<double>(total - done) / rate)});
      progress.show(line);
    };
    Drain drain(source_connection_, target_connection_, std::move(options));
    const auto take_counts = [&] {
      const DrainCounts counts = drain.counts();
      outcome.moved = counts.moved;
      outcome.skipped = counts.skipped;
      outcome.in_flight = counts.in_flight;
    };
    try {
      drain.run(show);
    } catch (...) {
      take_counts();
      throw;
    }
    take_counts();
    outcome.source_after = source_control_.check_queue(queue.name).messages_ready;
    outcome.target_after = target_control_.check_queue(queue.name).messages_ready;
  }

  MigrationTarget& target_;
  MigrationState& state_;
  const MigrateOptions& options_;
  client::Loop loop_;
  client::Connection source_connection_;
  client::Connection target_connection_;
  client::Channel source_control_;
  client::Channel target_control_;
};

/// Moves all queues; with keeps_going past those that fail.
std::vector<QueueOutcome> move_all(const MigrationPlan& plan, const client::Url& source,
                                   MigrationState& state, const MigrateOptions& options,
                                   const Context& context) {
  std::vector<QueueOutcome> outcomes;
  MigrationTarget target(context);
  std::unique_ptr<VhostMover> mover;
  std::string vhost;
  for (const SourceQueue& queue : plan.queues) {
    QueueOutcome& outcome = outcomes.emplace_back();
    outcome.vhost = queue.vhost;
    outcome.queue = queue.name;
    try {
      if (!mover || vhost != queue.vhost) {
        mover.reset();
        mover = std::make_unique<VhostMover>(source, target, state, options, context, queue.vhost);
        vhost = queue.vhost;
      }
      mover->move(queue, outcome);
    } catch (const std::exception& error) {
      outcome.error = error.what();
      say("'" + queue.vhost + "': " + error.what());
      mover.reset();
      if (!options.keeps_going) break;
    }
  }
  return outcomes;
}

/// How many messages each queue holds, without anything being changed.
void count_messages(const MigrationPlan& plan, const client::Url& source, const Context& context) {
  TextTable table({"QUEUE", "MESSAGES", "CONSUMERS"});
  Json items = Json::array();
  std::unique_ptr<client::Connection> connection;
  std::string vhost;
  std::uint64_t total = 0;
  for (const SourceQueue& queue : plan.queues) {
    if (!connection || vhost != queue.vhost) {
      client::Url url = source;
      url.vhost = vhost = queue.vhost;
      connection = std::make_unique<client::Connection>(url, context.connection_options("migrate"));
    }
    const client::QueueState state = client::Channel(*connection).check_queue(queue.name);
    total += state.messages_ready;
    if (state.messages_ready + state.consumers > 0)
      table.add({queue.vhost + ":" + queue.name, with_commas(state.messages_ready),
                 with_commas(state.consumers)});
    items.push_back({{"vhost", queue.vhost},
                     {"queue", queue.name},
                     {"messages", state.messages_ready},
                     {"consumers", state.consumers}});
  }
  if (context.is_json) return print_json({{"dry_run", true}, {"queues", std::move(items)}});
  if (!table.is_empty()) print(table.to_string());
  print(with_commas(total) + " messages in " + with_commas(plan.queues.size()) +
        " queues would be moved\n");
}

Exit run_migrate(MigrateOptions options, const Context& context) {
  const client::Url source = source_url(options);
  const client::Url target = context.url();
  options.plan.target_user = client::split_url(context.api()).user.value_or("guest");
  Api api(source_api(options));
  api.set_timeout(import_timeout);
  const MigrationPlan plan = make_migration_plan(api, options.plan);
  for (const std::string& note : plan.notes) say(note);
  import_definitions(plan, options, context);
  if (options.is_dry_run) {
    count_messages(plan, source, context);
    return Exit::ok;
  }
  const std::string between = "from " + source.authority() + " to " + target.authority();
  MigrationState state(
      options.state_file.empty() ? default_state_file(between) : options.state_file, between);
  if (state.is_resumed()) say("going on with what an earlier run has begun: " + state.file());
  const std::vector<QueueOutcome> outcomes = move_all(plan, source, state, options, context);
  if (context.is_json)
    print_json({{"queues", report_json(outcomes)}, {"notes", plan.notes}});
  else
    print(report_text(outcomes));
  const bool is_whole =
      outcomes.size() == plan.queues.size() &&
      std::ranges::all_of(outcomes, [](const QueueOutcome& each) { return each.error.empty(); });
  if (is_whole) state.finish();
  if (!is_whole) say("not all was moved; the same command goes on where this one stopped");
  return is_whole ? Exit::ok : Exit::partly_failed;
}

}  // namespace

void add_migrate(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<MigrateOptions>();
  CLI::App& command = *app.add_subcommand(
      "migrate", "Move a RabbitMQ's definitions and messages to a Leveret (--url, --api)");
  add_common_options(command, context);
  command.add_option("from", options->from, "amqp[s]://user:password@host:port/ of the RabbitMQ")
      ->required();
  command.add_option("--from-api", options->from_api,
                     "Its management API, when that is not http://user:password@host:15672");
  command.add_option("--to", context.url_text, "The same as --url: where to");
  command.add_option("--vhost", options->plan.vhost, "Only this virtual host");
  command.add_option("--queues", options->plan.queues,
                     "Only the messages of queues with such a name: 'orders.*'");
  command.add_flag("--dry-run", options->is_dry_run, "Only say what there is to do");
  command.add_flag("--keep-going", options->keeps_going,
                   "Go on with the next queue when one cannot be moved");
  command.add_flag("--keep-conflicts", options->keeps_conflicts,
                   "Leave what is at the target with other properties as it is");
  command.add_flag("--keep-origin", options->keeps_origin,
                   "Say in headers (x-origin-exchange, x-origin-routing-key) where a message was "
                   "published");
  command.add_option("--state", options->state_file,
                     "File that a second run goes on from when this one is interrupted");
  command.callback([options, &context, &selected] {
    selected.run = [options, &context] { return run_migrate(*options, context); };
  });
}

}  // namespace leveret::cli
