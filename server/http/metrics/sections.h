#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/metrics/exposition.h"

namespace leveret::http::metrics {

/// Metrics that are still to be written: family by family, each with as many samples as it has
/// objects, so that a long answer is made piece by piece.
class Sections {
 public:
  /// Writes the samples of the object at `index`.
  using Write = std::function<void(Exposition& out, std::size_t index)>;

  /// A family of `count` objects, whose name begins with `prefix`. A family without any is left
  /// out.
  void add(std::string_view prefix, const Family& family, std::size_t count, Write write);
  /// A family with one sample without labels.
  template <class Value>
  void one(std::string_view prefix, const Family& family, const Value& value) {
    add(prefix, family, 1,
        [value](Exposition& out, std::size_t) { out.sample(std::string_view{}, value); });
  }

  /// The next piece of about `bytes`, ended where everything has been written; then empty ones.
  std::string next(Exposition& out, std::size_t bytes);

 private:
  struct Section {
    std::string prefix;
    Family family;
    std::size_t count;
    Write write;
  };
  std::vector<Section> sections_;
  std::size_t section_ = 0;
  std::size_t index_ = 0;
  bool is_ended_ = false;
};

}  // namespace leveret::http::metrics
