#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/fair_work.h"
#include "auth/users.h"
#include "base/log_allowance.h"

namespace leveret::http {

struct Credentials {
  std::string user;
  std::string password;
};
/// What an `Authorization` header holds: user and password of `Basic`, or the token of `Bearer`,
/// which is a password without a user; nothing for anything else.
std::optional<Credentials> read_authorization(std::string_view authorization);

/// Whether any of the user's tags admits to the management API, as in RabbitMQ.
bool may_manage(const auth::Identity& identity);
/// Whether the user sees what other users do: connections, channels.
bool may_monitor(const auth::Identity& identity);
bool is_administrator(const auth::Identity& identity);

/// Checks passwords on a thread of its own, those from each address in turn: hashing is slow on
/// purpose, and the HTTP loop must go on.
class Authenticator {
 public:
  explicit Authenticator(std::shared_ptr<auth::Users> users);
  /// Joins the thread.
  ~Authenticator() { stop(); }

  /// Nothing when the user is unknown or the password is wrong, which the log tells. Waits when
  /// there have been failures from `address`. On the HTTP loop.
  boost::asio::awaitable<std::optional<auth::Identity>> check(Credentials credentials,
                                                              bool peer_is_loopback,
                                                              std::string address);
  void stop();

 private:
  void note_refusal(const auth::Login& login);

  std::shared_ptr<auth::Users> users_;
  auth::FairWork work_{1};
  LogAllowance refusals_;
};

}  // namespace leveret::http
