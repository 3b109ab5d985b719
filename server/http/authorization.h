#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "auth/users.h"
#include "broker/access.h"
#include "broker/core.h"

/// Who may ask what: by tag and by virtual host, as RabbitMQ's management plugin has it
/// (rabbit_mgmt_util.erl, is_authorized_*; management docs, permissions). What a request then does
/// to a virtual host needs the same rights as over AMQP.
namespace leveret::http {

/// What a route demands. There is no default: a route without a rule does not compile.
enum class Rule : std::uint8_t {
  /// No login.
  anyone,
  /// Any tag that admits to the management API. The answer shows only what the user may see.
  management,
  /// And the right to open the {vhost} of the path; administrators may look at all.
  vhost,
  /// The same; those who monitor may look at all.
  vhost_visible,
  /// The tag `policymaker` and the {vhost}.
  policymaker,
  monitoring,
  administrator,
};

/// Throws HttpError 403 in RabbitMQ's words unless `identity`, who may manage, satisfies `rule`;
/// `vhost` is the one of the path.
void check_rule(Rule rule, const auth::Users& users, const auth::Identity& identity,
                const std::optional<std::string>& vhost);

/// Whether the user may look at the objects of this virtual host.
bool may_use_vhost(const auth::Users& users, const auth::Identity& identity,
                   const std::string& vhost);
/// Whether the user sees that there is this virtual host.
bool may_see_vhost(const auth::Users& users, const auth::Identity& identity,
                   const std::string& vhost);

/// What the user may do in a virtual host, for Permissions. Throws HttpError 403 when nothing.
std::shared_ptr<const broker::Access> require_access(const broker::CoreDirectory& cores,
                                                     const auth::Identity& identity,
                                                     const std::string& vhost);

}  // namespace leveret::http
