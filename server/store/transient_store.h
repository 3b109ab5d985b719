#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "broker/journal.h"
#include "store/callbacks.h"
#include "store/store.h"

namespace leveret::store {

/// The messages of one virtual host that memory has no room for and that a restart need not find: a
/// Store in a file of its own, `<store>-transient`, that never waits for the disk. Nearly no
/// virtual host needs one: it is made, on a thread of its own, for the first such message, and what
/// comes meanwhile waits here. What an earlier life has left is removed.
///
/// Full disks and failures are those of a Store; a file that cannot be made counts as a full disk,
/// and is tried again every second.
class TransientStore final : public broker::MessageStore {
 public:
  /// `options` are those of the virtual host's store; `callbacks` its own.
  TransientStore(const StoreOptions& options, StoreCallbacks callbacks);
  /// Calls close().
  ~TransientStore() override;

  void put_queue(const broker::QueueRecord& queue) override;
  void drop_queue(QueueId queue, const std::string& name) override;
  void append(QueueId queue, broker::Seq seq, broker::MessagePtr message,
              broker::ContentId content) override;
  void remove(QueueId queue, broker::Seq seq, broker::ContentId content,
              std::size_t body_bytes) override;
  void remove_range(QueueId queue, broker::Seq first, broker::Seq last) override;
  broker::CommitNumber current_commit() const override;
  bool flush(broker::Urgency urgency) override;
  std::size_t pending_bytes() const override;
  void read(QueueId queue, broker::Seq first, broker::Seq last, std::size_t count_max,
            std::size_t bytes_max, broker::CommitNumber after, ReadCallback done) override;
  void read_expired(QueueId queue, broker::Seq first, broker::Seq last, TimeMs now,
                    std::size_t count_max, ExpiredCallback done) override;

  /// As Store::step(); making the file is a step of the writer.
  bool step(StorePart part);
  /// Removes the file. No callback runs afterwards.
  void close();

 private:
  using Call = std::function<void(Store&)>;
  /// Makes it now, or with the first transaction; it takes `bytes` until then.
  template <class F>
  void call(F call, std::size_t bytes = 0);
  void want();
  void start();
  void run();
  bool is_file_there() const;
  void remove_files() const;
  bool make();
  void take_made();
  void tell_of(const std::exception& error);

  const StoreOptions options_;
  const StoreCallbacks callbacks_;
  std::unique_ptr<Store> store_;  // once it is made
  /// Until then: what has been called, all of which will be its first transaction.
  std::vector<Call> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_wanted_ = false;

  // Of whoever makes it.
  std::unique_ptr<Store> made_;  // handed over by a turn
  bool has_failed_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool must_make_ = false;
  bool is_closing_ = false;
  std::thread thread_;
};

}  // namespace leveret::store
