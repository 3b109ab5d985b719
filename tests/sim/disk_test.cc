#include "sim/disk.h"

#include <gtest/gtest.h>

#include <string>

namespace leveret::sim {
namespace {

/// A file on the disk, by SQLite's own calls.
class OpenFile {
 public:
  OpenFile(const Disk& disk, const char* name, int kind = SQLITE_OPEN_MAIN_DB)
      : vfs_(sqlite3_vfs_find(disk.vfs_name().c_str())),
        memory_(static_cast<std::size_t>(vfs_->szOsFile), '\0'),
        file_(reinterpret_cast<sqlite3_file*>(memory_.data())) {
    vfs_->xOpen(vfs_, name, file_, kind | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  }
  ~OpenFile() { file_->pMethods->xClose(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int write(const std::string& bytes, sqlite3_int64 at = 0) {
    return file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(bytes.size()), at);
  }
  int sync() { return file_->pMethods->xSync(file_, SQLITE_SYNC_FULL); }
  std::string read() {
    sqlite3_int64 size = 0;
    file_->pMethods->xFileSize(file_, &size);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    file_->pMethods->xRead(file_, bytes.data(), static_cast<int>(size), 0);
    return bytes;
  }

 private:
  sqlite3_vfs* vfs_;
  std::string memory_;
  sqlite3_file* file_;
};

constexpr int journal = SQLITE_OPEN_WAL;

std::string after_power_cut(Disk& disk, std::uint64_t seed) {
  disk.stop();
  disk.restart_after_power_cut(seed);
  return OpenFile(disk, "f", journal).read();
}

TEST(SimDisk, KeepsWhatWasSynced) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Disk disk(1);
    {
      OpenFile file(disk, "f", journal);
      file.write("first");
      file.sync();
    }
    EXPECT_EQ(after_power_cut(disk, seed), "first");
  }
}

TEST(SimDisk, KeepsAnyPartOfWhatWasOnlyWritten) {
  const std::string old(2048, 'o');
  bool was_torn = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(1);
    {
      OpenFile file(disk, "f", journal);
      file.write(old);
      file.sync();
      file.write(std::string(2048, 'n'));
    }
    const std::string left = after_power_cut(disk, seed);
    for (std::size_t at = 0; at < left.size(); at += 512)
      EXPECT_EQ(left.substr(at, 512), std::string(512, left[at]));  // whole sectors
    was_torn =
        was_torn || (left.find('o') != std::string::npos && left.find('n') != std::string::npos);
  }
  EXPECT_TRUE(was_torn);
}

TEST(SimDisk, LosesAFileThatWasNeverSynced) {
  bool was_lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Disk disk(1);
    OpenFile(disk, "f", journal).write("new");
    was_lost = was_lost || after_power_cut(disk, seed).empty();
  }
  EXPECT_TRUE(was_lost);
}

TEST(SimDisk, ReadsAfterAFailedSyncWhatALaterOneDoesNotSave) {
  bool was_lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Disk disk(seed);
    {
      OpenFile file(disk, "f", journal);
      file.write("old");
      file.sync();
      disk.fail_sync_at(1);
      file.write("new");
      EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
      EXPECT_EQ(file.read(), "new");
      EXPECT_EQ(file.sync(), SQLITE_OK);
    }
    was_lost = was_lost || after_power_cut(disk, seed) == "old";
  }
  EXPECT_TRUE(was_lost);
}

TEST(SimDisk, IsFullAndTakesWhatFitsInPlace) {
  Disk disk(1);
  OpenFile file(disk, "f");
  file.write("12345678");
  disk.set_capacity(10);
  EXPECT_EQ(file.write("abc", 8), SQLITE_FULL);
  EXPECT_EQ(file.write("abc", 0), SQLITE_OK);
  EXPECT_EQ(file.read(), "abc45678");
}

}  // namespace
}  // namespace leveret::sim
