#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/json.h"

/// What the bodies of several resources have in common.
namespace leveret::http {

/// The member `tags`: a list of texts, or one text with commas. Nothing when it is absent. Throws
/// HttpError 400.
std::optional<std::vector<std::string>> find_tags(const Json& body);
/// The member `value` of a limit. Throws HttpError 400 when it is absent.
Json require_value(const Json& body);
/// As Erlang prints it, for RabbitMQ's error texts: texts are <<"like this">>.
std::string erlang_text(const Json& value);

}  // namespace leveret::http
