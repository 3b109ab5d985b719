#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "setting_value.h"

namespace leveret::server {

/// How much of something may be in use, or has to be free: a number of bytes, a share of all there
/// is, or the less of both; without either there is no limit.
struct Watermark {
  std::optional<std::uint64_t> bytes = {};
  std::optional<unsigned> percent = {};

  /// Reads 1048576, "512 MiB", "60%", "none" (also 0), and a list with one of bytes and one of
  /// percent. Nothing for anything else.
  static std::optional<Watermark> parse(const GivenValue& given);
  /// As parse() reads it.
  std::vector<std::string> texts() const;
  /// In bytes when there are `all`; nothing for no limit.
  std::optional<std::uint64_t> of(std::uint64_t all) const;
  bool operator==(const Watermark&) const = default;
};

}  // namespace leveret::server
