#include "http/metrics/exposition.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "http/negotiation.h"
#include "http/text.h"

namespace leveret::http::metrics {
namespace {

std::string_view name_of(Type type, Format format) {
  switch (type) {
    case Type::counter: return "counter";
    case Type::gauge: return "gauge";
    case Type::histogram: return "histogram";
    case Type::untyped: return format == Format::text ? "untyped" : "unknown";
  }
  return "";
}

/// The shortest text that reads as the same number.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), result.ptr};
}

std::string escape_label(std::string_view value) {
  std::string text;
  for (const char c : value) switch (c) {
      case '\\': text += "\\\\"; break;
      case '\n': text += "\\n"; break;
      case '"': text += "\\\""; break;
      default: text += c;
    }
  return text;
}

constexpr std::string_view total = "_total";

}  // namespace

Format choose_format(std::string_view accept) {
  const int text = media_weight(accept, "text/plain");
  const int open_metrics = media_weight(accept, "application/openmetrics-text");
  return open_metrics > 0 && open_metrics >= text ? Format::open_metrics : Format::text;
}

std::string_view content_type(Format format) {
  return format == Format::text ? "text/plain; version=0.0.4; charset=utf-8"
                                : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string label_text(std::initializer_list<Label> labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    text += is_utf8(value) ? escape_label(value) : escape_label(log::escape(value));
    text += '"';
  }
  return text;
}

void Exposition::begin(const Family& family, std::string_view prefix) {
  name_.assign(prefix);
  name_ += family.name;
  std::string_view announced = name_;
  // OpenMetrics names a counter without what its samples end in.
  if (format_ == Format::open_metrics && family.type == Type::counter && announced.ends_with(total))
    announced.remove_suffix(total.size());
  text_ += "# TYPE ";
  text_ += announced;
  text_ += ' ';
  text_ += name_of(family.type, format_);
  text_ += "\n# HELP ";
  text_ += announced;
  text_ += ' ';
  text_ += family.help;
  text_ += '\n';
}

void Exposition::put_name(std::string_view suffix, std::string_view labels,
                          std::string_view bound) {
  text_ += name_;
  text_ += suffix;
  if (!labels.empty() || !bound.empty()) {
    text_ += '{';
    text_ += labels;
    if (!bound.empty()) {
      text_ += labels.empty() ? "le=\"" : ",le=\"";
      text_ += bound;
      text_ += '"';
    }
    text_ += '}';
  }
  text_ += ' ';
}

void Exposition::sample(std::string_view labels, std::uint64_t value) {
  put_name({}, labels);
  text_ += std::to_string(value);
  text_ += '\n';
}

void Exposition::sample(std::string_view labels, double value) {
  put_name({}, labels);
  text_ += number_text(value);
  text_ += '\n';
}

void Exposition::sample(std::string_view labels, const Histogram& histogram) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    count += histogram.counts()[i];
    const bool is_last = i == histogram.bounds().size();
    put_name("_bucket", labels, is_last ? "+Inf" : number_text(histogram.bounds()[i]));
    text_ += std::to_string(count) + '\n';
  }
  put_name("_sum", labels);
  text_ += number_text(histogram.sum()) + '\n';
  put_name("_count", labels);
  text_ += std::to_string(count) + '\n';
}

void Exposition::end() {
  if (format_ == Format::open_metrics) text_ += "# EOF\n";
}

}  // namespace leveret::http::metrics
