// leveret publish: jobs to a queue or an exchange, confirmed.
#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <thread>

#include "cli/context.h"
#include "cli/header.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/publisher.h"

namespace leveret::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct PublishOptions {
  std::optional<std::string> first_word;
  std::optional<std::string> second_word;
  std::string exchange;
  std::string routing_key;
  std::string file;
  bool is_lines = false;
  std::string rate;
  std::string count = "1";
  std::size_t window = 1000;
  bool is_transient = false;
  bool may_drop = false;

  std::vector<std::string> headers;
  std::string content_type;
  std::string content_encoding;
  std::string correlation_id;
  std::string reply_to;
  std::string expiration;
  std::string message_id;
  std::string type;
  std::string user_id;
  std::string app_id;
  int priority = -1;
};

/// Where to, and the body if it was given as a word.
struct Target {
  std::string exchange;
  std::string routing_key;
  std::optional<std::string> body;
};

Target target_of(const PublishOptions& options) {
  if (options.exchange.empty() && options.routing_key.empty()) {
    if (!options.first_word)
      throw Failure{Exit::usage, "no target", "name a queue, or an exchange with -e and -k"};
    return {"", *options.first_word, options.second_word};
  }
  if (options.second_word)
    throw Failure{
        Exit::usage,
        "more than one body: '" + *options.first_word + "' and '" + *options.second_word + "'",
        "with -e or -k, the one word is the body; quote it when it has spaces"};
  return {options.exchange, options.routing_key, options.first_word};
}

std::optional<std::string> if_set(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

amqp::Properties properties_of(const PublishOptions& options) {
  amqp::Properties properties;
  properties.delivery_mode = options.is_transient ? std::uint8_t{1} : std::uint8_t{2};
  properties.content_type = if_set(options.content_type);
  properties.content_encoding = if_set(options.content_encoding);
  properties.correlation_id = if_set(options.correlation_id);
  properties.reply_to = if_set(options.reply_to);
  properties.message_id = if_set(options.message_id);
  properties.type = if_set(options.type);
  properties.user_id = if_set(options.user_id);
  properties.app_id = if_set(options.app_id);
  if (!options.expiration.empty())
    properties.expiration = std::to_string(parse_span(options.expiration).count());
  if (options.priority >= 0) properties.priority = static_cast<std::uint8_t>(options.priority);
  if (!options.headers.empty()) {
    properties.headers.emplace();
    for (const std::string& header : options.headers) {
      auto [name, value] = parse_header(header);
      properties.headers->append(std::move(name), std::move(value));
    }
  }
  return properties;
}

std::string read_all(std::istream& in, const std::string& name) {
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw Failure{Exit::io_error, "cannot read " + name};
  return bytes;
}

/// The bodies to publish, one after another.
class Bodies {
 public:
  Bodies(const PublishOptions& options, std::optional<std::string> word) : options_(options) {
    if (word && (!options.file.empty() || options.is_lines))
      throw Failure{Exit::usage, "the body is given twice: as a word, and by --file or --lines"};
    if (!options.file.empty() && options.file != "-") {
      file_.open(options.file, std::ios::binary);
      if (!file_) throw Failure{Exit::io_error, "cannot open '" + options.file + "'"};
      in_ = &file_;
    }
    if (options.is_lines) return;
    if (!word && in_ == &std::cin && options.file.empty() && is_input_terminal())
      throw Failure{Exit::usage, "no body",
                    "give it as a word, with --file FILE, or on standard input"};
    body_ = word ? std::move(*word) : read_all(*in_, "the body");
    left_ = parse_count(options.count);
  }

  std::optional<std::string> next() {
    if (!options_.is_lines) return left_-- > 0 ? std::optional{body_} : std::nullopt;
    std::string line;
    if (std::getline(*in_, line)) return line;
    if (in_->bad()) throw Failure{Exit::io_error, "cannot read the lines"};
    return std::nullopt;
  }

 private:
  const PublishOptions& options_;
  std::ifstream file_;
  std::istream* in_ = &std::cin;
  std::string body_;
  std::int64_t left_ = 0;
};

/// Lets through `rate` messages a second; all of them when it is 0.
class Pace {
 public:
  explicit Pace(double rate) : rate_(rate) {}
  void wait() {
    if (rate_ <= 0) return;
    const std::chrono::duration<double> due{static_cast<double>(count_++) / rate_};
    std::this_thread::sleep_until(start_ + std::chrono::duration_cast<SteadyClock::duration>(due));
  }

 private:
  double rate_;
  std::uint64_t count_ = 0;
  SteadyClock::time_point start_ = SteadyClock::now();
};

std::string failure_text(const client::Publisher::Failure& failure, const std::string& vhost) {
  using Kind = client::Publisher::Failure::Kind;
  if (failure.kind == Kind::refused)
    return "refused by the broker (basic.nack): a queue is full, or the message could not be "
           "stored";
  if (failure.exchange.empty())
    return "unroutable: there is no queue \"" + failure.routing_key + "\" in virtual host \"" +
           vhost + "\"";
  return "unroutable: exchange \"" + failure.exchange + "\" has no binding for \"" +
         failure.routing_key + "\"";
}

std::string summary_text(const client::Publisher::Counts& counts, SteadyClock::duration took) {
  if (counts.published == 1) return "published 1 (confirmed, " + format_span(took) + ")\n";
  const double seconds = std::chrono::duration<double>(took).count();
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(counts.published) / seconds);
  return "published " + with_commas(counts.published) + " (confirmed " +
         with_commas(counts.confirmed) + ", unroutable " + with_commas(counts.unroutable) +
         (counts.refused ? ", refused " + with_commas(counts.refused) : "") + ")  " +
         with_commas(rate) + "/s\n";
}

Json summary_json(const client::Publisher::Counts& counts, SteadyClock::duration took,
                  const std::vector<client::Publisher::Failure>& failures) {
  Json list = Json::array();
  for (const auto& failure : failures)
    list.push_back(
        {{"id", failure.id},
         {"reason",
          failure.kind == client::Publisher::Failure::Kind::refused ? "refused" : "unroutable"},
         {"exchange", failure.exchange},
         {"routing_key", failure.routing_key}});
  return {{"published", counts.published},
          {"confirmed", counts.confirmed},
          {"unroutable", counts.unroutable},
          {"refused", counts.refused},
          {"republished", counts.republished},
          {"seconds", std::chrono::duration<double>(took).count()},
          {"failures", list}};
}

/// Failures are kept up to a number: a million unroutable lines need no million entries.
void gather(client::Publisher& publisher, std::vector<client::Publisher::Failure>& failures) {
  constexpr std::size_t kept_max = 1000;
  for (auto& failure : publisher.take_failures())
    if (failures.size() < kept_max) failures.push_back(std::move(failure));
}

Exit publish(const PublishOptions& options, const Context& context) {
  const Target target = target_of(options);
  const auto envelope = std::make_shared<const client::Envelope>(
      target.exchange, target.routing_key, properties_of(options),
      options.may_drop ? client::Unroutable::dropped : client::Unroutable::returned);
  Bodies bodies(options, target.body);
  Pace pace(options.rate.empty() ? 0 : parse_rate(options.rate));

  client::PublisherOptions settings;
  settings.connection = context.connection_options("publish");
  settings.window = options.window;
  settings.on_reconnect = [](const client::Error& why, std::chrono::milliseconds wait) {
    say(std::string{why.what()} + "; trying again in " + format_span(wait));
  };
  const client::Url url = context.url();
  client::Publisher publisher(url, settings);
  std::vector<client::Publisher::Failure> failures;
  Progress progress;
  const auto start = SteadyClock::now();
  while (auto body = bodies.next()) {
    pace.wait();
    publisher.publish(envelope, std::move(*body));
    if (progress.is_due()) {
      const auto counts = publisher.counts();
      progress.show(
          "published " + with_commas(counts.published) + "  confirmed " +
          with_commas(counts.confirmed) +
          (publisher.blocked_reason() ? "  BLOCKED: " + *publisher.blocked_reason() : ""));
      gather(publisher, failures);
    }
  }
  publisher.flush();
  const auto took = SteadyClock::now() - start;
  gather(publisher, failures);
  progress.clear();

  const auto counts = publisher.counts();
  const std::uint64_t failed = counts.unroutable + counts.refused;
  if (context.is_json)
    print_json(summary_json(counts, took, failures));
  else if (failed == 0 || counts.published > 1)
    print(summary_text(counts, took));
  if (failed == 0) return Exit::ok;
  say(failure_text(failures.front(), url.vhost));
  return counts.confirmed == 0 ? Exit::try_again : Exit::partly_failed;
}

}  // namespace

void add_publish(CLI::App& app, Context& context, Selected& selected) {
  const auto options = std::make_shared<PublishOptions>();
  CLI::App& command = *app.add_subcommand(
      "publish", "Put jobs into a queue, or publish to an exchange; waits for the confirms");
  add_common_options(command, context);
  command.add_option("queue", options->first_word, "Queue; with -e or -k, the body");
  command.add_option("body", options->second_word, "Body; or --file, --lines, standard input");
  command.add_option("-e,--exchange", options->exchange, "Exchange to publish to");
  command.add_option("-k,--key", options->routing_key, "Routing key");
  command.add_option("-f,--file", options->file, "Read the body from FILE; - is standard input");
  command.add_flag("--lines", options->is_lines, "Publish every line as a message of its own");
  command.add_option("--rate", options->rate, "At most so many per second, such as 500/s");
  command.add_option("--count", options->count, "Publish the body so many times");
  command.add_option("--window", options->window, "Unconfirmed messages at a time")
      ->check(CLI::PositiveNumber);
  command
      .add_option("-H,--header", options->headers,
                  std::string{"name=value or name:type=value; types: "} + header_types_text)
      ->expected(1)
      ->take_all();
  command.add_option("--type", options->content_type, "Content type, such as application/json");
  command.add_option("--encoding", options->content_encoding, "Content encoding");
  command.add_option("--id", options->message_id, "Message id");
  command.add_option("--correlation-id", options->correlation_id, "Correlation id");
  command.add_option("--reply-to", options->reply_to, "Queue for the answer");
  command.add_option("--expiration", options->expiration, "Time to live, such as 10m");
  command.add_option("--priority", options->priority, "0 to 255")->check(CLI::Range(0, 255));
  command.add_option("--message-type", options->type, "Type of the message, for its consumers");
  command.add_option("--user-id", options->user_id, "Must be the connection's user");
  command.add_option("--app-id", options->app_id, "Name of the publishing application");
  command.add_flag("--transient", options->is_transient, "Keep in memory only (delivery mode 1)");
  command.add_flag("--allow-unroutable", options->may_drop,
                   "Let the broker drop what no queue takes, instead of failing with 75");
  command.callback([options, &context, &selected] {
    selected.run = [options, &context] { return publish(*options, context); };
  });
}

}  // namespace leveret::cli
