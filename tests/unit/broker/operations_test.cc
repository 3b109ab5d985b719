#include "broker/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/vhost.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using amqp::Array;
using amqp::Table;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// A durable work queue 'q' whose rejected messages, "1" to "count", lie in 'dead'.
struct Bench {
  explicit Bench(int count, Limits limits = {}) : broker(limits) {
    client.declare("dead", {.durable = true}).declare("other", {.durable = true});
    client.declare("q", {.durable = true,
                         .arguments = {{"x-dead-letter-exchange", ""},
                                       {"x-dead-letter-routing-key", "dead"}}});
    client.consume("q").ignore();
    client.together([&] {
      for (int i = 1; i <= count; ++i) client.send("q", std::to_string(i), persistent());
      if (count > 0) client.nack(0, true, false);
    });
    client.cancel("c").ignore();
    broker.journal.forget_turns();
  }

  OperationId start(OperationRequest request) {
    OperationId id = 0;
    broker.turn([&](Vhost& vhost) { id = vhost.start_operation(std::move(request)).id; });
    return id;
  }
  OperationId replay(std::vector<Seq> seqs, const std::string& target = "") {
    return start({.kind = OperationKind::replay,
                  .queue = "dead",
                  .selection = {.seqs = std::move(seqs)},
                  .target = target,
                  .actor = "ann"});
  }
  OperationId replay_all(Seq snapshot, const std::string& target = "") {
    return start({.kind = OperationKind::replay,
                  .queue = "dead",
                  .selection = {.seqs = {}, .all = true, .snapshot_seq = snapshot},
                  .target = target,
                  .actor = "ann"});
  }
  OperationId remove_all(Seq snapshot) {
    return start({.kind = OperationKind::remove,
                  .queue = "dead",
                  .selection = {.seqs = {}, .all = true, .snapshot_seq = snapshot},
                  .target = {},
                  .actor = "ann"});
  }
  OperationView view(OperationId id) { return broker.vhost().operation(id).value(); }
  std::size_t total() {
    return broker.browse("q").size() + broker.browse("dead").size() + broker.browse("other").size();
  }

  TestBroker broker;
  TestClient client{broker};
};

TEST(Operations, ReplayMovesTheSelectedToWhereTheyCameFrom) {
  Bench bench{4};
  const OperationView done = bench.view(bench.replay({3, 1, 3}));
  EXPECT_EQ(done.state, OperationState::done);
  EXPECT_EQ(done.total, 2U);
  EXPECT_EQ(done.done, 2U);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "3"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("2", "4"));
}

TEST(Operations, ReplayMayNameAnotherTarget) {
  Bench bench{2};
  bench.replay({2}, "other");
  EXPECT_THAT(bench.broker.browse("other"), ElementsAre("2"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("1"));
}

TEST(Operations, AReplayedMessageStartsAfreshAndKeepsItsStory) {
  Bench bench{1};
  const OperationId id = bench.replay({1});
  bench.client.get("q");
  const Received job = bench.client.deliveries().at(0);
  EXPECT_EQ(job.exchange, "");
  EXPECT_EQ(job.routing_key, "q");
  EXPECT_FALSE(job.redelivered);
  EXPECT_FALSE(job.headers().contains("x-death"));
  EXPECT_FALSE(job.headers().contains("x-first-death-queue"));
  const Table& replay = *job.headers().find("x-replay")->get_if<Table>();
  EXPECT_EQ(replay.find("op")->as_integer(), static_cast<std::int64_t>(id));
  EXPECT_EQ(*replay.find("by")->as_string(), "ann");
  EXPECT_EQ(replay.find("n")->as_integer(), 1);
  EXPECT_EQ(*replay.find("x-first-death-queue")->as_string(), "q");
  EXPECT_EQ(replay.find("x-death")->get_if<Array>()->size(), 1U);
}

TEST(Operations, EachMoveIsOnePartOfOneTransaction) {
  Bench bench{2};
  bench.replay_all(2);
  EXPECT_THAT(bench.broker.journal.turns(),
              ElementsAre(UnorderedElementsAre("remove dead 1", "append q 3", "remove dead 2",
                                               "append q 4")));
}

TEST(Operations, AllIsWhatTheUserHasSeenAndNothingLater) {
  Bench bench{3};
  bench.client.send("dead", "4", persistent());
  const OperationView done = bench.view(bench.replay_all(2));
  EXPECT_EQ(done.done, 2U);
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("3", "4"));
}

TEST(Operations, AllOfALongQueueGoesOnPageByPage) {
  Bench bench{1000, {.queue_window_messages = 16}};
  const OperationView done = bench.view(bench.replay_all(1000));
  EXPECT_EQ(done.state, OperationState::done);
  EXPECT_EQ(done.total, 1000U);
  EXPECT_EQ(done.done, 1000U);
  EXPECT_THAT(bench.broker.browse("dead"), IsEmpty());
  const auto replayed = bench.broker.browse("q");
  ASSERT_EQ(replayed.size(), 1000U);
  for (std::size_t i = 0; i < replayed.size(); ++i) ASSERT_EQ(replayed[i], std::to_string(i + 1));
  EXPECT_GT(bench.broker.journal.turns().size(), 3U);
}

TEST(Operations, ReachTransientMessagesBehindTheStoredPart) {
  Bench bench{50, {.queue_window_messages = 4}};
  bench.client.together([&] {
    for (int i = 51; i <= 900; ++i) bench.client.send("dead", std::to_string(i));
  });
  const OperationView done = bench.view(bench.replay_all(900, "other"));
  EXPECT_EQ(done.done, 900U);
  EXPECT_EQ(bench.broker.ready("dead"), 0U);
  EXPECT_EQ(bench.broker.ready("other"), 900U);
}

TEST(Operations, SelectedMessagesFarApartAreFoundInTheStore) {
  Bench bench{1000, {.queue_window_messages = 16}};
  const OperationView done = bench.view(bench.replay({5, 500, 999, 2000}));
  EXPECT_EQ(done.done, 3U);
  EXPECT_EQ(done.skipped, 1U);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("5", "500", "999"));
  EXPECT_EQ(bench.broker.ready("dead"), 997U);
}

TEST(Operations, RemoveForgetsThem) {
  Bench bench{3};
  const OperationView done = bench.view(bench.remove_all(2));
  EXPECT_EQ(done.done, 2U);
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("3"));
  EXPECT_THAT(bench.broker.journal.stored("dead"), ElementsAre("3"));
  EXPECT_EQ(bench.broker.queue("dead").stats.purged, 2U);
}

TEST(Operations, WhatIsGoneOrHeldByAConsumerIsSkipped) {
  Bench bench{3};
  bench.client.get("dead").get("dead").ack(4);
  const OperationView done = bench.view(bench.replay({1, 2, 3}));
  EXPECT_EQ(done.skipped, 2U);
  EXPECT_EQ(done.done, 1U);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("3"));
}

TEST(Operations, ASelectionOfWhatCannotBeIsSkipped) {
  Bench bench{2};
  const OperationView done = bench.view(bench.replay({0, 1, UINT64_MAX}));
  EXPECT_EQ(done.done, 1U);
  EXPECT_EQ(done.skipped, 2U);
  EXPECT_EQ(done.state, OperationState::done);
}

TEST(Operations, WhatHasNoWayBackStaysAndSaysWhy) {
  Bench bench{1};
  bench.client.send("dead", "never died", persistent()).delete_queue("q");
  const OperationView done = bench.view(bench.replay_all(2));
  EXPECT_EQ(done.failed_count, 2U);
  ASSERT_EQ(done.failed.size(), 2U);
  EXPECT_EQ(done.failed[0].seq, 1U);
  EXPECT_EQ(done.failed[0].reason, "queue 'q' does not exist");
  EXPECT_THAT(done.failed[1].reason, HasSubstr("no x-death header"));
  EXPECT_EQ(bench.broker.ready("dead"), 2U);
}

TEST(Operations, AFullTargetThatRejectsKeepsThemWhereTheyAre) {
  Bench bench{3};
  bench.client.declare("full",
                       {.arguments = {{"x-max-length", 1}, {"x-overflow", "reject-publish"}}});
  const OperationView done = bench.view(bench.replay_all(3, "full"));
  EXPECT_EQ(done.done, 1U);
  EXPECT_EQ(done.failed_count, 2U);
  EXPECT_THAT(done.failed.at(0).reason, HasSubstr("is full"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("2", "3"));
}

TEST(Operations, HeadersThatHaveGrownTooFarFailAloneAndStay) {
  Bench bench{0};
  bench.client.publish_message(overgrown_message("dead"));
  bench.client.send("dead", "2");
  const OperationView done = bench.view(bench.replay_all(2, "other"));
  EXPECT_THAT(done.failed.at(0).reason, HasSubstr("its headers"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("1"));
  EXPECT_THAT(bench.broker.browse("other"), ElementsAre("2"));
}

TEST(Operations, TheQueueItselfIsNoTarget) {
  Bench bench{1};
  const OperationView done = bench.view(bench.replay_all(1, "dead"));
  EXPECT_THAT(done.failed.at(0).reason, HasSubstr("where it is already"));
  EXPECT_EQ(bench.broker.ready("dead"), 1U);
}

TEST(Operations, AbsentQueuesAndTargetsAreRefused) {
  Bench bench{1};
  bench.broker.turn([](Vhost& vhost) {
    OperationRequest request;
    request.queue = "absent";
    EXPECT_THROW(vhost.start_operation(request), amqp::Error);
    request.queue = "dead";
    request.target = "absent";
    EXPECT_THROW(vhost.start_operation(request), amqp::Error);
  });
  EXPECT_THAT(bench.broker.vhost().operations(), IsEmpty());
}

TEST(Operations, CancellingKeepsWhatIsDone) {
  Bench bench{600};
  bench.broker.runs_deadlines = false;  // one step per turn
  bench.broker.commits_at_once = false;
  const OperationId id = bench.replay_all(600);
  bench.broker.turn([&](Vhost& vhost) { EXPECT_TRUE(vhost.cancel_operation(id)); });
  bench.broker.runs_deadlines = true;
  bench.broker.commits_at_once = true;
  bench.broker.advance(1);
  const OperationView view = bench.view(id);
  EXPECT_EQ(view.state, OperationState::cancelled);
  EXPECT_GT(view.done, 0U);
  EXPECT_LT(view.done, 600U);
  EXPECT_EQ(bench.broker.ready("q"), view.done);
  EXPECT_EQ(bench.total(), 600U);
  bench.broker.turn([](Vhost& vhost) { EXPECT_FALSE(vhost.cancel_operation(99)); });
}

TEST(Operations, CancellingWhileAPageIsReadChangesNothingMore) {
  Bench bench{100, {.queue_window_messages = 4}};
  bench.broker.reads_at_once = false;
  const OperationId id = bench.replay_all(100);
  ASSERT_TRUE(bench.broker.journal.has_reads());
  bench.broker.turn([&](Vhost& vhost) { vhost.cancel_operation(id); });
  const OperationId next = bench.replay({1});
  bench.broker.reads_at_once = true;
  bench.broker.advance(1);
  EXPECT_EQ(bench.view(id).done, 0U);
  EXPECT_EQ(bench.view(next).done, 1U);
  EXPECT_EQ(bench.total(), 100U);
}

TEST(Operations, TwoThatOverlapActOnNoMessageTwice) {
  Bench bench{700, {.queue_window_messages = 16}};
  bench.broker.runs_deadlines = false;
  const OperationId first = bench.replay_all(700);
  const OperationId second = bench.replay_all(700, "other");
  bench.broker.runs_deadlines = true;
  bench.broker.advance(1);
  EXPECT_EQ(bench.view(first).done, 700U);
  EXPECT_EQ(bench.view(second).done, 0U);
  EXPECT_EQ(bench.view(second).state, OperationState::done);
  EXPECT_EQ(bench.total(), 700U);
}

TEST(Operations, AConsumerAndAReplayShareTheMessagesWithoutLossOrCopy) {
  Bench bench{400, {.queue_window_messages = 16}};
  bench.broker.reads_at_once = false;
  bench.broker.runs_deadlines = false;
  bench.client.qos(7).consume("dead");
  const OperationId id = bench.replay_all(400);
  std::vector<std::string> worked;
  for (int i = 0; i < 500; ++i) {
    if (bench.broker.journal.has_reads()) bench.broker.answer_read();
    for (const Received& job : bench.client.deliveries()) {
      worked.push_back(job.body);
      bench.client.ack(job.tag);
    }
    bench.broker.advance(1);
  }
  EXPECT_EQ(bench.view(id).state, OperationState::done);
  EXPECT_GT(worked.size(), 0U);
  EXPECT_EQ(bench.view(id).done + worked.size(), 400U);
  EXPECT_EQ(bench.broker.ready("q"), bench.view(id).done);
  EXPECT_EQ(bench.broker.ready("dead") + bench.broker.unacked("dead"), 0U);
}

TEST(Operations, DeletingTheQueueEndsThem) {
  Bench bench{100, {.queue_window_messages = 4}};
  bench.broker.reads_at_once = false;
  const OperationId id = bench.replay_all(100);
  bench.client.delete_queue("dead");
  bench.broker.reads_at_once = true;
  bench.broker.advance(1);
  EXPECT_EQ(bench.view(id).state, OperationState::done);
}

TEST(Operations, WaitWhileTooMuchIsUncommitted) {
  Bench bench{2};
  bench.broker.commits_at_once = false;
  bench.broker.journal.extra_pending_bytes = std::size_t{65} << 20U;
  bench.broker.runs_deadlines = false;
  const OperationId id = bench.replay_all(2);
  EXPECT_EQ(bench.view(id).done, 0U);
  EXPECT_GT(bench.broker.vhost().next_deadline(), bench.broker.vhost().now());
  bench.broker.journal.extra_pending_bytes = 0;
  bench.broker.advance(1);
  EXPECT_EQ(bench.view(id).done, 2U);
}

TEST(Operations, WhatBecomesTheHeadByAReplayStillExpires) {
  Bench bench{1};
  bench.client.send("dead", "2", with_expiration("50"));
  bench.replay({1});
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.ready("dead"), 0U);
}

TEST(Operations, WhatIsLeftInTheStoreByAReplayStillExpires) {
  Bench bench{0, {.queue_window_messages = 4}};
  bench.client.together([&] {
    for (int i = 1; i <= 10; ++i)
      bench.client.send("dead", std::to_string(i), persistent(with_expiration("50")));
  });
  bench.replay({1, 2, 3, 4}, "other");
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.ready("dead"), 0U);
}

TEST(Operations, OldOnesAreForgottenAndRunningOnesAreNot) {
  Bench bench{1};
  for (int i = 0; i < 300; ++i) bench.replay({99});
  const auto views = bench.broker.vhost().operations();
  EXPECT_LE(views.size(), 200U);
  EXPECT_EQ(views.back().id, 300U);
}

TEST(Operations, ACrashLeavesEachMessageInOnePlace) {
  Bench bench{600, {.queue_window_messages = 16}};
  bench.broker.commits_at_once = false;
  bench.broker.runs_deadlines = false;
  bench.broker.reads_at_once = false;
  bench.replay_all(600);
  bench.broker.advance(1);
  bench.broker.answer_read();
  bench.broker.commit();
  bench.broker.answer_read();
  bench.broker.restart();
  EXPECT_EQ(bench.broker.ready("q") + bench.broker.ready("dead"), 600U);
  EXPECT_GT(bench.broker.ready("q"), 0U);
  EXPECT_GT(bench.broker.ready("dead"), 0U);
}

TEST(Operations, NoMoreThanTheLimitAreUnderWay) {
  Bench bench{10, {.operations_max = 2}};
  const auto replay_one = [](Vhost& vhost, Seq seq) {
    vhost.start_operation({.kind = OperationKind::replay,
                           .queue = "dead",
                           .selection = {.seqs = {seq}},
                           .target = {},
                           .actor = "ann"});
  };
  bench.broker.turn([&](Vhost& vhost) {
    replay_one(vhost, 1);
    replay_one(vhost, 2);
    EXPECT_THROW(replay_one(vhost, 3), amqp::Error);
  });
  EXPECT_NO_THROW(bench.replay({3}));
}

}  // namespace
}  // namespace leveret::broker::test
