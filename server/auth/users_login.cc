#include "auth/password.h"
#include "auth/users.h"

namespace leveret::auth {
namespace {

constexpr std::string_view loopback_user = "guest";

/// Bound to the stored hash, so that a changed password ends what was verified before.
std::string digest_of(std::string_view key, const User& user, std::string_view password) {
  return keyed_digest(key, user.password_hash + '\n' + std::string{password});
}

bool may_come_from(std::string_view user, bool is_loopback) {
  return is_loopback || user != loopback_user;
}

}  // namespace

std::optional<std::chrono::milliseconds> Users::delay_login(const Login& login) {
  const std::lock_guard lock{mutex_};
  const auto delay = backoff_.delay(login.user, login.address, Backoff::Clock::now());
  if (!delay) attempts_.note(login, false);
  return delay;
}

bool Users::is_remembered(const User& user, const std::string& digest) const {
  const std::lock_guard lock{mutex_};
  const auto found = verified_.find(user.name);
  return found != verified_.end() && is_equal_constant_time(found->second, digest);
}

std::optional<Identity> Users::recall(const Login& login) {
  std::optional<Identity> identity = find_token(login);
  if (!identity) {
    const std::optional<User> user = find(login.user);
    if (!user || !may_come_from(login.user, login.peer_is_loopback)) return std::nullopt;
    if (!is_remembered(*user, digest_of(cache_key_, *user, login.password))) return std::nullopt;
    identity = Identity{user->name, user->tags};
  }
  const std::lock_guard lock{mutex_};
  backoff_.succeeded(login.user, login.address);
  attempts_.note(login, true);
  return identity;
}

std::optional<Identity> Users::find_token(const Login& login) const {
  if (!looks_like_token(login.password)) return std::nullopt;
  const std::lock_guard lock{mutex_};
  const Token* token = tokens_.find_proved(login.password, std::chrono::system_clock::now());
  if (!token) return std::nullopt;
  const bool is_nameless = login.user.empty() && login.protocol == Protocol::http;
  if (!is_nameless && login.user != token->user) return std::nullopt;
  if (!may_come_from(token->user, login.peer_is_loopback)) return std::nullopt;
  const auto user = users_.find(token->user);
  if (user == users_.end()) return std::nullopt;
  return Identity{user->first, user->second.tags, token->id};
}

std::optional<Identity> Users::authenticate(const Login& login) {
  std::optional<Identity> identity = verify(login);
  const std::lock_guard lock{mutex_};
  if (identity)
    backoff_.succeeded(login.user, login.address);
  else
    backoff_.failed(login.user, login.address, Backoff::Clock::now());
  attempts_.note(login, identity.has_value());
  return identity;
}

std::optional<Identity> Users::verify(const Login& login) {
  // Stays empty for an unknown name: verifying against no hash costs as much as any.
  const User user = find(login.user).value_or(User{});
  const std::string digest = digest_of(cache_key_, user, login.password);
  const bool may_come = may_come_from(login.user, login.peer_is_loopback);
  // Whoever is refused anyway must not learn from the time that the password was right.
  const bool is_verified = (may_come && is_remembered(user, digest)) ||
                           verify_password(login.password, user.password_hash);
  if (!is_verified || !may_come || user.name.empty() || login.password.empty()) return std::nullopt;

  if (!is_slow_hash(user.password_hash)) {
    rehash(user, login.password);
  } else {
    const std::lock_guard lock{mutex_};
    verified_.insert_or_assign(user.name, digest);
  }
  return Identity{user.name, user.tags};
}

/// A hash that came from RabbitMQ is quickly guessed; now that the password is known it gets one
/// that is not.
void Users::rehash(const User& user, std::string_view password) {
  std::string hash = hash_password(password);
  const std::lock_guard change{change_mutex_};
  std::optional<User> current = find(user.name);
  if (!current || current->password_hash != user.password_hash) return;  // changed meanwhile
  current->password_hash = std::move(hash);
  store_.put_user(*current);
  const std::lock_guard lock{mutex_};
  verified_.insert_or_assign(user.name, digest_of(cache_key_, *current, password));
  users_.insert_or_assign(user.name, std::move(*current));
}

std::optional<Identity> Users::find_proved(const Login& login) {
  std::optional<User> user;
  if (may_come_from(login.user, login.peer_is_loopback)) user = find(login.user);
  const std::lock_guard lock{mutex_};
  attempts_.note(login, user.has_value());
  return user ? std::optional{Identity{user->name, user->tags}} : std::nullopt;
}

// What is counted.

std::vector<Attempts::Total> Users::attempts() const {
  const std::lock_guard lock{mutex_};
  return attempts_.totals();
}

std::vector<Attempts::Source> Users::attempt_sources() const {
  const std::lock_guard lock{mutex_};
  return attempts_.sources();
}

void Users::clear_attempts() {
  const std::lock_guard lock{mutex_};
  attempts_.clear();
}

}  // namespace leveret::auth
