#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/body_file.h"
#include "store/sqlite.h"

namespace leveret::store {

/// Which bodies are large, and how their files grow.
struct LargeBodyLimits {
  std::int64_t bytes_min = 0;
  /// A file ends when it has so many.
  std::int64_t file_bytes = 0;
  bool syncs = true;
};

/// What a transaction has done with; for when nobody can read any more what is free by it.
struct FreedBodies {
  /// Full files, not written to any more.
  std::vector<std::int64_t> ended;
  std::vector<BodyPlace> holes;
  /// Files without a body.
  std::vector<std::int64_t> files;
  bool is_empty() const { return ended.empty() && holes.empty() && files.empty(); }
};

/// Large bodies, which stand in files of their own: SQLite would write each twice, once into its
/// log and once into its file. The row of a message says where its body is (BodyPlace), and
/// `body_file` how many bodies of each file are still wanted.
///
/// A body is written and synced before the transaction that refers to it is committed, and its
/// place is used for no other; so whatever a crash leaves, each row finds its body, and what no row
/// refers to is written over, punched out, or goes with its file. Lives on the writer's thread; all
/// calls but has_any() throw StoreError.
class LargeBodies {
 public:
  /// Reads the counts, removes the files of which nothing is wanted any more, and checks that the
  /// others are there.
  LargeBodies(Connection& connection, BodyFiles files, const LargeBodyLimits& limits);

  bool takes(std::string_view body) const {
    return static_cast<std::int64_t>(body.size()) >= limits_.bytes_min;
  }
  bool has_any() const { return wanted_ > 0 || !changes_.empty(); }

  // For each transaction, in this order.
  /// Also sees whether one more of the files is still there, in turn: one that somebody has removed
  /// is told of while the other bodies can be saved, and not when the first is read from it.
  void begin();
  void release(const BodyPlace& place);
  BodyPlace append(std::string_view body);
  /// Before the commit: makes the bodies durable and writes the counts.
  void finish();
  /// After the commit. Returns what it has made free.
  FreedBodies committed();

  /// These have been removed since; the next transaction forgets them.
  void removed(const std::vector<std::int64_t>& files);

 private:
  struct End {
    std::int64_t file = 0;
    std::int64_t offset = 0;
  };
  void look_for_a_file();
  BodyFile& writable_end();
  void sync_written();
  std::int64_t count_of(std::int64_t file) const;
  bool is_over(std::int64_t file) const;

  Connection& connection_;
  const BodyFiles files_;
  const LargeBodyLimits limits_;
  Statement put_count_;
  Statement drop_count_;

  // As of the last commit: of the files whose row is there, and all of them together.
  std::map<std::int64_t, std::int64_t> counts_;
  std::int64_t wanted_ = 0;
  End end_;

  /// The file that was last looked for.
  std::int64_t looked_for_ = 0;

  // Of the transaction.
  std::map<std::int64_t, std::int64_t> changes_;
  End new_end_;
  std::vector<BodyPlace> freed_;
  std::vector<std::int64_t> ended_;
  std::vector<std::int64_t> forgotten_;

  std::unique_ptr<BodyFile> open_;
  bool is_unsynced_ = false;
};

}  // namespace leveret::store
