#include "setting_value.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"

namespace leveret::server {
namespace {

using Texts = std::vector<std::string>;

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.empty()) return number;
  for (const auto& [name, shift] : {std::pair{"KiB", 10}, {"MiB", 20}, {"GiB", 30}})
    if (unit == name && number >= 0 && number < (std::int64_t{1} << 32U)) return number << shift;
  return std::nullopt;
}

std::string quote(std::string_view text) {
  return '"' + log::escape(text) + '"';
}

std::string join(const Texts& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + quote(text);
  return joined;
}

}  // namespace

std::optional<std::int64_t> number_of(const GivenValue& given) {
  if (const auto* number = std::get_if<std::int64_t>(&given)) return *number;
  const auto text = text_of(given);
  return text ? read_number(*text) : std::nullopt;
}

std::optional<bool> flag_of(const GivenValue& given) {
  if (const auto* flag = std::get_if<bool>(&given)) return *flag;
  const auto text = text_of(given);
  if (text != "true" && text != "false") return std::nullopt;
  return text == "true";
}

std::optional<std::string> text_of(const GivenValue& given) {
  const auto* texts = std::get_if<Texts>(&given);
  if (!texts || texts->size() != 1) return std::nullopt;
  return texts->front();
}

std::optional<Texts> list_of(const GivenValue& given) {
  const auto* texts = std::get_if<Texts>(&given);
  if (!texts) return std::nullopt;
  Texts items;
  for (std::string_view text : *texts)
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      std::string_view item = text.substr(0, comma);
      text.remove_prefix(std::min(comma + 1, text.size()));
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (!item.empty()) items.emplace_back(item);
    }
  return items;
}

std::string show(const GivenValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const std::string texts = join(std::get<Texts>(value));
  return texts.empty() ? "empty" : texts;
}

std::string show(const SettingValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quote(*text);
  if (const auto* texts = std::get_if<Texts>(&value)) return '[' + join(*texts) + ']';
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(std::get<std::int64_t>(value));
}

}  // namespace leveret::server
