#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/histogram.h"

namespace leveret::http::metrics {

/// What a metric is; `untyped` is called `unknown` in OpenMetrics.
enum class Type : std::uint8_t { counter, gauge, histogram, untyped };

/// A family of metrics as it is announced. Names of counters end in "_total"; `help` has no quotes,
/// backslashes or line feeds.
struct Family {
  std::string_view name;
  Type type = Type::gauge;
  std::string_view help;
};

/// Prometheus's text format 0.0.4, or OpenMetrics 1.0
/// (https://prometheus.io/docs/instrumenting/exposition_formats/,
/// https://github.com/prometheus/OpenMetrics, specification).
enum class Format : std::uint8_t { text, open_metrics };

/// The format that an Accept header asks for: OpenMetrics where it is named and no less welcome
/// than text, else text.
Format choose_format(std::string_view accept);
std::string_view content_type(Format format);

struct Label {
  std::string_view name;
  std::string_view value;
};
/// Labels as they stand between the braces, each value with its backslashes, quotes and line feeds
/// escaped. A value that is not UTF-8, which a scraper would refuse together with all the rest, is
/// written with its odd bytes as \xNN.
std::string label_text(std::initializer_list<Label> labels);

/// Writes metrics as text. All samples of a family come behind its begin(), and a family comes
/// once.
class Exposition {
 public:
  explicit Exposition(Format format) : format_(format) {}

  /// Announces a family whose name begins with `prefix`.
  void begin(const Family& family, std::string_view prefix = {});
  /// `labels` as label_text() makes them.
  void sample(std::string_view labels, std::uint64_t value);
  void sample(std::string_view labels, double value);
  /// Of a histogram: its buckets, sum and count.
  void sample(std::string_view labels, const Histogram& histogram);
  /// begin() and one sample without labels.
  template <class Value>
  void one(const Family& family, const Value& value) {
    begin(family);
    sample(std::string_view{}, value);
  }
  /// Nothing comes after it.
  void end();

  std::size_t size() const { return text_.size(); }
  /// What has been written since the last call.
  std::string take() { return std::exchange(text_, {}); }

 private:
  void put_name(std::string_view suffix, std::string_view labels, std::string_view bound = {});

  Format format_;
  std::string text_;
  std::string name_;
};

}  // namespace leveret::http::metrics
