#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "store/callbacks.h"
#include "store/failure.h"
#include "store/large_bodies.h"
#include "store/sqlite.h"

namespace leveret::store {

/// Which messages to read, at most `count_max`.
struct ReadRange {
  /// What must be in the file first.
  broker::CommitNumber after = 0;
  QueueId queue;
  broker::Seq first = 0;
  broker::Seq last = 0;
  std::size_t count_max = 0;
};

/// One call of Journal::read.
struct ReadRequest {
  ReadRange range;
  std::size_t bytes_max = 0;
  broker::Journal::ReadCallback done;
};

/// One call of Journal::read_expired.
struct ExpiredRequest {
  ReadRange range;
  TimeMs now = 0;
  broker::Journal::ExpiredCallback done;
};

/// Large bodies that no message refers to any more.
struct FreeRequest {
  ReadRange range;  // Nothing is read.
  FreedBodies freed;
};

using AnyReadRequest = std::variant<ReadRequest, ExpiredRequest, FreeRequest>;

/// The thread that reads stored messages, each request as soon as what was recorded before it is in
/// the file; of those that are ready, the one that was asked for first. A message that is not what
/// was stored is never returned: it is a failure of the store. Being the only one that reads large
/// bodies, it also removes them.
class Reader {
 public:
  /// `connection` is its own until close().
  Reader(Connection& connection, Failure& failure, const StoreCallbacks& callbacks,
         BodyFiles body_files);
  ~Reader();
  /// Starts the thread. Without it nothing is read but by step().
  void start();
  /// Serves the first request that is ready, if there is one. Only without a thread.
  bool step();

  /// Any thread.
  void request(AnyReadRequest request);
  /// All up to this number is in the file. Any thread; numbers only rise.
  void applied(broker::CommitNumber number);
  /// The files that have been removed since the last call. Any thread.
  std::vector<std::int64_t> take_removed_body_files();
  /// Ends the thread. Requests that have not been served never are.
  void close();

 private:
  void run();
  using Requests = std::deque<AnyReadRequest>;
  bool is_ready(const AnyReadRequest& request) const;
  /// The first request that is ready.
  Requests::iterator next_ready();
  /// Serves that one. False when the store has failed.
  bool serve(std::unique_lock<std::mutex>& lock, Requests::iterator next);
  /// Serve one request; return what is to be done with the answer on the core's loop.
  std::function<void()> serve(ReadRequest& request);
  std::function<void()> serve(ExpiredRequest& request);
  std::function<void()> serve(FreeRequest& request);
  /// A queue's keys from `first` to `last`; nothing when it is not in the store.
  std::optional<std::pair<std::int64_t, std::int64_t>> keys(const ReadRange& range);
  /// Appends the rows that `select` finds, the first and as many more as stay within `bytes_max`;
  /// returns whether that is all of them.
  bool read(Statement& select, QueueId queue, std::size_t bytes_max,
            std::vector<broker::StoredMessage>& messages);
  /// After a read that has come to the end of the range: nothing may stand behind what it found.
  void check_end(const std::pair<std::int64_t, std::int64_t>& range, QueueId queue,
                 const std::vector<broker::StoredMessage>& messages);
  broker::StoredMessage take_row(const Statement& row, QueueId queue);
  /// The row's own, or what its place holds; valid until the next row. Throws StoreError.
  std::string_view body_of(const Statement& row);
  [[noreturn]] void fail_damaged(QueueId queue, std::int64_t key, const std::string& what);

  Connection& connection_;
  Failure& failure_;
  const StoreCallbacks& callbacks_;
  Statement select_slot_;
  Statement select_messages_;
  Statement select_last_;
  Statement select_expired_;
  Statement select_next_expiry_;

  const BodyFiles body_files_;
  /// The one that was read last.
  std::unique_ptr<BodyFile> body_file_;
  std::vector<char> body_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Requests requests_;
  broker::CommitNumber applied_ = 0;
  std::vector<std::int64_t> removed_body_files_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace leveret::store
