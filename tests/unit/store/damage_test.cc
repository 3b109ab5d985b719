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
  query(file,
        "UPDATE message SET body = CAST('something else' || substr(body, 15) AS BLOB) "
        "WHERE id = 7");
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

TEST_F(Damage, AnEntryOutOfOrderIsReportedAndHidesNoOther) {
  // The third entry's key with a bit of its queue's slot changed: a search from the front ends
  // there.
  std::string bytes = read_file(file);
  const auto key_at = [&](std::int64_t key) {
    std::string varint;
    for (int shift = 42; shift >= 0; shift -= 7)
      varint += static_cast<char>((key >> shift & 0x7f) | (shift > 0 ? 0x80 : 0));
    return bytes.find(varint);
  };
  const std::int64_t third = (std::int64_t{1} << 43) + 3;
  ASSERT_NE(key_at(third), std::string::npos);
  bytes[key_at(third)] = static_cast<char>(bytes[key_at(third)] ^ 0x04);
  write_file(file, bytes);
  expect_found("entries are out of order");
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

/// `bytes` with one bit changed; the same ones in every run.
std::string with_changed_bit(std::string bytes, std::uint64_t& state) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  const std::size_t bit = (state >> 33U) % (bytes.size() * 8);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  return bytes;
}

/// Each is what was stored under its number.
void expect_right(const std::vector<broker::StoredMessage>& messages) {
  for (const broker::StoredMessage& stored : messages) {
    const std::string body = "body number " + std::to_string(stored.seq) + std::string(500, '.');
    const auto right = message(body);
    ASSERT_EQ(stored.message->body(), body);
    ASSERT_EQ(stored.message->properties(), right->properties());
    ASSERT_EQ(stored.message->exchange(), right->exchange());
    ASSERT_EQ(stored.message->routing_key(), right->routing_key());
    ASSERT_EQ(stored.message->published_at(), right->published_at());
  }
}

TEST_F(Damage, OneChangedBitAnywhereIsFoundOrDoesNoHarm) {
  const std::string good = read_file(file);
  std::uint64_t state = 1;
  int found = 0;
  for (int place = 0; place < 1000; ++place) {
    SCOPED_TRACE(place);
    write_file(file, with_changed_bit(good, state));
    for (const char* end : {"-wal", "-shm"}) std::filesystem::remove(file + end);
    std::string told;
    try {
      TestStore store({.file = file});
      const auto messages = store.read(jobs);
      told = store.fatal_text();
      expect_right(messages);
      EXPECT_TRUE(!told.empty() || messages.size() == 200);
    } catch (const StoreError& error) {
      told = error.what();
    }
    if (told.empty()) continue;
    ++found;
    EXPECT_NE(told.find(file), std::string::npos) << told;
  }
  EXPECT_GT(found, 200);
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
