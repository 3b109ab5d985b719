#pragma once

#include <string>

#include "cli/json.h"

/// What an import of definitions does or did, for a person: from the report of the HTTP API.
namespace leveret::cli {

/// A line for each object that is not the same: "+ queue /:reports", "~ user ann (tags [] →
/// ["x"])",
/// "! exchange /:jobs (durable false → true)"; and how many are the same: "= 41 unchanged".
std::string plan_text(const Json& report);
/// "3 added, 1 changed, 41 unchanged".
std::string summary_text(const Json& report);

}  // namespace leveret::cli
