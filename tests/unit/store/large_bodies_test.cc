#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "harness.h"
#include "store/body_file.h"
#include "store/sqlite.h"

namespace leveret::store::test {
namespace {

constexpr std::size_t large = std::size_t{200} << 10U;
constexpr QueueId jobs{1};
constexpr QueueId other{2};

class LargeBodies : public testing::Test {
 protected:
  LargeBodies() {
    store->put_queue({jobs, "jobs", false, {}});
    store->put_queue({other, "other", false, {}});
    EXPECT_TRUE(store.commit());
  }
  void append(broker::Seq seq, char filling, std::size_t bytes = large) {
    store->append(jobs, seq, message(std::string(bytes, filling)), 0);
  }
  void remove(broker::Seq seq) { store->remove(jobs, seq, 0, large); }
  /// Returns when what the last commit() has made free is given back before the next read.
  void pass_on() {
    store->append(other, ++passed_on, message("small"), 0);
    ASSERT_TRUE(store.commit());
  }
  /// Of all that is stored in the queue, its filling.
  std::string fillings() {
    std::string text;
    for (const auto& stored : store.read(jobs)) {
      const std::string_view body = stored.message->body();
      EXPECT_EQ(std::ranges::count(body, body.front()), std::ssize(body));
      text += body.front();
    }
    return text;
  }
  std::vector<std::int64_t> files() const {
    std::vector<std::int64_t> numbers;
    for (std::int64_t number = 1; number < 100; ++number)
      if (std::filesystem::exists(dir.file("x.db-bodies-" + std::to_string(number))))
        numbers.push_back(number);
    return numbers;
  }
  std::string sql(const std::string& text) const { return query(options.file, text).at(0); }

  TempDir dir;
  StoreOptions options{.file = dir.file("x.db"), .body_file_bytes = 1 << 20};
  TestStore store{options};
  broker::Seq passed_on = 100;
};

TEST_F(LargeBodies, StandInAFileOfTheirOwnAndComeBack) {
  append(1, 'a');
  append(2, 's', 100);
  append(3, 'c');
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(sql("SELECT group_concat(typeof(body)) FROM message"), "text,blob,text");
  EXPECT_EQ(fillings(), "asc");
  store.reopen();
  EXPECT_EQ(fillings(), "asc");
  append(4, 'd');
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(fillings(), "ascd");
  EXPECT_EQ(files(), std::vector<std::int64_t>{1});
  store.close();
  EXPECT_EQ(inconsistencies(options.file), std::vector<std::string>{});
}

TEST_F(LargeBodies, AreWrittenOnceForSeveralQueues) {
  const broker::MessagePtr shared = message(std::string(large, 'b'));
  store->append(jobs, 1, shared, 7);
  store->append(other, 1, shared, 7);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(std::filesystem::file_size(dir.file("x.db-bodies-1")), large);
  store->remove(jobs, 1, 7, large);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(sql("SELECT wanted FROM body_file"), "1");
  EXPECT_EQ(store.read(other).at(0).message->body().size(), large);
}

TEST_F(LargeBodies, AFileGoesWithItsLastBody) {
  for (broker::Seq seq = 1; seq <= 12; ++seq) append(seq, static_cast<char>('a' + seq));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(files(), (std::vector<std::int64_t>{1, 2, 3}));
  for (broker::Seq seq = 1; seq <= 9; ++seq) remove(seq);
  ASSERT_TRUE(store.commit());
  pass_on();
  EXPECT_EQ(fillings(), "klm");
  EXPECT_EQ(files(), (std::vector<std::int64_t>{2, 3}));
  for (broker::Seq seq = 10; seq <= 12; ++seq) remove(seq);
  ASSERT_TRUE(store.commit());
  pass_on();
  EXPECT_EQ(fillings(), "");
  EXPECT_EQ(files(), std::vector<std::int64_t>{});
  append(13, 'z');
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(fillings(), "z");
  EXPECT_EQ(sql("SELECT count(*) FROM body_file WHERE wanted > 0"), "1");
}

TEST_F(LargeBodies, TheRoomOfOneIsGivenBackBeforeItsFileGoes) {
  append(1, 'a');
  append(2, 'b');
  ASSERT_TRUE(store.commit());
  const auto blocks = [&] {
    struct stat file {};
    EXPECT_EQ(::stat(dir.file("x.db-bodies-1").c_str(), &file), 0);
    return file.st_blocks * 512;
  };
  EXPECT_GE(blocks(), 2 * std::int64_t{large});
  remove(1);
  ASSERT_TRUE(store.commit());
  pass_on();
  EXPECT_EQ(fillings(), "b");
  EXPECT_LT(blocks(), 2 * std::int64_t{large});
}

TEST_F(LargeBodies, WhatIsSettledBeforeItIsWrittenNeverIs) {
  append(1, 'a');
  remove(1);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(files(), std::vector<std::int64_t>{});
}

TEST_F(LargeBodies, WhatACrashHasLeftIsPassedOver) {
  append(1, 'a');
  ASSERT_TRUE(store.commit());
  store.close();
  const std::string file = dir.file("x.db-bodies-1");
  write_file(file, read_file(file) + std::string(5000, '!'));
  store.reopen();
  append(2, 'b');
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(fillings(), "ab");
}

TEST_F(LargeBodies, AMissingFileIsRefusedAndNothingChanged) {
  append(1, 'a');
  ASSERT_TRUE(store.commit());
  store.close();
  std::filesystem::rename(dir.file("x.db-bodies-1"), dir.file("away"));
  try {
    store.reopen();
    ADD_FAILURE() << "it opened";
  } catch (const StoreError& error) {
    EXPECT_NE(std::string{error.what()}.find("x.db-bodies-1 is missing, with the bodies of 1"),
              std::string::npos)
        << error.what();
  }
  std::filesystem::rename(dir.file("away"), dir.file("x.db-bodies-1"));
  store.reopen();
  EXPECT_EQ(fillings(), "a");
}

TEST_F(LargeBodies, AnyOfTheFilesThatIsRemovedIsMissedSoon) {
  for (broker::Seq seq = 1; seq <= 12; ++seq) append(seq, static_cast<char>('a' + seq));
  ASSERT_TRUE(store.commit());
  ASSERT_EQ(files(), (std::vector<std::int64_t>{1, 2, 3}));
  for (int round = 0; round < 10; ++round) pass_on();
  EXPECT_EQ(store.fatal_text(), "");
  std::filesystem::remove(dir.file("x.db-bodies-2"));
  int commits = 0;
  for (; commits < 3 && store.fatal_text().empty(); ++commits) {
    store->append(other, ++passed_on, message("small"), 0);
    store.commit();
    store.read(other);
  }
  EXPECT_NE(store.fatal_text().find("x.db-bodies-2 was removed or replaced while"),
            std::string::npos)
      << store.fatal_text();
  EXPECT_NE(store.fatal_text().find("The bodies of 5 messages"), std::string::npos);
}

TEST_F(LargeBodies, ADamagedOneIsNeverDelivered) {
  append(1, 'a');
  ASSERT_TRUE(store.commit());
  store.close();
  const std::string file = dir.file("x.db-bodies-1");
  std::string bytes = read_file(file);
  bytes[large / 2] = '!';
  write_file(file, bytes);
  store.reopen();
  EXPECT_TRUE(store.read(jobs).empty());
  EXPECT_NE(store.fatal_text().find("its checksum is wrong"), std::string::npos);
}

TEST_F(LargeBodies, AQueueThatIsDroppedTakesThemAlong) {
  for (broker::Seq seq = 1; seq <= 8; ++seq) append(seq, 'x');
  ASSERT_TRUE(store.commit());
  store->drop_queue(jobs, "jobs");
  ASSERT_TRUE(store.commit());
  EXPECT_TRUE(store.read(other).empty());
  EXPECT_EQ(sql("SELECT sum(wanted) FROM body_file"), "0");
}

TEST(BodyPlace, IsReadAsItWasWritten) {
  const BodyPlace place{3, 1 << 20, 77};
  EXPECT_EQ(text_of(place), "3 1048576 77");
  EXPECT_EQ(read_body_place("3 1048576 77"), place);
  for (const char* text :
       {"", "3", "3 4", "3 4 ", "3 4 5 6", "-3 4 5", "a 4 5", "3  4 5", "99999999999999999999 1 1"})
    EXPECT_EQ(read_body_place(text), std::nullopt) << text;
}

}  // namespace
}  // namespace leveret::store::test
