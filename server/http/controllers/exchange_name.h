#pragma once

#include <string>

namespace leveret::http {

/// The name that a path segment means: the default exchange, whose name is empty, is `amq.default`
/// there.
std::string exchange_name(const std::string& segment);

}  // namespace leveret::http
