#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "store/callbacks.h"
#include "store/failure.h"
#include "store/sqlite.h"

namespace leveret::store {

/// One call of Journal::read.
struct ReadRequest {
  /// What must be committed first.
  broker::CommitNumber after = 0;
  QueueId queue;
  broker::Seq first = 0;
  broker::Seq last = 0;
  std::size_t count_max = 0;
  std::size_t bytes_max = 0;
  broker::Journal::ReadCallback done;
};

/// The thread that reads stored messages, in the order they were asked for, each request as soon as
/// what was recorded before it has committed. A message that is not what was stored is never
/// returned: it is a failure of the store.
class Reader {
 public:
  /// Starts the thread, which alone uses `connection` until close().
  Reader(Connection& connection, Failure& failure, const StoreCallbacks& callbacks);
  ~Reader();

  /// Any thread.
  void request(ReadRequest request);
  /// Any thread; numbers only rise.
  void committed(broker::CommitNumber number);
  /// Ends the thread. Requests that have not been served never are.
  void close();

 private:
  void run();
  std::vector<broker::StoredMessage> read(const ReadRequest& request);
  broker::StoredMessage take_row(QueueId queue);
  [[noreturn]] void fail_damaged(QueueId queue, std::int64_t key, const std::string& what);

  Connection& connection_;
  Failure& failure_;
  const StoreCallbacks& callbacks_;
  Statement select_slot_;
  Statement select_messages_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<ReadRequest> requests_;
  broker::CommitNumber committed_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace leveret::store
