#include "http/controllers/member.h"

#include <sstream>
#include <string_view>

#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::string_view spaces = " \t";

std::string trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(spaces);
  if (start == std::string_view::npos) return {};
  return std::string{text.substr(start, text.find_last_not_of(spaces) - start + 1)};
}

std::vector<std::string> split_tags(const std::string& text) {
  std::vector<std::string> tags;
  std::istringstream stream{text};
  for (std::string part; std::getline(stream, part, ',');)
    if (std::string tag = trim(part); !tag.empty()) tags.push_back(std::move(tag));
  return tags;
}

}  // namespace

std::optional<std::vector<std::string>> find_tags(const Json& body) {
  const auto found = body.find("tags");
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return split_tags(found->get<std::string>());
  std::vector<std::string> tags;
  bool is_right = found->is_array();
  if (is_right)
    for (const Json& tag : *found) {
      is_right = is_right && tag.is_string();
      if (is_right)
        for (std::string& each : split_tags(tag.get<std::string>())) tags.push_back(each);
    }
  if (!is_right) throw bad_request("'tags' must be a list of texts, or a text with commas");
  return tags;
}

Json require_value(const Json& body) {
  const auto found = body.find("value");
  if (found == body.end()) throw bad_request("'value' is missing");
  return *found;
}

std::string erlang_text(const Json& value) {
  return value.is_string() ? "<<" + dump(value) + ">>" : dump(value);
}

}  // namespace leveret::http
