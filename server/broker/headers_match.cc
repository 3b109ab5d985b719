#include "broker/headers_match.h"

#include <algorithm>
#include <string_view>

#include "amqp/reply_code.h"

namespace leveret::broker {

HeadersMatch::HeadersMatch(const amqp::Table& arguments) {
  std::string_view mode = "all";
  if (const amqp::Value* match = arguments.find("x-match")) {
    const std::string* text = match->as_string();
    if (text == nullptr)
      throw amqp::Error{amqp::ReplyCode::precondition_failed,
                        "Invalid x-match field type " + std::string{amqp::type_name(*match)} +
                            " (value " + amqp::to_text(*match) + "); expected longstr"};
    mode = *text;
  }
  if (mode != "all" && mode != "any" && mode != "all-with-x" && mode != "any-with-x")
    throw amqp::Error{amqp::ReplyCode::precondition_failed,
                      "Invalid x-match field value <<\"" + std::string{mode} +
                          "\">>; expected all, any, all-with-x, or any-with-x"};
  any_ = mode.starts_with("any");
  const bool with_x = mode.ends_with("-with-x");
  for (const auto& [name, value] : arguments) {
    if (name == "x-match" || (!with_x && name.starts_with("x-"))) continue;
    wanted_.append(name, value);
  }
}

bool HeadersMatch::matches(const amqp::Table& headers) const {
  const auto is_met = [&](const amqp::Table::Entry& wanted) {
    const amqp::Value* value = headers.find(wanted.first);
    return value != nullptr && (wanted.second.is_void() || value->is_equivalent(wanted.second));
  };
  return any_ ? std::any_of(wanted_.begin(), wanted_.end(), is_met)
              : std::all_of(wanted_.begin(), wanted_.end(), is_met);
}

}  // namespace leveret::broker
