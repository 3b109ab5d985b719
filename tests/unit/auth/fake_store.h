#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "auth/users.h"

namespace leveret::auth {

/// Notes what is stored, one line a change.
struct FakeStore final : UserStore {
  std::vector<std::string> lines;
  bool is_full = false;

  void note(const std::string& line) {
    if (is_full) throw std::runtime_error{"the disk is full"};
    lines.push_back(line);
  }
  void put_user(const User& user) override { note("user " + user.name); }
  void drop_user(const std::string& name) override { note("no user " + name); }
  void put_permission(const Permission& each) override {
    note("permission " + each.user + " " + each.vhost);
  }
  void drop_permission(const std::string& user, const std::string& vhost) override {
    note("no permission " + user + " " + vhost);
  }
  void put_topic_permission(const TopicPermission& each) override {
    note("topic " + each.user + " " + each.vhost + " " + each.exchange);
  }
  void drop_topic_permission(const std::string& user, const std::string& vhost,
                             const std::string& exchange) override {
    note("no topic " + user + " " + vhost + " " + exchange);
  }
  void put_user_limit(const std::string& user, const std::string& name, std::int64_t) override {
    note("limit " + user + " " + name);
  }
  void drop_user_limit(const std::string& user, const std::string& name) override {
    note("no limit " + user + " " + name);
  }
  void put_token(const Token& token) override { note("token of " + token.user); }
  void drop_token(const std::string&) override { note("no token"); }
};

}  // namespace leveret::auth
