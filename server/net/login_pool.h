#pragma once

#include "auth/fair_work.h"
#include "auth/users.h"
#include "net/asio.h"
#include "net/sasl.h"

namespace leveret::net {

/// Checks passwords on threads of its own, since hashing one takes tens of milliseconds; those from
/// each address in turn.
class LoginPool {
 public:
  LoginPool(auth::Users& users, std::size_t threads) : users_(users), work_(threads) {}

  /// Who this is, nothing when the credentials are wrong; completes on `executor`, the caller's
  /// loop, where it also waits when there have been failures from `address`. Any thread.
  asio::awaitable<std::optional<auth::Identity>> check(asio::io_context::executor_type executor,
                                                       Credentials credentials,
                                                       asio::ip::address address);
  /// Ends the threads; logins that have not started are dropped.
  void stop() { work_.stop(); }

 private:
  auth::Users& users_;
  auth::FairWork work_;
};

}  // namespace leveret::net
