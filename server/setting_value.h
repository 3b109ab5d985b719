#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/settings.h"

/// What a setting can be, as its source writes it and as it is shown.
namespace leveret::server {

/// A value as some source gives it: a number, a flag, or texts that may mean one.
using GivenValue = std::variant<std::int64_t, bool, std::vector<std::string>>;
/// A value as it is in force.
using http::SettingValue;

/// A number, or a text such as "4096", "64 KiB", "8MiB" or "1 GiB".
std::optional<std::int64_t> number_of(const GivenValue& given);
/// true or false, or a text that says so.
std::optional<bool> flag_of(const GivenValue& given);
/// Exactly one text, which may be empty.
std::optional<std::string> text_of(const GivenValue& given);
/// The items of a list; a text from the command line or the environment is split at commas.
std::optional<std::vector<std::string>> list_of(const GivenValue& given);

/// For people: 4096, true, "a", "b".
std::string show(const GivenValue& value);
/// The same; an empty list is [], and a list of one shows that it is one.
std::string show(const SettingValue& value);

}  // namespace leveret::server
