#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/tokens.h"

/// What is known of users, by RabbitMQ's names. Values.
namespace leveret::auth {

/// Limits by name: of a user "max-connections" and "max-channels", of a virtual host
/// "max-connections" and "max-queues". A negative value is no limit (RabbitMQ,
/// rabbit_vhost_limit.erl).
using Limits = std::map<std::string, std::int64_t, std::less<>>;
/// Nothing when there is no such limit.
std::optional<std::uint64_t> find_limit(const Limits& limits, std::string_view name);

/// A user as stored: never the password, only its hash (see password.h). Without a hash there is no
/// login by password.
struct User {
  std::string name;
  std::string password_hash;
  std::vector<std::string> tags;
  Limits limits = {};
};

/// What a user may do in a virtual host: regular expressions for names, an empty one for none. Who
/// has none may not open the virtual host.
struct Permission {
  std::string user;
  std::string vhost;
  std::string configure;
  std::string write;
  std::string read;
};

/// Which routing keys a user may publish to and bind at a topic exchange; without one, all.
struct TopicPermission {
  std::string user;
  std::string vhost;
  std::string exchange;
  std::string write;
  std::string read;
};

/// Who somebody has proved to be.
struct Identity {
  std::string user;
  std::vector<std::string> tags;
  /// The id of the token that proved it; empty for a password or a certificate.
  std::string token = {};
  bool has_tag(std::string_view tag) const;
};

/// Keeps users on disk. Each call returns when the change is there, and throws when it cannot be.
/// One call at a time.
class UserStore {
 public:
  virtual ~UserStore() = default;
  /// Adds the user, or changes the password and the tags of the one with that name.
  virtual void put_user(const User& user) = 0;
  /// With its permissions and limits.
  virtual void drop_user(const std::string& name) = 0;
  virtual void put_permission(const Permission& permission) = 0;
  virtual void drop_permission(const std::string& user, const std::string& vhost) = 0;
  virtual void put_topic_permission(const TopicPermission& permission) = 0;
  virtual void drop_topic_permission(const std::string& user, const std::string& vhost,
                                     const std::string& exchange) = 0;
  virtual void put_user_limit(const std::string& user, const std::string& name,
                              std::int64_t value) = 0;
  virtual void drop_user_limit(const std::string& user, const std::string& name) = 0;
  virtual void put_token(const Token& token) = 0;
  virtual void drop_token(const std::string& id) = 0;
};

}  // namespace leveret::auth
