#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/limits.h"

namespace leveret::http {

/// A part of something that is limited, given back when it goes.
class Share {
 public:
  Share() = default;
  Share(std::size_t& used, std::size_t amount) : used_(&used), amount_(amount) { used += amount; }
  Share(Share&& other) noexcept
      : used_(std::exchange(other.used_, nullptr)), amount_(other.amount_) {}
  Share& operator=(Share&& other) noexcept {
    give_back();
    used_ = std::exchange(other.used_, nullptr);
    amount_ = other.amount_;
    return *this;
  }
  ~Share() { give_back(); }

 private:
  void give_back() {
    if (used_) *used_ -= amount_;
    used_ = nullptr;
  }
  std::size_t* used_ = nullptr;
  std::size_t amount_ = 0;
};

/// What HTTP clients take up now, and whether more of it may be had. On the HTTP loop; outlives its
/// shares.
class Occupancy {
 public:
  explicit Occupancy(const Limits& limits) : limits_(limits) {}

  const Limits& limits() const { return limits_; }
  /// What is taken up beyond them stays.
  void set_limits(const Limits& limits) { limits_ = limits; }

  struct Place {
    Share connection;
    Share of_address;
  };
  /// For a connection from `address`. Throws HttpError 503, which says what the limit is.
  Place admit(const std::string& address);
  /// For a request that is being answered. Throws HttpError 503.
  Share begin_request();
  /// For one more request of somebody of whom `waiting` wait for their turn: they may not take up
  /// what all others have too. Throws HttpError 503.
  void admit_to_wait(std::size_t waiting) const;
  /// For a body. Throws HttpError 503.
  Share hold(std::size_t bytes);
  std::size_t connections() const { return connections_; }
  std::size_t requests() const { return requests_; }
  std::size_t buffered_bytes() const { return buffered_bytes_; }

 private:
  void forget_empty_addresses();

  Limits limits_;
  std::size_t connections_ = 0;
  std::size_t requests_ = 0;
  std::size_t buffered_bytes_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace leveret::http
