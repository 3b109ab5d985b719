#include "http/authorization.h"

#include "http/authenticator.h"
#include "http/error.h"

namespace leveret::http {
namespace {

HttpError not_authorised(const std::string& reason) {
  return {403, "not_authorised", reason};
}

void require_vhost(const auth::Users& users, const auth::Identity& identity,
                   const std::optional<std::string>& vhost) {
  if (vhost && !may_use_vhost(users, identity, *vhost))
    throw not_authorised("User not authorised to access virtual host");
}

}  // namespace

bool may_use_vhost(const auth::Users& users, const auth::Identity& identity,
                   const std::string& vhost) {
  return is_administrator(identity) || users.permission(identity.user, vhost).has_value();
}

bool may_see_vhost(const auth::Users& users, const auth::Identity& identity,
                   const std::string& vhost) {
  return may_monitor(identity) || may_use_vhost(users, identity, vhost);
}

void check_rule(Rule rule, const auth::Users& users, const auth::Identity& identity,
                const std::optional<std::string>& vhost) {
  switch (rule) {
    case Rule::anyone:
    case Rule::management: return;
    case Rule::vhost: return require_vhost(users, identity, vhost);
    case Rule::vhost_visible:
      if (vhost && !may_see_vhost(users, identity, *vhost))
        throw not_authorised("User not authorised to access virtual host");
      return;
    case Rule::policymaker:
      if (!is_administrator(identity) && !identity.has_tag("policymaker"))
        throw not_authorised("User not authorised to access object");
      return require_vhost(users, identity, vhost);
    case Rule::monitoring:
      if (!may_monitor(identity)) throw not_authorised("Not monitor user");
      return;
    case Rule::administrator:
      if (!is_administrator(identity)) throw not_authorised("Not administrator user");
      return;
  }
}

std::shared_ptr<const broker::Access> require_access(const broker::CoreDirectory& cores,
                                                     const auth::Identity& identity,
                                                     const std::string& vhost) {
  auto access = cores.access(identity.user, vhost);
  if (!access) throw not_authorised("Access refused.");
  return access;
}

}  // namespace leveret::http
