#pragma once

#include <string>

#include "auth/user.h"
#include "broker/core.h"
#include "http/json.h"

/// A virtual host's limits, as several resources have them.
namespace leveret::http {

/// One limit. Throws HttpError 400 in RabbitMQ's words for an unknown name and for what is no whole
/// number.
std::int64_t read_vhost_limit(const std::string& name, const Json& value);
/// An object of limits. Throws HttpError 400.
auth::Limits read_vhost_limits(const Json& value);
/// Makes the limits these and no others; blocks on the disk. Returns whether there were none
/// before.
bool replace_vhost_limits(broker::CoreDirectory& cores, const std::string& vhost,
                          const auth::Limits& limits);

}  // namespace leveret::http
