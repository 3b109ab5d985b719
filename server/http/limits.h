#pragma once

#include <cstddef>
#include <cstdint>

namespace leveret::http {

/// What HTTP clients may take up, all of them together and each. Who reaches one is told which, and
/// it is counted (base/limit_counts.h).
struct Limits {
  std::size_t connections_max = 1000;
  /// Of one address: a reverse proxy is one.
  std::size_t connections_per_address_max = 500;
  /// That are being answered; one that is still on its way, or whose answer is, does not count.
  std::size_t requests_max = 100;
  std::size_t header_bytes_max = std::size_t{16} << 10U;
  /// Of any request; most routes take less.
  std::size_t body_bytes_max = std::size_t{100} << 20U;
  /// Bodies of all requests and answers that are held at a time.
  std::size_t buffered_bytes_max = std::size_t{256} << 20U;
  /// Bodies in one page of browsing: it ends early, with at least one message, when they are more.
  std::size_t browse_bytes_max = std::size_t{8} << 20U;
  /// How many messages of a queue are looked at to group its dead letters by what went wrong.
  std::size_t grouped_messages_max = 20'000;
  /// API tokens of one user.
  std::size_t tokens_per_user_max = 100;
  /// In milliseconds: until a request's header has come, from the connection or its first byte on.
  std::int64_t header_timeout_ms = 10'000;
  /// Between two requests.
  std::int64_t idle_timeout_ms = 60'000;
  /// For the body of a request, and again for its answer; a second more for every 50,000 bytes.
  std::int64_t transfer_timeout_ms = 30'000;

  bool operator==(const Limits&) const = default;
};

}  // namespace leveret::http
