#include "http/occupancy.h"

#include <algorithm>
#include <string_view>

#include "base/limit_counts.h"
#include "http/error.h"

namespace leveret::http {
namespace {

/// Addresses without a connection are forgotten when so many are known.
constexpr std::size_t addresses_max = 4096;

HttpError unavailable(std::string_view what, Limit limit, std::size_t most) {
  limits_reached.add(limit);
  return {503, "limit_reached",
          std::string{what} + ": " + std::string{limit_names[static_cast<std::size_t>(limit)]} +
              " is " + std::to_string(most)};
}

}  // namespace

Occupancy::Place Occupancy::admit(const std::string& address) {
  if (connections_ >= limits_.connections_max) {
    throw unavailable("too many connections", Limit::http_connections, limits_.connections_max);
  }
  if (by_address_.size() >= addresses_max) forget_empty_addresses();
  std::size_t& of_address = by_address_[address];
  if (of_address >= limits_.connections_per_address_max) {
    throw unavailable("too many connections from " + address, Limit::http_connections_per_address,
                      limits_.connections_per_address_max);
  }
  return {Share{connections_, 1}, Share{of_address, 1}};
}

void Occupancy::forget_empty_addresses() {
  std::erase_if(by_address_, [](const auto& entry) { return entry.second == 0; });
}

Share Occupancy::begin_request() {
  if (requests_ >= limits_.requests_max) {
    throw unavailable("too many requests are being answered", Limit::http_requests,
                      limits_.requests_max);
  }
  return Share{requests_, 1};
}

void Occupancy::admit_to_wait(std::size_t waiting) const {
  const std::size_t most = std::max<std::size_t>(limits_.requests_max / 4, 1);
  if (waiting < most) return;
  limits_reached.add(Limit::http_requests);
  throw HttpError{503, "limit_reached",
                  "too many long answers that you have asked for wait for their turn: one user at "
                  "one address may have " +
                      std::to_string(most) + ", a quarter of http.requests_max"};
}

Share Occupancy::hold(std::size_t bytes) {
  if (bytes > limits_.buffered_bytes_max || buffered_bytes_ > limits_.buffered_bytes_max - bytes) {
    throw unavailable("too many bytes of requests and answers are held", Limit::http_buffered_bytes,
                      limits_.buffered_bytes_max);
  }
  return Share{buffered_bytes_, bytes};
}

}  // namespace leveret::http
