#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/vhost.h"

/// Who waits for a store or for an alarm to end, and when they go on.
namespace leveret::broker {

void Vhost::take_commit(CommitNumber commit, Keeper of) {
  CommitNumber& last = of == Keeper::journal ? committed_ : transients_committed_;
  last = std::max(last, commit);
  if (of == Keeper::journal) journal_committed();
  let_publish();
}

void Vhost::journal_committed() {
  // All that awaits a commit was recorded before the latest one was handed over, or registers
  // again.
  for (const ChannelRef& ref : std::exchange(awaiting_commit_, {})) {
    Channel* channel = find_channel(ref);
    if (channel == nullptr) continue;
    channel->is_awaiting_commit = false;
    channel->confirms().committed(committed_);
    if (channel->confirms().has_ready()) note_confirms(*channel);
    if (channel->confirms().count() > 0) await_commit(*channel);
  }
  while (!waiting_for_commit_.empty() && waiting_for_commit_.begin()->first <= committed_)
    waiting_for_commit_.extract(waiting_for_commit_.begin()).mapped()();
}

void Vhost::resume_after_commit(Connection& connection, CommitNumber commit) {
  is_urgent_ = true;
  waiting_for_commit_.emplace(commit, [this, id = connection.id()] { resume(id); });
}

void Vhost::when_recorded(std::function<void()> then) {
  if (recorded_commit_ <= committed_) return then();
  is_urgent_ = true;
  waiting_for_commit_.emplace(recorded_commit_, std::move(then));
}

void Vhost::set_machine_alarms(Alarms alarms) {
  machine_alarms_ = alarms;
  change_alarms({.memory = alarms.memory, .disk = alarms.disk || is_disk_full()});
}

void Vhost::set_disk_full(bool is_full, Keeper of) {
  const bool was_full = is_disk_full();
  (of == Keeper::journal ? is_journal_full_ : is_transient_store_full_) = is_full;
  if (is_disk_full() == was_full) return;
  log::warn(is_full ? "the disk is full: publishers of vhost '" + name_ + "' are blocked"
                    : "the disk has space again: publishers of vhost '" + name_ + "' go on");
  set_machine_alarms(machine_alarms_);  // together with this one
  if (!is_full) return;
  // Whoever waits for the confirm of what the store could not take may never publish again.
  for_each_connection([&](Connection& connection) {
    if (owes_too_much(connection, 0)) connection.set_blocked(alarms_.reason());
  });
}

void Vhost::change_alarms(Alarms alarms) {
  alarms_ = alarms;
  if (alarms_.any()) return;  // publishers are told when they publish, as by rabbit_reader.erl
  for_each_connection([](Connection& connection) { connection.set_unblocked(); });
  let_publish();
}

bool Vhost::must_wait_to_publish(Connection& connection) {
  if (alarms_.any()) {
    connection.set_blocked(alarms_.reason());
  } else if (is_congested() || owes_too_much(connection, limits_.connection_pending_bytes_max)) {
    connection.last_flow_at = now_;
    is_urgent_ = true;
  } else {
    return false;
  }
  waiting_to_publish_.push_back(connection.id());
  return true;
}

void Vhost::hold_publisher(ConnectionId id) {
  Connection* connection = find_connection(id);
  if (connection != nullptr && alarms_.any()) connection->set_blocked(alarms_.reason());
}

bool Vhost::has_pending_above(std::size_t bytes) const {
  return journal_.pending_bytes() > bytes || transient_store_.pending_bytes() > bytes;
}

bool Vhost::owes_too_much(Connection& connection, std::size_t most) const {
  const auto is_too_much = [most](StoreDebt& debt, CommitNumber committed) {
    if (debt.bytes() <= most) return false;
    debt.settle(committed);
    return debt.bytes() > most;
  };
  return is_too_much(connection.store_debt, committed_) ||
         is_too_much(connection.transient_debt, transients_committed_);
}

/// Those who may publish now go on, with some room before they have to wait again.
void Vhost::let_publish() {
  if (alarms_.any() || has_pending_above(limits_.journal_pending_bytes_max / 2)) return;
  for (const ConnectionId id : std::exchange(waiting_to_publish_, {})) {
    Connection* connection = find_connection(id);
    if (connection == nullptr) continue;
    if (owes_too_much(*connection, limits_.connection_pending_bytes_max / 2))
      waiting_to_publish_.push_back(id);
    else
      connection->resume();
  }
}

}  // namespace leveret::broker
