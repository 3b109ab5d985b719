#include "auth/users.h"

#include <algorithm>
#include <utility>

#include "auth/password.h"

namespace leveret::auth {
namespace {

constexpr std::string_view loopback_user = "guest";
constexpr std::size_t cache_key_bytes = 32;

/// Bound to the stored hash, so that a changed password ends what was verified before.
std::string digest_of(std::string_view key, const User& user, std::string_view password) {
  return keyed_digest(key, user.password_hash + '\n' + std::string{password});
}

}  // namespace

bool Identity::has_tag(std::string_view tag) const {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

Users::Users(std::vector<User> users) : cache_key_(random_bytes(cache_key_bytes)) {
  for (User& user : users) {
    std::string name = user.name;
    users_.insert_or_assign(std::move(name), std::move(user));
  }
}

std::optional<Identity> Users::authenticate(std::string_view name, std::string_view password,
                                            bool peer_is_loopback) {
  User user;  // stays empty for an unknown name: verifying against no hash costs as much as any
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = users_.find(std::string{name}); found != users_.end())
      user = found->second;
  }
  const std::string digest = digest_of(cache_key_, user, password);
  bool is_verified = false;
  {
    const std::lock_guard lock{mutex_};
    const auto cached = verified_.find(user.name);
    is_verified = cached != verified_.end() && is_equal_constant_time(cached->second, digest);
  }
  if (!is_verified) is_verified = verify_password(password, user.password_hash);
  if (!is_verified || user.name.empty()) return std::nullopt;
  if (name == loopback_user && !peer_is_loopback) return std::nullopt;

  const std::lock_guard lock{mutex_};
  verified_.insert_or_assign(user.name, digest);
  return Identity{user.name, user.tags};
}

std::optional<Identity> Users::find_proved(std::string_view name, bool peer_is_loopback) {
  if (name == loopback_user && !peer_is_loopback) return std::nullopt;
  const std::lock_guard lock{mutex_};
  const auto found = users_.find(std::string{name});
  if (found == users_.end()) return std::nullopt;
  return Identity{found->second.name, found->second.tags};
}

}  // namespace leveret::auth
