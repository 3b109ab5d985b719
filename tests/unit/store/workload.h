#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness.h"
#include "store/store.h"

namespace leveret::store::test {

/// What a store should hold, in the plainest form.
struct Model {
  struct Entry {
    std::string body;
    std::uint32_t delivery_count = 0;
    bool is_shared = false;
    bool operator==(const Entry&) const = default;
  };
  struct Queue {
    std::string name;
    std::map<broker::Seq, Entry> entries;
    broker::Seq last_seq = 0;
    broker::Seq delivered_mark = 0;
    bool operator==(const Queue&) const = default;
  };
  std::map<std::uint32_t, Queue> queues;
  std::set<std::string> exchanges;
  std::set<std::string> bindings;
  bool operator==(const Model&) const = default;
};

/// Everything that a store gives back after a start, as a model. Also checks counters against what
/// is read.
Model read_all(TestStore& store);
std::string describe(const Model& model);

/// Random turns, each of several operations as the core would record them: publish, fan-out,
/// acknowledge, dead-letter, purge, declare, drop. Turn n marks queue 1, which always holds a
/// message, as delivered up to n, so that a store tells which turn it ends with.
class Workload {
 public:
  /// Carries on from turn 0, or from what survived a crash. Bodies have up to `body_bytes_max`.
  explicit Workload(std::uint64_t seed, std::size_t body_bytes_max = 3000);

  /// Records and flushes the next turn.
  void turn(Store& store);
  /// The model after turn n of this life; 0 is the state before the first.
  const Model& after(std::size_t turn) const { return history_.at(turn); }
  std::size_t turns() const { return history_.size() - 1; }
  /// Starts a new life with the state after turn n of the last.
  void restart_from(std::size_t turn);
  /// Which turn of this life a recovered store ends with.
  std::size_t turn_of(const Model& recovered) const;

 private:
  void declare(Store& store, Model& model);
  void drop(Store& store, Model& model);
  void publish(Store& store, Model& model, std::uint32_t queue);
  void fan_out(Store& store, Model& model);
  void acknowledge(Store& store, Model& model, std::uint32_t queue);
  void dead_letter(Store& store, Model& model, std::uint32_t queue);
  void purge(Store& store, Model& model, std::uint32_t queue);
  void fail_delivery(Store& store, Model& model, std::uint32_t queue);
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  std::string body();

  std::mt19937_64 random_;
  std::size_t body_bytes_max_;
  std::vector<Model> history_{Model{}};
  std::map<std::pair<std::uint32_t, broker::Seq>, broker::ContentId> contents_;
  std::uint32_t last_queue_ = 0;
  broker::ContentId last_content_ = 0;
  std::uint64_t bodies_ = 0;
  std::uint64_t marks_ = 0;
  std::uint64_t first_mark_ = 0;
};

}  // namespace leveret::store::test
