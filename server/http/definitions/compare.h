#pragma once

#include <string>

#include "http/definitions/definitions.h"
#include "http/definitions/plan.h"
#include "http/definitions/snapshot.h"

/// What one object of the definitions would change of the one that there is: each of these writes
/// the step's differences and action.
namespace leveret::http {

void compare(Step& step, const broker::VhostInfo& is, const VhostDefinition& wanted);
/// Tells of a password that it is another one, never which.
void compare(Step& step, const auth::User& is, const UserDefinition& wanted);
void compare(Step& step, const auth::Permission& is, const auth::Permission& wanted);
void compare(Step& step, const auth::TopicPermission& is, const auth::TopicPermission& wanted);
/// Of a parameter, the values.
void compare(Step& step, const std::string& is, const std::string& wanted);
void compare(Step& step, const auth::Limits& is, const auth::Limits& wanted);
void compare(Step& step, const broker::PolicyRecord& is, const broker::PolicyRecord& wanted);
/// As a client's declaration is compared: what does not count there does not count here, and what
/// would be refused there is a conflict.
void compare(Step& step, const broker::ExchangeDefinition& is,
             const broker::ExchangeDefinition& wanted);
void compare(Step& step, const broker::QueueDefinition& is, const broker::QueueDefinition& wanted);
/// There is a queue of that name, and it belongs to a connection.
void compare_with_exclusive(Step& step);

}  // namespace leveret::http
