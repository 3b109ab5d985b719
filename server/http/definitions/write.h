#pragma once

#include <string>

#include "http/definitions/snapshot.h"

namespace leveret::http {

/// What definitions say of where they come from.
struct Origin {
  std::string product_version;
  std::string cluster_name;
};

/// As RabbitMQ exports them and imports them again. A password that only Leveret can verify (it was
/// hashed slowly at a login) is an empty hash for RabbitMQ, which means no login by password, and
/// beside it `leveret_password_hash`.
std::string write_definitions(const Snapshot& snapshot, const Origin& origin);
/// Of one virtual host, which must be in the snapshot; without its name, to be imported into any.
std::string write_vhost_definitions(const Snapshot& snapshot, const std::string& vhost,
                                    const Origin& origin);

}  // namespace leveret::http
