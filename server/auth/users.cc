#include "auth/users.h"

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

Users::Users(UserStore& store, Stored stored)
    : store_(store), cache_key_(random_bytes(cache_key_bytes)) {
  for (User& user : stored.users) {
    std::string name = user.name;
    users_.insert_or_assign(std::move(name), std::move(user));
  }
  for (Permission& each : stored.permissions)
    permissions_.insert_or_assign({each.user, each.vhost}, each);
  for (TopicPermission& each : stored.topic_permissions)
    topic_permissions_[{each.user, each.vhost}].insert_or_assign(each.exchange, each);
}

// Logging in.

std::optional<std::chrono::milliseconds> Users::delay_login(std::string_view name,
                                                            std::string_view address) {
  const std::lock_guard lock{mutex_};
  return backoff_.delay(name, address, Backoff::Clock::now());
}

bool Users::is_remembered(const User& user, const std::string& digest) const {
  const std::lock_guard lock{mutex_};
  const auto found = verified_.find(user.name);
  return found != verified_.end() && is_equal_constant_time(found->second, digest);
}

std::optional<Identity> Users::recall(std::string_view name, std::string_view password,
                                      bool peer_is_loopback, std::string_view address) {
  const std::optional<User> user = find(name);
  if (!user || (name == loopback_user && !peer_is_loopback)) return std::nullopt;
  if (!is_remembered(*user, digest_of(cache_key_, *user, password))) return std::nullopt;
  const std::lock_guard lock{mutex_};
  backoff_.succeeded(name, address);
  return Identity{user->name, user->tags};
}

std::optional<Identity> Users::authenticate(std::string_view name, std::string_view password,
                                            bool peer_is_loopback, std::string_view address) {
  std::optional<Identity> identity = verify(name, password, peer_is_loopback);
  const std::lock_guard lock{mutex_};
  if (identity)
    backoff_.succeeded(name, address);
  else
    backoff_.failed(name, address, Backoff::Clock::now());
  return identity;
}

std::optional<Identity> Users::verify(std::string_view name, std::string_view password,
                                      bool peer_is_loopback) {
  // Stays empty for an unknown name: verifying against no hash costs as much as any.
  const User user = find(name).value_or(User{});
  const std::string digest = digest_of(cache_key_, user, password);
  const bool is_verified =
      is_remembered(user, digest) || verify_password(password, user.password_hash);
  if (!is_verified || user.name.empty() || password.empty()) return std::nullopt;
  if (name == loopback_user && !peer_is_loopback) return std::nullopt;

  if (!is_slow_hash(user.password_hash)) {
    rehash(user, password);
  } else {
    const std::lock_guard lock{mutex_};
    verified_.insert_or_assign(user.name, digest);
  }
  return Identity{user.name, user.tags};
}

std::optional<Identity> Users::find_proved(std::string_view name, bool peer_is_loopback) {
  if (name == loopback_user && !peer_is_loopback) return std::nullopt;
  const std::optional<User> user = find(name);
  return user ? std::optional{Identity{user->name, user->tags}} : std::nullopt;
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

// Looking.

std::vector<User> Users::users() const {
  const std::lock_guard lock{mutex_};
  std::vector<User> all;
  for (const auto& [name, user] : users_) all.push_back(user);
  return all;
}

std::optional<User> Users::find(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found = users_.find(name);
  return found == users_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<Permission> Users::permissions() const {
  const std::lock_guard lock{mutex_};
  std::vector<Permission> all;
  for (const auto& [key, permission] : permissions_) all.push_back(permission);
  return all;
}

std::optional<Permission> Users::permission(const std::string& user,
                                            const std::string& vhost) const {
  const std::lock_guard lock{mutex_};
  const auto found = permissions_.find({user, vhost});
  return found == permissions_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<TopicPermission> Users::topic_permissions() const {
  const std::lock_guard lock{mutex_};
  std::vector<TopicPermission> all;
  for (const auto& [key, exchanges] : topic_permissions_)
    for (const auto& [exchange, permission] : exchanges) all.push_back(permission);
  return all;
}

std::vector<TopicPermission> Users::topic_permissions(const std::string& user,
                                                      const std::string& vhost) const {
  const std::lock_guard lock{mutex_};
  std::vector<TopicPermission> all;
  const auto found = topic_permissions_.find({user, vhost});
  if (found == topic_permissions_.end()) return all;
  for (const auto& [exchange, permission] : found->second) all.push_back(permission);
  return all;
}

std::uint64_t Users::generation() const {
  const std::lock_guard lock{mutex_};
  return generation_;
}

// Changing.

bool Users::put(const User& user) {
  const std::lock_guard change{change_mutex_};
  store_.put_user(user);
  bool is_new = false;
  {
    const std::lock_guard lock{mutex_};
    const auto [entry, is_added] = users_.try_emplace(user.name, user);
    is_new = is_added;
    entry->second.password_hash = user.password_hash;
    entry->second.tags = user.tags;
  }
  changed(user.name);
  return is_new;
}

bool Users::remove(const std::string& name) {
  const std::lock_guard change{change_mutex_};
  if (!find(name)) return false;
  store_.drop_user(name);
  {
    const std::lock_guard lock{mutex_};
    users_.erase(name);
    verified_.erase(name);
    std::erase_if(permissions_, [&](const auto& entry) { return entry.first.first == name; });
    std::erase_if(topic_permissions_, [&](const auto& entry) { return entry.first.first == name; });
  }
  changed(name);
  return true;
}

bool Users::set_permission(const Permission& permission) {
  const std::lock_guard change{change_mutex_};
  store_.put_permission(permission);
  bool is_new = false;
  {
    const std::lock_guard lock{mutex_};
    is_new = permissions_.insert_or_assign({permission.user, permission.vhost}, permission).second;
  }
  changed(permission.user);
  return is_new;
}

bool Users::clear_permission(const std::string& user, const std::string& vhost) {
  const std::lock_guard change{change_mutex_};
  if (!permission(user, vhost)) return false;
  store_.drop_permission(user, vhost);
  {
    const std::lock_guard lock{mutex_};
    permissions_.erase({user, vhost});
  }
  changed(user);
  return true;
}

bool Users::set_topic_permission(const TopicPermission& permission) {
  const std::lock_guard change{change_mutex_};
  store_.put_topic_permission(permission);
  bool is_new = false;
  {
    const std::lock_guard lock{mutex_};
    auto& exchanges = topic_permissions_[{permission.user, permission.vhost}];
    is_new = exchanges.empty();
    exchanges.insert_or_assign(permission.exchange, permission);
  }
  changed(permission.user);
  return is_new;
}

bool Users::clear_topic_permissions(const std::string& user, const std::string& vhost,
                                    const std::optional<std::string>& exchange) {
  const std::lock_guard change{change_mutex_};
  bool was_there = false;
  for (const TopicPermission& each : topic_permissions(user, vhost)) {
    if (exchange && each.exchange != *exchange) continue;
    store_.drop_topic_permission(user, vhost, each.exchange);
    was_there = true;
    const std::lock_guard lock{mutex_};
    topic_permissions_[{user, vhost}].erase(each.exchange);
  }
  if (was_there) changed(user);
  return was_there;
}

void Users::set_limit(const std::string& user, const std::string& name, std::int64_t value) {
  const std::lock_guard change{change_mutex_};
  if (!find(user)) return;
  store_.put_user_limit(user, name, value);
  {
    const std::lock_guard lock{mutex_};
    users_.find(user)->second.limits.insert_or_assign(name, value);
  }
  changed(user);
}

void Users::clear_limit(const std::string& user, const std::string& name) {
  const std::lock_guard change{change_mutex_};
  if (!find(user)) return;
  store_.drop_user_limit(user, name);
  {
    const std::lock_guard lock{mutex_};
    users_.find(user)->second.limits.erase(name);
  }
  changed(user);
}

void Users::forget_vhost(const std::string& vhost) {
  const std::lock_guard lock{mutex_};
  ++generation_;
  std::erase_if(permissions_, [&](const auto& entry) { return entry.first.second == vhost; });
  std::erase_if(topic_permissions_, [&](const auto& entry) { return entry.first.second == vhost; });
}

/// With change_mutex_ held, so that whoever is told hears of changes in their order.
void Users::changed(const std::string& user) {
  {
    const std::lock_guard lock{mutex_};
    ++generation_;
  }
  if (on_change) on_change(user);
}

}  // namespace leveret::auth
