#include "auth/users.h"

#include <utility>

#include "auth/password.h"
#include "base/random.h"

namespace leveret::auth {
namespace {

constexpr std::size_t cache_key_bytes = 32;

}  // namespace

Users::Users(UserStore& store, Stored stored)
    : store_(store), cache_key_(random_bytes(cache_key_bytes)), tokens_(std::move(stored.tokens)) {
  for (User& user : stored.users) {
    std::string name = user.name;
    users_.insert_or_assign(std::move(name), std::move(user));
  }
  for (Permission& each : stored.permissions)
    permissions_.insert_or_assign({each.user, each.vhost}, each);
  for (TopicPermission& each : stored.topic_permissions)
    topic_permissions_[{each.user, each.vhost}].insert_or_assign(each.exchange, each);
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
  std::vector<std::string> tokens;
  {
    const std::lock_guard lock{mutex_};
    tokens = tokens_.of_user(name);
    users_.erase(name);
    verified_.erase(name);
    std::erase_if(permissions_, [&](const auto& entry) { return entry.first.first == name; });
    std::erase_if(topic_permissions_, [&](const auto& entry) { return entry.first.first == name; });
  }
  for (const std::string& token : tokens) end_token(token);
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

// Tokens.

std::vector<Token> Users::tokens(const std::optional<std::string>& user) const {
  const std::lock_guard lock{mutex_};
  std::vector<Token> all = tokens_.all();
  if (user) std::erase_if(all, [&](const Token& token) { return token.user != *user; });
  return all;
}

std::string Users::make_token(const std::string& user, const std::string& description,
                              std::optional<std::chrono::seconds> lifetime, Token& made) {
  const std::lock_guard change{change_mutex_};
  const Token::Time now = std::chrono::system_clock::now();
  std::optional<Token::Time> expires_at;
  if (lifetime) expires_at = now + *lifetime;
  std::string text;
  made = auth::make_token(user, description, now, expires_at, text);
  store_.put_token(made);
  const std::lock_guard lock{mutex_};
  tokens_.add(made);
  return text;
}

bool Users::remove_token(const std::string& id) {
  const std::lock_guard change{change_mutex_};
  {
    const std::lock_guard lock{mutex_};
    if (!tokens_.find(id)) return false;
  }
  store_.drop_token(id);
  end_token(id);
  return true;
}

/// Without the store, which has forgotten it.
void Users::end_token(const std::string& id) {
  {
    const std::lock_guard lock{mutex_};
    tokens_.remove(id);
  }
  if (on_token_end) on_token_end(id);
}

void Users::remove_expired_tokens() {
  std::vector<std::string> expired;
  {
    const std::lock_guard lock{mutex_};
    expired = tokens_.expired(std::chrono::system_clock::now());
  }
  for (const std::string& id : expired) remove_token(id);
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
