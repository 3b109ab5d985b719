#pragma once

#include <string>

#include "broker/policy.h"
#include "http/json.h"

namespace leveret::http {

/// The policy that `body` describes (pattern, definition, apply-to, priority). Throws HttpError 400
/// for what is missing, of the wrong type, or refused.
broker::Policy read_policy(broker::PolicyKind kind, const std::string& name, const Json& body);

}  // namespace leveret::http
