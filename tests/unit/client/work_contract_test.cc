#include "cli/work_contract.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

namespace leveret::cli {
namespace {

using client::Outcome;

CommandEnd exited(int status) {
  return {CommandEnd::Kind::exited, status, {}};
}

TEST(WorkContract, ExitStatusDecides) {
  EXPECT_EQ(outcome_of(exited(0), OnFail::dead), Outcome::ack);
  EXPECT_EQ(outcome_of(exited(99), OnFail::retry), Outcome::drop);
  for (const int status : {65, 100})
    EXPECT_EQ(outcome_of(exited(status), OnFail::retry), Outcome::dead) << status;
  for (const int status : {126, 127})
    EXPECT_EQ(outcome_of(exited(status), OnFail::dead), Outcome::put_back) << status;
}

TEST(WorkContract, AllElseGoesByOnFail) {
  for (const int status : {1, 2, 64, 75, 111, 128, 255}) {
    EXPECT_EQ(outcome_of(exited(status), OnFail::dead), Outcome::dead) << status;
    EXPECT_EQ(outcome_of(exited(status), OnFail::retry), Outcome::retry) << status;
  }
  const CommandEnd killed{CommandEnd::Kind::signalled, SIGKILL, {}};
  const CommandEnd late{CommandEnd::Kind::timed_out, 0, {}};
  EXPECT_EQ(outcome_of(killed, OnFail::dead), Outcome::dead);
  EXPECT_EQ(outcome_of(killed, OnFail::retry), Outcome::retry);
  EXPECT_EQ(outcome_of(late, OnFail::retry), Outcome::retry);
}

TEST(WorkContract, WhatDidNotRunGoesBack) {
  const CommandEnd missing{CommandEnd::Kind::not_started, 2, "no such file"};
  const CommandEnd cancelled{CommandEnd::Kind::cancelled, 0, {}};
  EXPECT_EQ(outcome_of(missing, OnFail::dead), Outcome::put_back);
  EXPECT_EQ(outcome_of(cancelled, OnFail::dead), Outcome::put_back);
}

TEST(WorkContract, DescribesTheEnd) {
  EXPECT_EQ(describe(exited(3)), "exit status 3");
  EXPECT_EQ(describe({CommandEnd::Kind::signalled, SIGKILL, {}}), "signal 9 (Killed)");
}

TEST(WorkContract, JobBecomesVariables) {
  client::Job job;
  job.queue = "emails";
  job.routing_key = "email.welcome";
  job.exchange = "jobs";
  job.redelivered = true;
  job.attempt = 3;
  job.properties.message_id = "m1";
  job.properties.timestamp = amqp::Timestamp{17};
  const auto variables = variables_of(job);
  const auto value_of = [&](const std::string& name) {
    const auto it = std::ranges::find(variables, name, [](const auto& one) { return one.first; });
    return it == variables.end() ? "missing" : it->second;
  };
  EXPECT_EQ(value_of("LEVERET_QUEUE"), "emails");
  EXPECT_EQ(value_of("LEVERET_ROUTING_KEY"), "email.welcome");
  EXPECT_EQ(value_of("LEVERET_EXCHANGE"), "jobs");
  EXPECT_EQ(value_of("LEVERET_REDELIVERED"), "1");
  EXPECT_EQ(value_of("LEVERET_ATTEMPT"), "3");
  EXPECT_EQ(value_of("LEVERET_ID"), "m1");
  EXPECT_EQ(value_of("LEVERET_TIMESTAMP"), "17");
  EXPECT_EQ(value_of("LEVERET_CONTENT_TYPE"), "");
}

TEST(CommandRunner, FeedsInputAndReportsTheStatus) {
  CommandRunner runner({.words = {"sh", "-c", "test \"$(cat)\" = \"$WANTED\" && exit 7"}});
  const CommandEnd end = runner.run("the body", {{"WANTED", "the body"}});
  EXPECT_EQ(end.kind, CommandEnd::Kind::exited);
  EXPECT_EQ(end.status, 7);
}

TEST(CommandRunner, BodyLargerThanAPipeAndNeverReadIsNoTrouble) {
  signal(SIGPIPE, SIG_IGN);  // as main() does
  CommandRunner runner({.words = {"true"}});
  EXPECT_EQ(runner.run(std::string(1'000'000, 'x'), {}).status, 0);
  CommandRunner reader({.words = {"sh", "-c", "test $(wc -c) = 1000000"}});
  EXPECT_EQ(reader.run(std::string(1'000'000, 'x'), {}).status, 0);
}

TEST(CommandRunner, SaysWhenThereIsNothingToRun) {
  CommandRunner runner({.words = {"/nowhere/at/all"}});
  EXPECT_EQ(runner.run("", {}).kind, CommandEnd::Kind::not_started);
}

TEST(CommandRunner, ReportsSignals) {
  CommandRunner runner({.words = {"sh", "-c", "kill -KILL $$"}});
  const CommandEnd end = runner.run("", {});
  EXPECT_EQ(end.kind, CommandEnd::Kind::signalled);
  EXPECT_EQ(end.status, SIGKILL);
}

TEST(CommandRunner, EndsTheWholeGroupAfterTheTimeout) {
  using std::chrono::milliseconds;
  // The shell ignores SIGTERM, and has a child of its own.
  CommandRunner runner({.words = {"sh", "-c", "trap '' TERM; sleep 1000 & wait; sleep 1000"},
                        .timeout = milliseconds{20},
                        .grace = milliseconds{20}});
  EXPECT_EQ(runner.run("", {}).kind, CommandEnd::Kind::timed_out);
}

TEST(CommandRunner, NothingRunsAfterCancelling) {
  CommandRunner runner({.words = {"true"}});
  runner.cancel_all();
  EXPECT_EQ(runner.run("", {}).kind, CommandEnd::Kind::cancelled);
}

}  // namespace
}  // namespace leveret::cli
