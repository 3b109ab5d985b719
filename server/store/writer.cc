#include "store/writer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/this_thread.h"

namespace leveret::store {
namespace {

/// How long a full disk is left alone before the next try, unless something comes to be removed.
constexpr std::chrono::milliseconds full_retry{250};

/// What goes into the redo log: batches about so many messages, as long as those that are to be
/// applied are not more than these. A transaction of them then takes a few milliseconds.
constexpr std::size_t logged_messages_max = 256;
constexpr std::size_t unapplied_messages_max = 2048;
constexpr std::size_t unapplied_bytes_max = std::size_t{4} << 20U;
/// And how long they stay when nothing else comes: what they remove takes room until then.
constexpr std::chrono::seconds unapplied_time_max{1};

constexpr std::chrono::milliseconds slow_sync{2};

int note_wal_pages(void* checkpointer, sqlite3*, const char*, int pages) {
  static_cast<Checkpointer*>(checkpointer)->wal_has(pages);
  return SQLITE_OK;
}

}  // namespace

Writer::Writer(Connection& connection, RedoLog& redo_log, Checkpointer& checkpointer,
               Reader& reader, Failure& failure, const StoreCallbacks& callbacks, Now now,
               const BodyFiles& body_files, const LargeBodyLimits& large_bodies,
               const TransactionLimits& transaction_limits)
    : connection_(connection),
      redo_log_(redo_log),
      checkpointer_(checkpointer),
      reader_(reader),
      failure_(failure),
      callbacks_(callbacks),
      now_(now),
      committer_(connection, body_files, large_bodies),
      page_bytes_(connection.query_integer("PRAGMA page_size")),
      record_limits_{redo_log.record_bytes_max(), static_cast<std::size_t>(large_bodies.bytes_min)},
      transaction_limits_(transaction_limits) {
  sqlite3_wal_hook(connection.handle(), note_wal_pages, &checkpointer);
}

Writer::~Writer() {
  close();
}

void Writer::start() {
  thread_ = std::thread([this] { run(); });
}

void Writer::submit(Batch& turns) {
  pending_bytes_ += turns.bytes;
  bool has_to_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (gathered_.is_empty()) gathered_since_ = std::chrono::steady_clock::now();
    gathered_.take(turns);
    has_to_wake = std::exchange(is_waiting_, false);
  }
  if (has_to_wake) wake_.notify_one();  // Without the lock, or it would wake up to wait for that.
}

void Writer::apply_up_to(broker::CommitNumber number) {
  const std::lock_guard lock(mutex_);
  if (number <= wanted_) return;
  wanted_ = number;
  if (is_waiting_) wake_.notify_one();
}

void Writer::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closing_, true)) return;
    wake_.notify_one();
  }
  if (thread_.joinable()) return thread_.join();
  take_gathered();
  work(true);
}

void Writer::run() {
  this_thread::set_name("store-writer");
  this_thread::give_way(5);
  for (bool is_last = false; !is_last;) {
    is_last = gather();
    if (!work(is_last)) return;
  }
}

bool Writer::step() {
  if (failure_.happened()) return false;
  const bool has_old = has_to_retry() || committer_.has_leftovers();
  if (gathered_.is_empty() && !has_to_apply() && !(has_old && now_() >= retry_at_)) return false;
  take_gathered();
  work(false);
  return true;
}

bool Writer::work(bool is_last) {
  if (failure_.happened()) return false;
  try {
    const bool applies = is_last ? !unapplied_.is_empty() : has_to_apply() || has_to_retry();
    if (!held_.is_empty() || applies)
      write(is_last);
    else if (!is_last)
      clean_up();
    if (is_last && is_all_applied() && !failure_.happened()) committer_.finish();
  } catch (const std::exception& error) {
    failure_.report(error.what());
    return false;
  }
  return true;
}

bool Writer::gather() {
  std::unique_lock lock(mutex_);
  const auto has_news = [this] { return !gathered_.is_empty() || closing_ || has_to_apply(); };
  is_waiting_ = true;
  if (has_to_retry() || committer_.has_leftovers())
    wake_.wait_until(lock, retry_at_, has_news);  // Long past, unless the disk is full.
  else if (!unapplied_.is_empty())
    wake_.wait_until(lock, apply_at_, has_news);
  else
    wake_.wait(lock, has_news);
  is_waiting_ = false;
  take_gathered();
  return closing_;
}

/// With the mutex locked, or without a thread.
void Writer::take_gathered() {
  if (held_.is_empty()) held_since_ = gathered_since_;
  if (!gathered_.is_empty()) held_last_since_ = gathered_since_;
  held_.take(gathered_);
}

void Writer::write(bool is_last) {
  const bool waits = disk_is_full_ && !is_last && now_() < retry_at_;
  try {
    if (waits)
      commit_held_removals();
    else if (is_last || !log_held())
      commit_held();
    while (is_last && !held_.is_empty() && !failure_.happened()) commit_held();
  } catch (const StoreError& error) {
    if (!error.is_disk_full()) throw;
    if (!waits) hold_for_space();
  }
}

void Writer::clean_up() {
  try {
    committer_.clean_up();
    pass_on_freed_bodies();
  } catch (const StoreError& error) {
    if (!error.is_disk_full()) throw;
    retry_at_ = now_() + full_retry;
  }
}

bool Writer::log_held() {
  const bool is_long = held_.ops.size() > logged_messages_max;
  const std::uint64_t messages = is_long ? held_.ops.size() : held_.message_count();
  const bool is_small = messages <= logged_messages_max &&
                        messages + unapplied_.message_count() <= unapplied_messages_max &&
                        held_.bytes + unapplied_.bytes() <= unapplied_bytes_max;
  if (held_.is_empty() || !is_small || disk_is_full_ || record_limits_.bytes == 0) return false;
  if (wanted_ > applied_) return false;
  if (unapplied_.would_be_settled(held_, committer_.queues()))
    stats_.add_settled(held_.count_appends());
  else if (!write_record())
    return false;
  connection_.check_files();
  if (unapplied_.is_empty()) apply_at_ = now_() + unapplied_time_max;
  pending_bytes_ -= held_.bytes;
  const broker::CommitNumber number = held_.turns.back().number;
  unapplied_.take(held_);
  report(number);
  return true;
}

bool Writer::write_record() {
  record_.clear();
  if (!write_ops(held_.ops, record_limits_, record_)) return false;
  const auto start = std::chrono::steady_clock::now();
  try {
    if (!redo_log_.write(record_)) return false;
  } catch (const StoreError& error) {
    if (error.code() != SQLITE_READONLY_DBMOVED) throw;
    // All that was in it is here, too.
    committer_.commit(plan_batches(unapplied_.ops(), held_.ops, committer_.queues()),
                      redo_log_.unapplied());
    connection_.check_files();
    throw StoreError(gone_text(redo_log_.path(),
                               "Nothing is lost, since all that was in it has been "
                               "saved to " +
                                   connection_.file() + ". The broker ends; start it again"),
                     SQLITE_READONLY_DBMOVED);
  }
  const auto end = std::chrono::steady_clock::now();
  stats_.add_logged(held_.count_appends(), end - start, end - held_since_);
  return true;
}

void Writer::commit_held() {
  // A slow sync is worth a larger transaction.
  const auto times = static_cast<std::size_t>(1 + last_sync_ / slow_sync);
  commit_with_unapplied(
      held_.turns_that_append(transaction_limits_.messages, transaction_limits_.bytes * times));
}

void Writer::commit_unapplied() {
  commit_with_unapplied(0);
}

void Writer::commit_with_unapplied(std::size_t turn_count) {
  const bool is_for_turns = turn_count > 0;
  const BatchPlan plan = plan_front(unapplied_.ops(), held_, turn_count, committer_.queues());
  auto sync_time = committer_.commit(plan, redo_log_.unapplied());
  last_sync_ = sync_time.value_or(last_sync_);
  redo_log_.applied();
  connection_.check_files();
  if (!is_for_turns) sync_time = std::nullopt;  // Nobody has waited for it.
  stats_.add(plan, unapplied_.append_count(), sync_time,
             std::chrono::steady_clock::now() - held_since_, log_bytes());
  applied_ = is_for_turns ? held_.turns[turn_count - 1].number : unapplied_.number();
  unapplied_.clear();
  if (is_for_turns) {
    pending_bytes_ -= held_.take_front(turn_count).bytes;
    held_since_ = held_last_since_;
  }
  // Without turns, what is held waits for room.
  if ((is_for_turns || held_.is_empty()) && !report(applied_)) return;
  reader_.applied(applied_);
  after_commit();
}

/// The checkpointer may have met a failure while this was committed.
bool Writer::report(broker::CommitNumber number) {
  return failure_.unless_happened([&] {
    // There is room when all of it has found some, not when the first has.
    if (held_.is_empty() && std::exchange(disk_is_full_, false)) {
      log::info(connection_.file() + ": the disk has room again");
      callbacks_.disk_full(false);
    }
    if (reported_.exchange(number) < number) callbacks_.committed(number);
  });
}

void Writer::hold_for_space() {
  retry_at_ = now_() + full_retry;
  if (!disk_is_full_) {
    disk_is_full_ = true;
    log::error(connection_.file() + ": the disk is full; publishers wait until there is room");
    callbacks_.disk_full(true);
  }
  // An emptied WAL is room that this file has already.
  checkpoint_passive(connection_);
  try {
    commit_held_removals();
    if (!unapplied_.is_empty()) commit_unapplied();
    if (committer_.has_leftovers()) committer_.clean_up();
  } catch (const StoreError& error) {
    if (!error.is_disk_full()) throw;
  }
}

void Writer::commit_held_removals() {
  for (bool is_done = false; !is_done;) {
    std::vector<Turn*> turns;
    for (Turn& turn : held_.turns)
      if (turn.only_removes && !turn.is_done_ahead && !unapplied_.is_touched_by(held_.ops_of(turn)))
        turns.push_back(&turn);
    if (turns.empty()) return;
    committer_.commit(plan_removals(held_, turns, committer_.queues()));
    // Kept, because they cancel what is held before them, but not tried by themselves again.
    for (Turn* turn : turns) turn->is_done_ahead = true;
    after_commit();
    // Now there may be room for this, and then more to be removed.
    is_done = unapplied_.is_empty();
    if (!is_done) commit_unapplied();
  }
}

bool Writer::has_to_apply() const {
  if (unapplied_.is_empty() || disk_is_full_) return false;
  return wanted_ > applied_ || now_() >= apply_at_;
}

bool Writer::has_to_retry() const {
  return !held_.is_empty() || (disk_is_full_ && !unapplied_.is_empty());
}

std::uint64_t Writer::log_bytes() const {
  return static_cast<std::uint64_t>(checkpointer_.wal_pages() * page_bytes_);
}

void Writer::after_commit() {
  pass_on_freed_bodies();
  if (checkpointer_.take_finish_request()) checkpoint_passive(connection_);
}

/// The reader does it, between two reads: until then it may be in the middle of one of them.
void Writer::pass_on_freed_bodies() {
  if (body_files_to_go_ > 0) {
    const std::vector<std::int64_t> removed = reader_.take_removed_body_files();
    body_files_to_go_ -= removed.size();
    committer_.removed(removed);
  }
  FreedBodies freed = committer_.take_freed();
  if (freed.is_empty()) return;
  body_files_to_go_ += freed.files.size();
  reader_.request(FreeRequest{{}, std::move(freed)});
}

}  // namespace leveret::store
