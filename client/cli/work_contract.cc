#include "cli/work_contract.h"

#include <cstring>

namespace leveret::cli {

client::Outcome outcome_of(const CommandEnd& end, OnFail on_fail) {
  using client::Outcome;
  const Outcome failed = on_fail == OnFail::retry ? Outcome::retry : Outcome::dead;
  switch (end.kind) {
    case CommandEnd::Kind::not_started:
    case CommandEnd::Kind::cancelled: return Outcome::put_back;
    case CommandEnd::Kind::signalled:
    case CommandEnd::Kind::timed_out: return failed;
    case CommandEnd::Kind::exited: break;
  }
  switch (end.status) {
    case 0: return Outcome::ack;
    case 65:
    case 100: return Outcome::dead;
    case 99: return Outcome::drop;
    case 126:
    case 127: return Outcome::put_back;
    default: return failed;
  }
}

std::string describe(const CommandEnd& end) {
  switch (end.kind) {
    case CommandEnd::Kind::exited: return "exit status " + std::to_string(end.status);
    case CommandEnd::Kind::signalled: {
      const char* name = sigdescr_np(end.status);
      return "signal " + std::to_string(end.status) + (name ? std::string{" ("} + name + ")" : "");
    }
    case CommandEnd::Kind::timed_out: return "timed out";
    case CommandEnd::Kind::cancelled: return "ended with the worker";
    case CommandEnd::Kind::not_started: return "cannot start: " + end.why;
  }
  return {};
}

std::string name_of(client::Outcome outcome) {
  switch (outcome) {
    case client::Outcome::ack: return "ack";
    case client::Outcome::retry: return "retry";
    case client::Outcome::dead: return "dead";
    case client::Outcome::drop: return "drop";
    case client::Outcome::put_back: return "put back";
  }
  return {};
}

CommandRunner::Variables variables_of(const client::Job& job) {
  const auto& properties = job.properties;
  CommandRunner::Variables variables{{"LEVERET_QUEUE", job.queue},
                                     {"LEVERET_EXCHANGE", job.exchange},
                                     {"LEVERET_ROUTING_KEY", job.routing_key},
                                     {"LEVERET_ATTEMPT", std::to_string(job.attempt)},
                                     {"LEVERET_REDELIVERED", job.redelivered ? "1" : "0"}};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    // Set also when empty, so that nothing of an outer worker's job shines through.
    variables.emplace_back(name, value.value_or(""));
  };
  add("LEVERET_ID", properties.message_id);
  add("LEVERET_CONTENT_TYPE", properties.content_type);
  add("LEVERET_CONTENT_ENCODING", properties.content_encoding);
  add("LEVERET_CORRELATION_ID", properties.correlation_id);
  add("LEVERET_REPLY_TO", properties.reply_to);
  add("LEVERET_TYPE", properties.type);
  add("LEVERET_APP_ID", properties.app_id);
  add("LEVERET_USER_ID", properties.user_id);
  const auto to_text = [](auto number) { return std::to_string(number); };
  add("LEVERET_PRIORITY",
      properties.priority ? std::optional{to_text(*properties.priority)} : std::nullopt);
  add("LEVERET_TIMESTAMP",
      properties.timestamp ? std::optional{to_text(properties.timestamp->seconds)} : std::nullopt);
  return variables;
}

}  // namespace leveret::cli
