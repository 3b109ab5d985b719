#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "net/command_reader.h"
#include "net/handshake.h"
#include "sim/disk.h"
#include "sim/plant.h"
#include "store/store.h"
#include "store/transient_store.h"

namespace leveret::sim {

/// Time: the monotonic clock only rises, the wall clock is set as anybody likes. A broker takes the
/// wall clock when it starts and goes on by the monotonic one (see base/clock.h).
struct SimClock {
  TimeMs monotonic = 1'000'000;
  TimeMs wall_offset = 1'600'000'000'000;
  TimeMs wall() const { return monotonic + wall_offset; }
};

/// The bytes that the broker has sent on one connection, and when it did.
struct ServerOutput {
  std::string bytes;
  struct Mark {
    std::size_t end;
    TimeMs at;
  };
  std::deque<Mark> marks;  // `end` counts from the front of `bytes`
  /// The broker will send no more.
  bool is_ended = false;
};

/// One life of the broker on a disk: the real core and the real stores, whose threads are steps
/// here, and for each connection what a session does between socket and core
/// (server/net/session.cc), from the same parts. One thread.
class Server {
 public:
  struct Options {
    broker::Limits limits;
    store::StoreOptions store;
    std::uint32_t frame_max = 131072;
  };
  /// Opens the store and recovers. When that fails, is_dead() afterwards.
  Server(Options options, Disk& disk, const SimClock& clock, const Plant& plant);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The store has failed, and a real broker would have ended. `why` it did.
  bool is_dead() const { return !death_.empty(); }
  const std::string& death() const { return death_; }
  TimeMs now() const { return clock_.monotonic + wall_at_start_; }

  // Connections, by numbers that are never used again.
  void connect(std::uint64_t id);
  /// Octets come in on a connection.
  void receive(std::uint64_t id, std::string_view bytes);
  ServerOutput& output(std::uint64_t id);
  /// The network has taken that many octets of the output.
  void taken(std::uint64_t id, std::size_t size);
  /// The connection is gone.
  void drop(std::uint64_t id);

  // Steps. Each returns whether there was anything to do.
  /// The next turn that a store has posted, or one that is due.
  bool turn();
  bool step(store::StorePart part);
  bool has_posted() const { return !posted_.empty(); }
  /// When it wants a turn by itself; Vhost::never for not at all.
  TimeMs next_deadline() const;

  /// Runs `work` as a turn of the core.
  void run(const std::function<void(broker::Vhost&)>& work);
  /// What it tells of a queue; nothing when there is none of that name.
  std::optional<broker::QueueView> queue(std::string_view name) const;
  void set_memory_alarm(bool is_low);
  bool has_memory_alarm() const { return vhost_->alarms().memory; }
  bool has_disk_alarm() const { return vhost_->alarms().disk; }
  /// Ends it as SIGTERM does.
  void stop();

 private:
  class Session;
  store::StoreCallbacks callbacks(broker::Keeper keeper);
  Session* find(std::uint64_t id);

  Options options_;
  Disk& disk_;
  const SimClock& clock_;
  const Plant& plant_;
  const TimeMs wall_at_start_;
  std::string death_;
  broker::CommitNumber early_commit_ = 0;  // planted
  std::deque<std::function<void(broker::Vhost&)>> posted_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::TransientStore> transient_store_;
  std::unique_ptr<broker::Journal> planted_journal_;
  std::unique_ptr<broker::Vhost> vhost_;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
};

}  // namespace leveret::sim
