#include "store/transient_store.h"

#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/this_thread.h"
#include "store/plain_file.h"
#include "store/sqlite.h"

namespace leveret::store {
namespace {

constexpr std::chrono::seconds retry_after{1};

StoreOptions options_of(StoreOptions options) {
  options.file += "-transient";
  options.is_temporary = true;
  options.redo_bytes = 0;
  // One file is easily removed, whatever is in it.
  options.large_body_bytes = std::numeric_limits<std::int64_t>::max();
  return options;
}

}  // namespace

TransientStore::TransientStore(const StoreOptions& options, StoreCallbacks callbacks)
    : options_(options_of(options)), callbacks_(std::move(callbacks)) {
  if (!options_.has_threads || !is_file_there()) return;
  try {
    start();  // To remove a large file takes a while that the broker's start need not wait for.
  } catch (const std::system_error& error) {
    log::error("no thread to remove " + options_.file + ": " + error.what());
  }
}

TransientStore::~TransientStore() {
  close();
}

template <class F>
void TransientStore::call(F call, std::size_t bytes) {
  if (store_) return call(*store_);
  waiting_.push_back(std::move(call));
  waiting_bytes_ += sizeof(Call) + bytes;
}

void TransientStore::put_queue(const broker::QueueRecord& queue) {
  call([queue](Store& store) { store.put_queue(queue); });
}

void TransientStore::drop_queue(QueueId queue, const std::string& name) {
  call([queue, name](Store& store) { store.drop_queue(queue, name); });
}

void TransientStore::append(QueueId queue, broker::Seq seq, broker::MessagePtr message,
                            broker::ContentId content) {
  const std::size_t bytes = message->memory_bytes();
  call([queue, seq, message = std::move(message),
        content](Store& store) mutable { store.append(queue, seq, std::move(message), content); },
       bytes);
}

void TransientStore::remove(QueueId queue, broker::Seq seq, broker::ContentId content,
                            std::size_t body_bytes) {
  call([=](Store& store) { store.remove(queue, seq, content, body_bytes); });
}

void TransientStore::remove_range(QueueId queue, broker::Seq first, broker::Seq last) {
  call([=](Store& store) { store.remove_range(queue, first, last); });
}

void TransientStore::read(QueueId queue, broker::Seq first, broker::Seq last, std::size_t count_max,
                          std::size_t bytes_max, broker::CommitNumber after, ReadCallback done) {
  call([=, done = std::move(done)](Store& store) mutable {
    store.read(queue, first, last, count_max, bytes_max, after, std::move(done));
  });
}

void TransientStore::read_expired(QueueId queue, broker::Seq first, broker::Seq last, TimeMs now,
                                  std::size_t count_max, ExpiredCallback done) {
  call([=, done = std::move(done)](Store& store) mutable {
    store.read_expired(queue, first, last, now, count_max, std::move(done));
  });
}

broker::CommitNumber TransientStore::current_commit() const {
  return store_ ? store_->current_commit() : 1;
}

bool TransientStore::flush(broker::Urgency urgency) {
  if (store_) return store_->flush(urgency);
  if (!waiting_.empty()) want();
  return !waiting_.empty();
}

std::size_t TransientStore::pending_bytes() const {
  return store_ ? store_->pending_bytes() : waiting_bytes_;
}

// Making it.

void TransientStore::want() {
  if (std::exchange(is_wanted_, true) || !options_.has_threads) return;
  const std::lock_guard lock(mutex_);
  must_make_ = true;
  wake_.notify_one();
  try {
    if (!thread_.joinable()) start();
  } catch (const std::system_error& error) {
    is_wanted_ = false;  // until the end of the next turn
    tell_of(error);
  }
}

void TransientStore::start() {
  thread_ = std::thread([this] { run(); });
}

/// The thread that removes what is old, waits until it is wanted, and makes what is new.
void TransientStore::run() {
  this_thread::set_name("store-maker");
  try {
    remove_files();
  } catch (const StoreError& error) {
    log::error(std::string{error.what()} + "; it is of no use any more");
  }
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return must_make_ || is_closing_; });
  while (!is_closing_) {
    lock.unlock();
    const bool is_made = make();
    lock.lock();
    if (is_made) return;
    wake_.wait_for(lock, retry_after, [this] { return is_closing_; });
  }
}

/// In memory it goes with its last connection.
bool TransientStore::is_file_there() const {
  return !options_.is_in_memory && file_exists(options_.file, options_.vfs);
}

/// The main file last: as long as it is there, the others are found.
void TransientStore::remove_files() const {
  if (!is_file_there()) return;
  for (const char* end : {"-wal", "-shm", "-journal", ""})
    remove_file(options_.file + end, options_.vfs);
}

/// Returns whether it is made, and will be taken over by a turn.
bool TransientStore::make() {
  try {
    remove_files();
    made_ = std::make_unique<Store>(options_, callbacks_);
  } catch (const std::exception& error) {  // also when it gets no thread
    tell_of(error);
    return false;
  }
  if (has_failed_) callbacks_.disk_full(false);
  callbacks_.post([this] { take_made(); });
  return true;
}

void TransientStore::tell_of(const std::exception& error) {
  if (std::exchange(has_failed_, true)) return;
  log::error("the transient store cannot be made: " + std::string{error.what()} +
             ". Transient messages that memory has no room for wait for it");
  callbacks_.disk_full(true);
}

void TransientStore::take_made() {
  store_ = std::move(made_);
  for (const Call& call : waiting_) call(*store_);
  waiting_ = {};
  waiting_bytes_ = 0;
  store_->flush(broker::Urgency::now);
}

bool TransientStore::step(StorePart part) {
  if (store_) return store_->step(part);
  return is_wanted_ && !made_ && part == StorePart::writer && make();
}

void TransientStore::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  if (!store_ && !made_) return;
  store_.reset();
  made_.reset();
  try {
    remove_files();
  } catch (const StoreError& error) {
    log::warn(error.what());  // The next start tries again.
  }
}

}  // namespace leveret::store
