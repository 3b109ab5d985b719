#include "store/transient_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "harness.h"

namespace leveret::store::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr QueueId queue{7};

class TransientStoreTest : public ::testing::Test {
 protected:
  TransientStoreTest() {
    options_.file = file_;
    open();
  }

  void open() { store_.emplace(options_, loop_.callbacks()); }
  void close() {
    store_.reset();
    loop_.forget();
  }

  void put_queue() {
    store_->put_queue({.id = queue, .name = {}, .arguments = {}, .level_of = queue});
  }
  void append(broker::Seq first, broker::Seq last) {
    for (broker::Seq seq = first; seq <= last; ++seq)
      store_->append(queue, seq, message("body " + std::to_string(seq)), 0);
  }
  bool commit() {
    const broker::CommitNumber number = store_->current_commit();
    store_->flush(broker::Urgency::now);
    return loop_.run_until([&] { return loop_.last_committed() >= number; });
  }
  std::vector<std::string> read(std::size_t count_max = 100) {
    std::optional<std::vector<std::string>> bodies;
    store_->read(queue, 1, 1'000'000, count_max, 1'000'000, store_->current_commit() - 1,
                 [&](const std::vector<broker::StoredMessage>& messages) {
                   bodies.emplace();
                   for (const auto& each : messages) bodies->emplace_back(each.message->body());
                 });
    store_->flush(broker::Urgency::now);
    loop_.run_until([&] { return bodies.has_value(); });
    return bodies.value_or(std::vector<std::string>{"no answer"});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(directory_.path()))
      names.push_back(each.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  /// A hundred messages, in files that a stop would have removed.
  void leave_by_crash() {
    put_queue();
    append(1, 100);
    EXPECT_TRUE(commit());
    const TempDir kept;
    std::filesystem::copy(directory_.path(), kept.path());
    close();
    EXPECT_THAT(files(), IsEmpty());
    std::filesystem::copy(kept.path(), directory_.path());
    EXPECT_THAT(files(), SizeIs(3));
  }

  const TempDir directory_;
  const std::string file_ = directory_.file("vhost-1.db");
  StoreOptions options_;
  TestLoop loop_;
  std::optional<TransientStore> store_;
};

TEST_F(TransientStoreTest, MakesNoFileBeforeItIsNeeded) {
  EXPECT_FALSE(store_->flush(broker::Urgency::now));
  close();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(TransientStoreTest, KeepsWhatComesBeforeItsFileIsMadeAndAfter) {
  put_queue();
  append(1, 3);
  EXPECT_EQ(store_->current_commit(), 1U);
  EXPECT_GT(store_->pending_bytes(), 0U);
  store_->flush(broker::Urgency::now);
  append(4, 5);
  store_->remove(queue, 2, 0, 6);
  EXPECT_TRUE(commit());
  EXPECT_EQ(store_->pending_bytes(), 0U);
  append(6, 6);
  EXPECT_TRUE(commit());
  EXPECT_THAT(read(), ElementsAre("body 1", "body 3", "body 4", "body 5", "body 6"));
  EXPECT_THAT(files(), ElementsAre("vhost-1.db-transient", "vhost-1.db-transient-shm",
                                   "vhost-1.db-transient-wal"));
}

TEST_F(TransientStoreTest, AnswersAReadThatCameBeforeItsFileWasMade) {
  put_queue();
  append(1, 3);
  std::size_t count = 0;
  store_->read(queue, 1, 9, 100, 1000, 1,
               [&](const std::vector<broker::StoredMessage>& found) { count = found.size(); });
  store_->flush(broker::Urgency::now);
  EXPECT_TRUE(loop_.run_until([&] { return count == 3; }));
}

TEST_F(TransientStoreTest, IsEmptyInItsNextLife) {
  leave_by_crash();
  open();
  EXPECT_TRUE(loop_.run_until([&] { return files().empty(); }));
  put_queue();
  append(1, 1);
  EXPECT_TRUE(commit());
  EXPECT_THAT(read(), ElementsAre("body 1"));
}

TEST_F(TransientStoreTest, ARestartMayNeedItAtOnce) {
  leave_by_crash();
  open();
  put_queue();
  append(5, 5);
  EXPECT_TRUE(commit());
  EXPECT_THAT(read(), ElementsAre("body 5"));
}

TEST_F(TransientStoreTest, KeepsLargeBodiesInTheSameFile) {
  put_queue();
  const std::string large(300'000, 'x');
  store_->append(queue, 1, message(large), 0);
  EXPECT_TRUE(commit());
  EXPECT_THAT(read(), ElementsAre(large));
  EXPECT_THAT(files(), SizeIs(3));
}

TEST_F(TransientStoreTest, AFileThatCannotBeMadeIsAnAlarmUntilItCan) {
  ASSERT_TRUE(std::filesystem::create_directory(file_ + "-transient"));
  std::filesystem::create_directory(file_ + "-transient/full");
  put_queue();
  append(1, 2);
  store_->flush(broker::Urgency::now);
  EXPECT_TRUE(loop_.run_until([&] { return loop_.disk_is_full(); }));
  append(3, 3);
  std::filesystem::remove_all(file_ + "-transient");
  EXPECT_TRUE(loop_.run_until([&] { return !loop_.disk_is_full(); }));
  append(4, 4);
  EXPECT_TRUE(commit());
  EXPECT_THAT(read(), ElementsAre("body 1", "body 2", "body 3", "body 4"));
}

TEST_F(TransientStoreTest, ClosesWhileItsFileIsBeingMade) {
  put_queue();
  append(1, 1000);
  store_->flush(broker::Urgency::now);
  close();
  EXPECT_THAT(files(), IsEmpty());
}

TEST(TransientStoreInMemory, NeedsNoFileSystem) {
  TestLoop loop;
  TransientStore store({.file = "/transient-test.db", .vfs = "memdb", .is_in_memory = true},
                       loop.callbacks());
  store.put_queue({.id = queue, .name = {}, .arguments = {}, .level_of = queue});
  store.append(queue, 1, message("body"), 0);
  store.flush(broker::Urgency::now);
  EXPECT_TRUE(loop.run_until([&] { return loop.last_committed() == 1; }));
}

}  // namespace
}  // namespace leveret::store::test
