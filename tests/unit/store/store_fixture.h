#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness.h"

namespace leveret::store::test {

inline constexpr QueueId jobs{1};
inline constexpr QueueId dead{2};

/// A store with two queues, which is looked at for inconsistencies at its end.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    store->put_queue({jobs, "jobs", false, {{"x-max-length", std::int32_t{10}}}});
    store->put_queue({dead, "dead", true, {}});
    EXPECT_TRUE(store.commit());
  }
  ~StoreTest() override {
    store.close();
    EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
  }
  StoreTest(const StoreTest&) = delete;
  StoreTest& operator=(const StoreTest&) = delete;

  void append(QueueId queue, broker::Seq seq, const std::string& body,
              broker::ContentId content = 0) {
    store->append(queue, seq, message(body), content);
  }
  broker::RecoveredQueue recovered(QueueId id) const {
    for (const auto& queue : store.recovered().queues)
      if (queue.record.id == id) return queue;
    ADD_FAILURE() << "queue " << id.value << " is not there";
    return {};
  }
  std::vector<std::string> bodies(QueueId queue) {
    std::vector<std::string> found;
    for (const auto& stored : store.read(queue)) found.emplace_back(stored.message->body());
    return found;
  }
  struct Counts {
    std::uint64_t message_count = 0;
    std::uint64_t body_bytes = 0;
    broker::Seq last_seq = 0;
    broker::Seq delivered_mark = 0;
  };
  /// What a start would find of `jobs` if the process had just been killed.
  void expect_after_crash(const Counts& expected) {
    const TempDir crashed;
    std::filesystem::copy(file, crashed.file("x.db"));
    std::filesystem::copy(file + "-wal", crashed.file("x.db-wal"));
    const TestStore again({.file = crashed.file("x.db")});
    const broker::RecoveredQueue found = again.recovered().queues.front();
    EXPECT_EQ(found.message_count, expected.message_count);
    EXPECT_EQ(found.body_bytes, expected.body_bytes);
    EXPECT_EQ(found.last_seq, expected.last_seq);
    EXPECT_EQ(found.delivered_mark, expected.delivered_mark);
  }
  std::string count(const std::string& table) {
    return query(file, "SELECT count(*) FROM " + table).at(0);
  }

  TempDir dir;
  std::string file = dir.file("vhost-1.db");
  TestStore store{{.file = file}};
};

using Bodies = std::vector<std::string>;

}  // namespace leveret::store::test
