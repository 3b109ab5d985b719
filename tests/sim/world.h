#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/client.h"
#include "sim/disk.h"
#include "sim/model.h"
#include "sim/random.h"
#include "sim/server.h"
#include "sim/setup.h"
#include "sim/steps.h"

namespace leveret::sim {

/// What a run came to.
struct Outcome {
  std::optional<Violation> violation;
  std::size_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t published = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t disk_operations = 0;
  /// Of all that was sent, received and written, in its order.
  std::uint64_t trace = 0;
};

/// Runs one script from an empty disk to an audit after the last step.
Outcome run(const Script& script, const Plant& plant = {});

/// The machine, the network and the people: broker and clients, octets under way between them, the
/// disk and the clocks, and the model that watches.
class World {
 public:
  World(const Script& script, const Plant& plant);
  ~World();

  void execute(const Step& step);
  /// Settles, then lets the broker go once more and looks at what is left.
  void finish();
  bool has_failed() const { return model_.violation().has_value(); }
  Outcome outcome() const;

 private:
  static constexpr std::size_t client_count = 4;
  static constexpr std::size_t admin = client_count;

  /// A connection with what is under way; its client may have gone.
  struct Wire {
    std::uint64_t id = 0;
    std::string to_broker;
    Client* client = nullptr;
    /// No octets come any more after those under way.
    bool is_cut = false;
  };

  // world_clients.cc
  void act(const Step& step, Client& client);
  void publish(const Step& step, Client& client);
  Client* client(std::uint32_t which);
  void connect(std::size_t which, bool is_transactional);
  void cut(Client& client, bool loses_octets);
  void forget_finished();
  // Network.
  void to_broker(std::uint32_t which, std::uint32_t share);
  void to_client(std::uint32_t which, std::uint32_t share);
  void deliver_to_broker(Wire& wire, std::size_t size);
  void deliver_to_client(Wire& wire, std::size_t size);
  void reap();

  // world.cc
  void start();
  void set_up();
  void step_store(store::StorePart part, std::uint32_t seed);
  void run_beside(Random& random);
  void wait(std::uint32_t ms);
  void crash(bool is_power_cut, std::uint32_t seed);
  void stop_and_start();
  bool server_died();
  bool go_on_until_quiet(const std::function<bool()>& is_done = {});
  bool do_something();
  void settle();
  void check_clients();
  void check_counters();
  void audit(bool is_after_crash);
  std::vector<Model::Found> browse(const std::string& queue);
  void note(std::string_view bytes) { trace_ = hash_of(bytes, trace_); }
  void note(std::uint64_t value) { trace_ = hash_of(value, trace_); }

  const Setup setup_;
  const Plant& plant_;
  Model model_;
  SimClock clock_;
  Disk disk_;
  std::unique_ptr<Server> server_;
  std::map<std::string, std::uint64_t> recovered_;
  bool is_set_up_ = false;
  bool is_limited_ = false;  // the disk's room
  bool is_beside_ = false;   // something goes on while a thread of the store is at the disk
  std::array<std::unique_ptr<Client>, client_count + 1> clients_;
  std::vector<std::unique_ptr<Client>> former_clients_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace leveret::sim
