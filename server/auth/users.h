#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/attempts.h"
#include "auth/backoff.h"
#include "auth/login.h"
#include "auth/tokens.h"
#include "auth/user.h"

namespace leveret::auth {

/// The users of the broker and what they may do. Changes are on disk when they return and seen by
/// everybody from then on.
///
/// All members may be called on any thread, but what changes or authenticates blocks: on the disk,
/// or on hashing (slow by design on the first login with a password; later ones are answered from a
/// cache of keyed digests). Those must be called off the message loops.
class Users {
 public:
  struct Stored {
    std::vector<User> users = {};
    std::vector<Permission> permissions = {};
    std::vector<TopicPermission> topic_permissions = {};
    std::vector<Token> tokens = {};
  };
  /// `store` outlives it.
  Users(UserStore& store, Stored stored);

  // Logging in (users_login.cc).
  /// How long this login has to wait for earlier ones that failed, for the same user from the same
  /// address; nothing when so many wait already that it is to be refused at once. Takes a place in
  /// the line: call it once per login, before authenticate(). Does not block.
  std::optional<std::chrono::milliseconds> delay_login(const Login& login);
  /// Who this is, when the same user has logged in with the same password before, or has a token;
  /// nothing may mean anything. Does not block: who is known does not wait for others whose
  /// passwords are hashed.
  std::optional<Identity> recall(const Login& login);
  /// Nothing when the user is unknown or the password is wrong or empty (all cost the same), or
  /// when the user is `guest` and the peer is not on a loopback address (RabbitMQ, access-control:
  /// loopback_users). A password that was imported as RabbitMQ's hash is hashed slowly from here
  /// on.
  std::optional<Identity> authenticate(const Login& login);
  /// The user of that name, when something other than a password has proved who it is: a client's
  /// certificate. Nothing when there is no such user, or for `guest` as above.
  std::optional<Identity> find_proved(const Login& login);

  std::vector<Attempts::Total> attempts() const;
  std::vector<Attempts::Source> attempt_sources() const;
  void clear_attempts();

  // Looking; copies, sorted by name.
  std::vector<User> users() const;
  std::optional<User> find(std::string_view name) const;
  std::vector<Permission> permissions() const;
  std::optional<Permission> permission(const std::string& user, const std::string& vhost) const;
  std::vector<TopicPermission> topic_permissions() const;
  std::vector<TopicPermission> topic_permissions(const std::string& user,
                                                 const std::string& vhost) const;
  /// Counts changes of any kind.
  std::uint64_t generation() const;

  // Changing. What the store throws passes, and nothing has changed then.
  /// Returns whether the user is new; the limits stay as they are.
  bool put(const User& user);
  /// Returns whether there was one; so do the other removals.
  bool remove(const std::string& name);
  /// Returns whether it is new. The user and the virtual host must exist.
  bool set_permission(const Permission& permission);
  bool clear_permission(const std::string& user, const std::string& vhost);
  bool set_topic_permission(const TopicPermission& permission);
  /// Of all exchanges when `exchange` is nothing.
  bool clear_topic_permissions(const std::string& user, const std::string& vhost,
                               const std::optional<std::string>& exchange);
  void set_limit(const std::string& user, const std::string& name, std::int64_t value);
  void clear_limit(const std::string& user, const std::string& name);
  /// The virtual host is gone, from the store too.
  void forget_vhost(const std::string& vhost);

  // Tokens.
  /// Those of one user, or all; sorted by id.
  std::vector<Token> tokens(const std::optional<std::string>& user) const;
  /// Its user must exist. Returns what is to be given out, which cannot be had again.
  std::string make_token(const std::string& user, const std::string& description,
                         std::optional<std::chrono::seconds> lifetime, Token& made);
  bool remove_token(const std::string& id);
  /// Removes those whose time has come; to be called now and then.
  void remove_expired_tokens();

  /// Told the name of a user who has changed or (see find()) is gone, after the change, on the
  /// thread that made it. Set before any other thread knows of this object.
  std::function<void(const std::string& user)> on_change;
  /// Likewise the id of a token that is gone: who logged in with it has to go too.
  std::function<void(const std::string& token)> on_token_end;

 private:
  using UserVhost = std::pair<std::string, std::string>;

  bool is_remembered(const User& user, const std::string& digest) const;
  std::optional<Identity> verify(const Login& login);
  std::optional<Identity> find_token(const Login& login) const;
  void end_token(const std::string& id);
  void rehash(const User& user, std::string_view password);
  void changed(const std::string& user);

  UserStore& store_;
  /// Held over a change as a whole; mutex_ only while memory is touched.
  std::mutex change_mutex_;
  mutable std::mutex mutex_;
  std::map<std::string, User, std::less<>> users_;
  std::map<UserVhost, Permission> permissions_;
  std::map<UserVhost, std::map<std::string, TopicPermission>> topic_permissions_;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, std::string>
      verified_;  // name -> keyed digest of hash and password
  std::string cache_key_;
  Backoff backoff_;
  Attempts attempts_;
  Tokens tokens_;
};

}  // namespace leveret::auth
