#include "watermark.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace leveret::server {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view none = "none";

std::optional<std::int64_t> percent_of(const std::string& text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto percent = number_of(Texts{text.substr(0, text.size() - 1)});
  return percent && *percent >= 1 && *percent <= 100 ? percent : std::nullopt;
}

std::string text_of_bytes(std::uint64_t bytes) {
  for (const auto& [unit, shift] : {std::pair{" GiB", 30U}, {" MiB", 20U}, {" KiB", 10U}})
    if (bytes >> shift != 0 && bytes % (std::uint64_t{1} << shift) == 0)
      return std::to_string(bytes >> shift) + unit;
  return std::to_string(bytes);
}

}  // namespace

std::optional<Watermark> Watermark::parse(const GivenValue& given) {
  const auto add = [](Watermark& mark, const std::string& text) {
    if (const auto part = percent_of(text); part && !mark.percent) {
      mark.percent = static_cast<unsigned>(*part);
      return true;
    }
    const auto number = number_of(Texts{text});
    if (!number || *number < 1 || mark.bytes) return false;
    mark.bytes = static_cast<std::uint64_t>(*number);
    return true;
  };
  if (const auto bytes = number_of(given)) {
    if (*bytes < 0) return std::nullopt;
    return *bytes == 0 ? Watermark{} : Watermark{.bytes = static_cast<std::uint64_t>(*bytes)};
  }
  const auto items = list_of(given);
  if (!items || items->empty()) return std::nullopt;
  Watermark mark;
  if (*items == Texts{std::string{none}}) return mark;
  const bool is_right =
      std::ranges::all_of(*items, [&](const std::string& item) { return add(mark, item); });
  return is_right ? std::optional{mark} : std::nullopt;
}

Texts Watermark::texts() const {
  Texts texts;
  if (bytes) texts.push_back(text_of_bytes(*bytes));
  if (percent) texts.push_back(std::to_string(*percent) + "%");
  if (texts.empty()) texts.emplace_back(none);
  return texts;
}

std::optional<std::uint64_t> Watermark::of(std::uint64_t all) const {
  if (!percent) return bytes;
  const std::uint64_t share = all / 100 * *percent;
  return bytes ? std::min(*bytes, share) : share;
}

}  // namespace leveret::server
