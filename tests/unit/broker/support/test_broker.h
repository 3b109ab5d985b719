#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/inspect.h"
#include "broker/limits.h"
#include "broker/vhost.h"
#include "unit/broker/support/fake_journal.h"
#include "unit/broker/support/recording_outbox.h"

namespace leveret::broker::test {

/// A virtual host "/" over fake stores, with the loop that a server would run around it: turns,
/// commits, reads, deadlines and drained output. Each of those can be held back.
class TestBroker {
 public:
  explicit TestBroker(Limits limits = {});
  ~TestBroker();

  FakeJournal journal;
  FakeJournal transient_store;
  /// Commits right after each turn; else only in commit().
  bool commits_at_once = true;
  /// Answers reads right after each turn; else only in answer_read().
  bool reads_at_once = true;
  /// Runs the turns that next_deadline() asks for; else only in turn() and advance().
  bool runs_deadlines = true;

  Vhost& vhost() { return *vhost_; }
  TimeMs now() const { return now_; }

  /// One turn of the core, and what follows from it.
  void turn(const std::function<void(Vhost&)>& work);
  void advance(TimeMs ms);
  /// Lets time pass without a turn: the next one comes late.
  void skip(TimeMs ms) { now_ += ms; }
  void commit();
  void answer_read();
  /// Kills the broker and starts another one on what was committed. Its clients are gone.
  void restart();
  /// Stops it as SIGTERM does and starts another one.
  void stop_and_start();

  ConnectionId connect(ConnectionInfo info, std::shared_ptr<RecordingOutbox> outbox);
  void set_reading(ConnectionId id, bool reads);
  void forget(ConnectionId id);

  QueueView queue(std::string_view name);
  bool has_queue(std::string_view name) { return vhost_->find_queue(name) != nullptr; }
  bool has_exchange(std::string_view name) { return vhost_->find_exchange(name) != nullptr; }
  std::uint64_t ready(std::string_view name) { return queue(name).ready; }
  std::uint64_t unacked(std::string_view name) { return queue(name).unacked; }
  std::uint64_t dropped(std::string_view name, DeathReason reason);
  /// The bodies of all messages of a queue, in order, by browsing page by page.
  std::vector<std::string> browse(const std::string& name, std::size_t page = 100);
  BrowsePage browse_page(const std::string& name, Seq after, std::size_t limit);

 private:
  void start_again(bool was_closed);
  struct Client {
    ConnectionId id;
    std::shared_ptr<RecordingOutbox> outbox;
    bool reads = true;
  };
  void run_turn(const std::function<void(Vhost&)>& work);
  bool commit_one();
  bool answer_one_read();
  void settle();
  bool drain();

  Limits limits_;
  TimeMs now_ = 1'000'000;
  std::uint64_t last_connection_ = 0;
  std::vector<Client> clients_;
  std::unique_ptr<Vhost> vhost_;
};

}  // namespace leveret::broker::test
