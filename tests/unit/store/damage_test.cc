#include <gtest/gtest.h>

#include "harness.h"
#include "store/sqlite.h"

namespace leveret::store::test {
namespace {

constexpr QueueId jobs{1};

class Damage : public ::testing::Test {
 protected:
  Damage() {
    TestStore store({.file = file});
    store->put_queue({jobs, "jobs", false, {}});
    for (broker::Seq seq = 1; seq <= 200; ++seq)
      store->append(jobs, seq,
                    message("body number " + std::to_string(seq) + std::string(500, '.')), 0);
    EXPECT_TRUE(store.commit());
  }

  /// Reads all and expects the store to fail instead of returning what was changed.
  void expect_found(const std::string& part) {
    TestStore store({.file = file});
    EXPECT_TRUE(store.read(jobs).empty());
    const std::string text = store.fatal_text();
    EXPECT_NE(text.find(file), std::string::npos) << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }

  TempDir dir;
  std::string file = dir.file("vhost-1.db");
};

TEST_F(Damage, AChangedBodyIsNeverDelivered) {
  query(file, "UPDATE message SET body = 'something else' || substr(body, 15) WHERE id = 7");
  expect_found("message 7 of queue number 1 is damaged: its checksum is wrong");
}

TEST_F(Damage, AnotherMessagesBodyIsNeverDelivered) {
  query(file, "UPDATE entry SET message = 8 WHERE message = 9");
  expect_found("its checksum is wrong");
}

TEST_F(Damage, AMissingMessageIsReported) {
  query(file, "DELETE FROM message WHERE id = 7");
  expect_found("its message is missing");
}

TEST_F(Damage, TheAdviceGivenMakesTheRestReadable) {
  query(file, "UPDATE message SET crc = crc + 1 WHERE id = 7");
  std::string text;
  {
    TestStore store({.file = file});
    store.read(jobs);
    text = store.fatal_text();
  }
  const auto begin = text.find('"') + 1;
  query(file, text.substr(begin, text.rfind('"') - begin));
  TestStore store({.file = file});
  EXPECT_EQ(store.read(jobs).size(), 199U);
  EXPECT_EQ(store.recovered().queues.at(0).message_count, 199U);
}

TEST_F(Damage, OneChangedByteAnywhereIsFoundOrDoesNoHarm) {
  const std::string good = read_file(file);
  int found = 0;
  for (std::size_t at = 100; at < good.size(); at += 997) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    write_file(file, bad);
    try {
      TestStore store({.file = file});
      const auto read = store.read(jobs);
      if (!store.fatal_text().empty()) {
        ++found;
        continue;
      }
      for (const auto& stored : read)
        ASSERT_TRUE(
            stored.message->body().starts_with("body number " + std::to_string(stored.seq) + "."))
            << "byte " << at;
    } catch (const StoreError& error) {
      ++found;
      EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(found, 30);
}

TEST_F(Damage, ADamagedFileIsRefusedUntouchedWithTheCommandThatMayMendIt) {
  std::string bytes = read_file(file);
  std::fill(bytes.begin() + 100, bytes.begin() + 2000, '\x5a');  // the page that names all tables
  write_file(file, bytes);
  try {
    TestStore store({.file = file});
    FAIL() << "opened";
  } catch (const StoreError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("sqlite3 " + file + " .recover"), std::string::npos) << text;
  }
  EXPECT_EQ(read_file(file), bytes);
}

}  // namespace
}  // namespace leveret::store::test
