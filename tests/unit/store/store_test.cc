#include "store/store.h"

#include <gtest/gtest.h>

#include <optional>

#include "amqp/properties.h"
#include "store_fixture.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

TEST_F(StoreTest, GivesBackAMessageAsItCame) {
  const std::string body("\0binary\xff", 8);
  const auto sent = message(body, "a.b.c");
  store->append(jobs, 1, sent, 0);
  ASSERT_TRUE(store.commit());
  store.reopen();
  const auto read = store.read(jobs);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].seq, 1U);
  EXPECT_EQ(read[0].content, 0U);
  EXPECT_EQ(read[0].delivery_count, 0U);
  EXPECT_EQ(read[0].message->body(), body);
  EXPECT_EQ(read[0].message->exchange(), "exchange");
  EXPECT_EQ(read[0].message->routing_key(), "a.b.c");
  EXPECT_EQ(read[0].message->properties(), sent->properties());
  EXPECT_EQ(read[0].message->published_at(), sent->published_at());
}

TEST_F(StoreTest, KeepsEmptyAndLargeBodies) {
  const std::string large(3 << 20, 'L');
  append(jobs, 1, "");
  append(jobs, 2, large);
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(bodies(jobs), (Bodies{"", large}));
}

TEST_F(StoreTest, RecoversTopology) {
  store->put_exchange({"orders", "topic", true, true, {{"alternate-exchange", "rest"}}});
  store->put_binding({"orders", "jobs", false, "video.#", {{"x-match", "any"}}});
  store->put_binding({"orders", "rest", true, "#", {}});
  store->put_binding({"orders", "dead", false, "gone", {}});
  store->drop_binding({"orders", "dead", false, "gone", {}});
  ASSERT_TRUE(store.commit());
  store.reopen();
  const broker::Recovered found = store.recovered();
  ASSERT_EQ(found.exchanges.size(), 1U);
  EXPECT_EQ(found.exchanges[0].type, "topic");
  EXPECT_TRUE(found.exchanges[0].auto_delete);
  EXPECT_TRUE(found.exchanges[0].internal);
  EXPECT_EQ(found.exchanges[0].arguments, (amqp::Table{{"alternate-exchange", "rest"}}));
  ASSERT_EQ(found.bindings.size(), 2U);
  EXPECT_EQ(found.bindings[0].routing_key, "video.#");
  EXPECT_EQ(found.bindings[0].arguments, (amqp::Table{{"x-match", "any"}}));
  EXPECT_TRUE(found.bindings[1].to_exchange);
  EXPECT_EQ(found.queues.size(), 2U);
  EXPECT_EQ(recovered(jobs).record.arguments, (amqp::Table{{"x-max-length", std::int32_t{10}}}));
  EXPECT_TRUE(recovered(dead).record.auto_delete);
  EXPECT_EQ(found.last_queue_id, 2U);
}

TEST_F(StoreTest, KeepsFurtherPrioritiesOfAQueueApart) {
  constexpr QueueId high{3};
  store->put_queue({high, "", false, {}, jobs, 7});
  append(jobs, 1, "low");
  append(high, 2, "high");
  store->mark_delivered(high, 2);
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(store.recovered().queues.size(), 3U);
  EXPECT_EQ(recovered(high).record.level_of, jobs);
  EXPECT_EQ(recovered(high).record.priority, 7);
  EXPECT_EQ(recovered(high).message_count, 1U);
  EXPECT_EQ(recovered(high).delivered_mark, 2U);
  EXPECT_FALSE(recovered(jobs).record.level_of);
  EXPECT_EQ(bodies(jobs), (Bodies{"low"}));
  EXPECT_EQ(bodies(high), (Bodies{"high"}));
  store->drop_queue(high, "");
  store->drop_queue(jobs, "jobs");
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(store.recovered().queues.size(), 1U);
}

TEST_F(StoreTest, FindsWhatHasExpired) {
  const auto expiring = [](const std::string& body, const std::string& ms) {
    amqp::Properties properties;
    properties.expiration = ms;
    return broker::Message::make("", "jobs", amqp::write_properties(properties), body, 1000);
  };
  append(jobs, 1, "never");
  store->append(jobs, 2, expiring("third", "300"), 0);
  store->append(jobs, 3, expiring("first", "100"), 0);
  store->append(jobs, 4, expiring("second", "200"), 0);
  store->append(jobs, 5, expiring("removed", "150"), 0);
  store->append(jobs, 6, expiring("behind", "120"), 0);
  store->append(dead, 1, expiring("elsewhere", "100"), 0);
  ASSERT_TRUE(store.commit());
  store->remove(jobs, 5, 0, 7);
  ASSERT_TRUE(store.commit());
  using Found = std::pair<Bodies, TimeMs>;
  const auto expired = [&](TimeMs now, std::size_t count_max = 100) {
    std::optional<Found> found;
    store->read_expired(jobs, 1, 5, now, count_max, [&](const broker::ExpiredMessages& answer) {
      found.emplace(Bodies{}, answer.next);
      for (const auto& each : answer.messages) found->first.emplace_back(each.message->body());
    });
    EXPECT_TRUE(store.run_until([&] { return found.has_value(); }));
    return found.value_or(Found{});
  };
  EXPECT_EQ(expired(1099), (Found{{}, 1100}));
  EXPECT_EQ(expired(1200), (Found{{"first", "second"}, 1300}));
  EXPECT_EQ(expired(1200, 1), (Found{{"first"}, 1200}));
  EXPECT_EQ(expired(5000), (Found{{"first", "second", "third"}, 0}));
}

TEST_F(StoreTest, RecoversPolicies) {
  using enum broker::PolicyKind;
  store->put_policy({policy, "limit", "^a", "all", 0, {{"max-length", std::int64_t{5}}}});
  store->put_policy({operator_policy, "limit", "^b", "queues", 1, {{"expires", std::int64_t{9}}}});
  store->put_policy({policy, "gone", "x", "all", 0, {{"max-length", std::int64_t{1}}}});
  ASSERT_TRUE(store.commit());
  store->put_policy({policy, "limit", "^c", "exchanges", -3, {{"alternate-exchange", "rest"}}});
  store->drop_policy(policy, "gone");
  ASSERT_TRUE(store.commit());
  store.reopen();
  const auto found = store.recovered().policies;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, policy);
  EXPECT_EQ(found[0].name, "limit");
  EXPECT_EQ(found[0].pattern, "^c");
  EXPECT_EQ(found[0].apply_to, "exchanges");
  EXPECT_EQ(found[0].priority, -3);
  EXPECT_EQ(found[0].definition, (amqp::Table{{"alternate-exchange", "rest"}}));
  EXPECT_EQ(found[1].kind, operator_policy);
  EXPECT_EQ(found[1].pattern, "^b");
}

TEST_F(StoreTest, DroppingAnExchangeDropsItsBindingsBothWays) {
  store->put_exchange({"a", "topic", false, false, {}});
  store->put_exchange({"b", "topic", false, false, {}});
  store->put_binding({"a", "b", true, "x", {}});
  store->put_binding({"b", "jobs", false, "x", {}});
  store->put_binding({"a", "jobs", false, "x", {}});
  store->drop_exchange("b");
  ASSERT_TRUE(store.commit());
  store.reopen();
  ASSERT_EQ(store.recovered().bindings.size(), 1U);
  EXPECT_EQ(store.recovered().bindings[0].source, "a");
}

TEST_F(StoreTest, KeepsCountersWithoutReadingMessages) {
  for (broker::Seq seq = 1; seq <= 10; ++seq) append(jobs, seq, "12345");
  store->mark_delivered(jobs, 7);
  ASSERT_TRUE(store.commit());
  for (const broker::Seq seq : {1, 2, 3, 6}) store->remove(jobs, seq, 0, 5);
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(recovered(jobs).message_count, 6U);
  EXPECT_EQ(recovered(jobs).body_bytes, 30U);
  EXPECT_EQ(recovered(jobs).last_seq, 10U);
  EXPECT_EQ(recovered(jobs).delivered_mark, 7U);
}

TEST_F(StoreTest, AStartCountsWhatWasOnlyAppended) {
  const auto row = [&] {
    return query(file, "SELECT message_count, body_bytes, last_seq FROM queue_counters WHERE id=1");
  };
  for (broker::Seq seq = 1; seq <= 5; ++seq) {
    append(jobs, seq, "12345");
    ASSERT_TRUE(store.commit());
  }
  EXPECT_EQ(row(), (Bodies{"0|0|0"}));
  expect_after_crash({.message_count = 5, .body_bytes = 25, .last_seq = 5});
  store->remove(jobs, 2, 0, 5);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(row(), (Bodies{"4|20|5"}));
  append(jobs, 6, "1");
  ASSERT_TRUE(store.commit());
  expect_after_crash({.message_count = 5, .body_bytes = 21, .last_seq = 6});
  store.reopen();
  EXPECT_EQ(row(), (Bodies{"5|21|6"}));
}

TEST_F(StoreTest, AStartNeverHasManyMessagesToCount) {
  for (broker::Seq seq = 1; seq <= 10'000; ++seq) {
    append(jobs, seq, "1");
    if (seq % 1000 != 0) continue;
    ASSERT_TRUE(store.commit());
  }
  EXPECT_EQ(query(file, "SELECT last_seq >= 5000 FROM queue_counters WHERE id = 1"), (Bodies{"1"}));
  expect_after_crash({.message_count = 10'000, .body_bytes = 10'000, .last_seq = 10'000});
}

TEST_F(StoreTest, RemovesRanges) {
  for (broker::Seq seq = 1; seq <= 10; ++seq) append(jobs, seq, std::to_string(seq));
  ASSERT_TRUE(store.commit());
  append(jobs, 11, "11");
  store->remove_range(jobs, 3, 11);
  append(jobs, 12, "12");
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(bodies(jobs), (Bodies{"1", "2", "12"}));
}

TEST_F(StoreTest, StoresASharedBodyOnceUntilItsLastQueueLetsGo) {
  append(jobs, 1, "shared", 5);
  append(dead, 1, "shared", 5);
  append(jobs, 2, "alone");
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(count("message"), "2");
  EXPECT_EQ(store.read(dead).at(0).content, 5U);
  store->remove(jobs, 1, 5, 6);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(bodies(dead), (Bodies{"shared"}));
  store.reopen();
  EXPECT_EQ(store.recovered().last_content, 5U);
  EXPECT_EQ(bodies(dead), (Bodies{"shared"}));
  store->remove_range(dead, 1, 1);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(count("message"), "1");
  EXPECT_EQ(count("content"), "0");
}

TEST_F(StoreTest, DropsAQueueWithItsMessagesInSeveralSteps) {
  for (broker::Seq seq = 1; seq <= 12'000; ++seq) append(jobs, seq, "x", seq);
  for (broker::Seq seq = 1; seq <= 12'000; ++seq) append(dead, seq, "x", seq);
  ASSERT_TRUE(store.commit());
  store->drop_queue(jobs, "jobs");
  ASSERT_TRUE(store.commit());
  store->put_queue({QueueId{3}, "jobs", false, {}});
  append(QueueId{3}, 1, "new");
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(bodies(QueueId{3}), (Bodies{"new"}));
  EXPECT_EQ(store.read(jobs).size(), 0U);
  EXPECT_EQ(store.read(dead).size(), 12'000U);
  // The writer clears up in the idle time between these.
  for (broker::Seq turn = 1; count("condemned") != "0"; ++turn) {
    store->mark_delivered(dead, turn);
    ASSERT_TRUE(store.commit());
  }
  EXPECT_EQ(count("entry"), "12001");
  store->drop_queue(dead, "dead");
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(store.recovered().queues.size(), 1U);
}

TEST_F(StoreTest, CountsFailedDeliveries) {
  append(jobs, 1, "a");
  append(jobs, 2, "b");
  ASSERT_TRUE(store.commit());
  store->set_delivery_count(jobs, 1, 3);
  append(jobs, 3, "c");
  store->set_delivery_count(jobs, 3, 1);
  ASSERT_TRUE(store.commit());
  const auto read = store.read(jobs);
  EXPECT_EQ(read.at(0).delivery_count, 3U);
  EXPECT_EQ(read.at(1).delivery_count, 0U);
  EXPECT_EQ(read.at(2).delivery_count, 1U);
}

TEST_F(StoreTest, KnowsWhetherItWasClosed) {
  EXPECT_FALSE(store.recovered().was_closed) << "a new file";
  store.reopen();
  EXPECT_TRUE(store.recovered().was_closed);
  const TempDir crashed;
  std::filesystem::copy(file, crashed.file("x.db"));
  std::filesystem::copy(file + "-wal", crashed.file("x.db-wal"));
  EXPECT_FALSE(TestStore({.file = crashed.file("x.db")}).recovered().was_closed);
}

TEST_F(StoreTest, OpensWhatACrashHasLeftInALongLog) {
  const std::string body(50'000, 'x');
  for (broker::Seq seq = 1; seq <= 60; ++seq) append(jobs, seq, body);
  store.commit();
  ASSERT_GT(std::filesystem::file_size(file + "-wal"), 2'000'000U);
  const TempDir crashed;
  std::filesystem::copy(file, crashed.file("x.db"));
  std::filesystem::copy(file + "-wal", crashed.file("x.db-wal"));
  TestStore again({.file = crashed.file("x.db")});
  EXPECT_EQ(again.recovered().queues.front().message_count, 60U);
}

TEST_F(StoreTest, GivesSpaceBackToTheFileSystemWhenABacklogHasGone) {
  const std::string body(50'000, 'x');
  for (broker::Seq seq = 1; seq <= 1200; ++seq) {
    append(jobs, seq, body);
    store->flush(broker::Urgency::now);
  }
  // So many that it is worth a look at the free pages.
  for (broker::Seq seq = 1201; seq <= 11'200; ++seq) append(jobs, seq, "x");
  ASSERT_TRUE(store.commit());
  store->remove_range(jobs, 1, 11'200);
  ASSERT_TRUE(store.commit());
  store.run_until([&] { return std::stol(query(file, "PRAGMA page_count").at(0)) < 2200; });
  store.close();
  EXPECT_LT(std::filesystem::file_size(file), 36U << 20U);
}

TEST_F(StoreTest, GivesSlotsOfDroppedQueuesAgain) {
  for (std::uint32_t id = 3; id < 60; ++id) {
    store->put_queue({QueueId{id}, "temporary", false, {}});
    append(QueueId{id}, 1, "x");
    store->drop_queue(QueueId{id}, "temporary");
    ASSERT_TRUE(store.commit());
    store.reopen();
  }
  EXPECT_EQ(store.recovered().last_queue_id, 59U);
  EXPECT_LT(std::stoi(query(file, "SELECT max(slot) FROM queue").at(0)), 10);
}

TEST(Store, CopiesTheLogIntoTheFileWhileItIsUsedAndStartsTheLogAnew) {
  const TempDir dir;
  const std::string file = dir.file("x.db");
  TestStore store({.file = file, .wal_bytes = 256 << 10});
  store->put_queue({jobs, "jobs", false, {}});
  const std::string body(10'000, 'x');
  std::uintmax_t written = 0;
  const auto has_started_anew = [&] {
    return std::filesystem::file_size(file) > 1U << 20U &&
           std::filesystem::file_size(file + "-wal") < written / 2;
  };
  for (broker::Seq seq = 1; seq < 50'000 && !has_started_anew(); ++seq) {
    store->append(jobs, seq, message(body), 0);
    ASSERT_TRUE(store.commit());
    written += body.size();
  }
  EXPECT_TRUE(has_started_anew());
}

TEST(Store, HoldsWhatAModelHoldsThroughManyLives) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const TempDir dir;
    TestStore store({.file = dir.file("x.db"), .wal_bytes = 256 << 10});
    Workload workload(seed);
    for (int life = 0; life < 5; ++life) {
      for (int i = 0; i < 200; ++i) workload.turn(*store);
      store.reopen();
      ASSERT_EQ(describe(read_all(store)), describe(workload.after(workload.turns()))) << seed;
      ASSERT_TRUE(read_all(store) == workload.after(workload.turns()));
      ASSERT_EQ(inconsistencies(dir.file("x.db")), std::vector<std::string>{});
    }
  }
}

}  // namespace
}  // namespace leveret::store::test
