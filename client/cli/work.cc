// leveret work: a worker pool in any language, one command for each job.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/work_contract.h"
#include "lib/worker_pool.h"

namespace leveret::cli {
namespace {

struct WorkOptions {
  std::string queue;
  unsigned slots = 1;
  std::uint16_t prefetch = 0;
  std::string timeout = "0";
  std::string grace = "10s";
  OnFail on_fail = OnFail::dead;
  bool is_drain = false;
};

/// A directory for the headers files, for our eyes only, removed at the end.
class HeadersDirectory {
 public:
  HeadersDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "leveret-work-XXXXXX").string();
    if (!mkdtemp(path.data())) throw Failure{Exit::io_error, "cannot make a directory at " + path};
    path_ = path;
  }
  HeadersDirectory(const HeadersDirectory&) = delete;
  HeadersDirectory& operator=(const HeadersDirectory&) = delete;
  ~HeadersDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path next_file() { return path_ / (std::to_string(++count_) + ".json"); }

 private:
  std::filesystem::path path_;
  std::atomic<std::uint64_t> count_ = 0;
};

/// Runs jobs and tells about those that were not simply done.
class JobRunner {
 public:
  JobRunner(CommandOptions command, OnFail on_fail)
      : timeout_(command.timeout), on_fail_(on_fail), runner_(std::move(command)) {}

  /// Called on the pool's threads.
  client::Outcome run(const client::Job& job) {
    const auto start = std::chrono::steady_clock::now();
    const CommandEnd end = run_command(job);
    const client::Outcome outcome = outcome_of(end, on_fail_);
    if (outcome != client::Outcome::ack) {
      const auto took = std::chrono::steady_clock::now() - start;
      const std::string name = job.properties.message_id.value_or("key " + job.routing_key);
      say("job " + name + ", attempt " + std::to_string(job.attempt) + ": " + describe(end) +
          " after " + format_span(took) + ": " + name_of(outcome));
    }
    if (outcome == client::Outcome::put_back && end.kind != CommandEnd::Kind::cancelled)
      is_unable_ = true;
    return outcome;
  }
  void cancel_all() { runner_.cancel_all(); }
  /// The command could not be run at all.
  bool is_unable() const { return is_unable_; }

 private:
  CommandEnd run_command(const client::Job& job) {
    const auto file = directory_.next_file();
    CommandRunner::Variables variables = variables_of(job);
    variables.emplace_back("LEVERET_HEADERS_FILE", file.string());
    if (timeout_.count() != 0) {
      const auto now = std::chrono::system_clock::now().time_since_epoch() + timeout_;
      variables.emplace_back(
          "LEVERET_DEADLINE",
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()));
    }
    std::ofstream out(file, std::ios::binary);
    out << dump(job.properties.headers ? to_json(*job.properties.headers) : Json::object());
    out.close();
    if (!out) return {CommandEnd::Kind::not_started, 0, "cannot write " + file.string()};
    const CommandEnd end = runner_.run(job.body, variables);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return end;
  }

  const std::chrono::milliseconds timeout_;
  const OnFail on_fail_;
  CommandRunner runner_;
  HeadersDirectory directory_;
  std::atomic<bool> is_unable_ = false;
};

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

std::string status_line(const WorkOptions& options, const client::WorkerPool::Counts& counts) {
  return "worker " + options.queue + "  " + std::to_string(options.slots) + " slots  ack " +
         with_commas(counts.acked) + "  retry " + with_commas(counts.retried) + "  dead " +
         with_commas(counts.dead) + "  running " + with_commas(counts.running);
}

Json summary(const WorkOptions& options, const client::WorkerPool::Counts& counts) {
  return {{"queue", options.queue},         {"acked", counts.acked},
          {"retried", counts.retried},      {"dead", counts.dead},
          {"dropped", counts.dropped},      {"put_back", counts.put_back},
          {"reconnects", counts.reconnects}};
}

/// Waits for the pool's end; the first signal asks it to finish, the second kills the commands.
/// Returns how many signals came.
int supervise(const WorkOptions& options, client::WorkerPool& pool, JobRunner& jobs,
              const std::future<void>& end) {
  const sigset_t signals = stop_signals();
  const timespec pause{0, 50'000'000};
  Progress progress;
  int received = 0;
  while (end.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    progress.show(status_line(options, pool.counts()));
    if (sigtimedwait(&signals, nullptr, &pause) <= 0) continue;
    ++received;
    if (received == 1) {
      progress.clear();
      const auto running = pool.counts().running;
      pool.stop();  // before it says so: whoever reads that may count on it
      say("finishing " + std::to_string(running) +
          " running jobs; a second signal kills them and puts them back");
    } else {
      jobs.cancel_all();
    }
  }
  return received;
}

Exit work(const WorkOptions& options, const std::vector<std::string>& words,
          const Context& context) {
  if (words.empty())
    throw Failure{Exit::usage, "no command to run",
                  "write it behind the options: leveret work QUEUE -n 4 -- COMMAND ARGS..."};
  CommandOptions command;
  command.words = words;
  command.timeout = parse_span(options.timeout);
  command.grace = parse_span(options.grace);
  if (context.is_json) command.output = CommandOutput::to_stderr;
  JobRunner jobs(std::move(command), options.on_fail);

  client::WorkerPoolOptions settings;
  settings.queue = options.queue;
  settings.slots = options.slots;
  settings.prefetch = options.prefetch;
  settings.stop_when_empty = options.is_drain;
  settings.connection = context.connection_options("work " + options.queue);
  settings.on_reconnect = [](const std::string& why, std::chrono::milliseconds wait) {
    say(why + "; trying again in " + format_span(wait));
  };
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Before the first thread: all inherit it.
  client::WorkerPool pool(context.url(), settings,
                          [&jobs](const client::Job& job) { return jobs.run(job); });
  std::future<void> end = std::async(std::launch::async, [&pool] { pool.run(); });
  const int received = supervise(options, pool, jobs, end);
  end.get();
  const auto counts = pool.counts();
  if (context.is_json)
    print_json(summary(options, counts));
  else
    say("done: acked " + with_commas(counts.acked) + ", retried " + with_commas(counts.retried) +
        ", dead " + with_commas(counts.dead) + ", dropped " + with_commas(counts.dropped) +
        ", put back " + with_commas(counts.put_back));
  if (jobs.is_unable()) return Exit::bad_configuration;
  return received > 1 ? Exit::interrupted : Exit::ok;
}

constexpr const char* contract_text =
    R"(For each job, COMMAND gets the body on standard input, the properties in
LEVERET_QUEUE, _ID, _EXCHANGE, _ROUTING_KEY, _ATTEMPT, _REDELIVERED, _CONTENT_TYPE,
_CORRELATION_ID, _REPLY_TO, _TYPE, _PRIORITY, _TIMESTAMP, _DEADLINE ..., and the
headers as JSON in the file $LEVERET_HEADERS_FILE. How it ends decides:
  0           done: the job is acknowledged
  65, 100     failed for good: dead-lettered
  99          dropped: acknowledged, counted apart
  126, 127, or it cannot be started at all
              the job goes back and the worker stops with 78
  all else, a signal, or over --timeout
              failed: by --on-fail
--on-fail retry requeues the job. On a queue with x-delivery-limit the broker counts
attempts and dead-letters the job in the end; on another queue it comes back for ever,
so the default is dead: rejected to the queue's dead-letter exchange.
SIGTERM or SIGINT: no new jobs, the running ones are finished, exit 0. A second one
kills the commands and puts their jobs back, exit 130.
A job that goes back keeps its place and content, but AMQP has no way to give one back
uncounted: x-delivery-limit counts it as an attempt.)";

}  // namespace

void add_work(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<WorkOptions>();
  CLI::App& command = *app.add_subcommand(
      "work", "Run a command for every job of a queue: work QUEUE [OPTIONS] -- COMMAND ARGS...");
  command.footer(contract_text);
  // The command's own options are not ours: parsing ends at its first word.
  command.prefix_command();
  add_common_options(command, context);
  command.add_option("queue", options->queue, "Queue to work on")->required();
  command.add_option("-n,--concurrency", options->slots, "Jobs at a time")
      ->check(CLI::Range(1U, 1024U))
      ->option_text("N");
  command.add_option("--prefetch", options->prefetch, "Jobs fetched at a time; as many as slots");
  command.add_option("--timeout", options->timeout, "Longest a job may take, such as 60s");
  command.add_option("--grace", options->grace, "Between SIGTERM and SIGKILL after the timeout");
  const std::map<std::string, OnFail> names{{"retry", OnFail::retry}, {"dead", OnFail::dead}};
  command
      .add_option("--on-fail", options->on_fail,
                  "What a failed job does: see below; dead by default")
      ->transform(CLI::CheckedTransformer(names))
      ->option_text("retry|dead");
  command.add_flag("--drain", options->is_drain, "Stop when the queue is empty");
  command.callback([options, &command, &context, &selected] {
    const auto words = context.command_words.empty() ? command.remaining() : context.command_words;
    selected.run = [options, words, &context] { return work(*options, words, context); };
  });
}

}  // namespace leveret::cli
