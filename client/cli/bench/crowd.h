#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/bench/topology.h"

namespace leveret::cli::bench {

/// Many connections that do nothing: each has a queue of its own, in memory, and consumes from it.
class Crowd {
 public:
  /// Throws Failure when the process may not open so many sockets.
  Crowd(unsigned size, unsigned threads, const client::Url& url, std::uint32_t run);
  ~Crowd();

  /// Opens them, several at a time; blocks. Throws what the broker answers, and stops early when
  /// `is_interrupted` says so.
  void open(const Tell& tell, const std::function<bool()>& is_interrupted);
  double open_seconds() const { return open_seconds_; }
  std::size_t size() const { return members_.size(); }
  /// Sends each queue one message and waits until it has come; returns how many have not.
  std::uint64_t call_roll();
  /// Closes them, which removes their queues.
  void close();

 private:
  class Member;
  std::string queue_of(unsigned number) const;
  /// Runs `work(number)` for each number, several at a time.
  void in_parallel(unsigned count, const std::function<void(unsigned)>& work);

  const unsigned wanted_;
  const client::Url url_;
  const std::string prefix_;
  std::vector<std::unique_ptr<client::Loop>> loops_;
  std::vector<std::unique_ptr<Member>> members_;
  double open_seconds_ = 0;
};

}  // namespace leveret::cli::bench
