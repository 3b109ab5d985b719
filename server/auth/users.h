#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leveret::auth {

/// A user as stored: never the password, only its hash (see password.h).
struct User {
  std::string name;
  std::string password_hash;
  std::vector<std::string> tags;
};

/// Who somebody has proved to be.
struct Identity {
  std::string user;
  std::vector<std::string> tags;
  bool has_tag(std::string_view tag) const;
};

/// The users of the broker. All members may be called on any thread. authenticate() hashes slowly
/// by design on the first login with a password (later ones are answered from a cache of keyed
/// digests), so it must be called off the message loops.
class Users {
 public:
  explicit Users(std::vector<User> users);

  /// Nothing when the user is unknown or the password is wrong (both cost the same), or when the
  /// user is `guest` and the peer is not on a loopback address (RabbitMQ, access-control:
  /// loopback_users).
  std::optional<Identity> authenticate(std::string_view name, std::string_view password,
                                       bool peer_is_loopback);

  /// The user of that name, when something other than a password has proved who it is: a client's
  /// certificate. Nothing when there is no such user, or for `guest` as above.
  std::optional<Identity> find_proved(std::string_view name, bool peer_is_loopback);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, User> users_;
  std::unordered_map<std::string, std::string>
      verified_;  // name -> keyed digest of hash and password
  std::string cache_key_;
};

}  // namespace leveret::auth
