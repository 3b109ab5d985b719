#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/json.h"
#include "lib/url.h"

namespace leveret::cli {

/// A broker's HTTP API: JSON requests with basic authentication, one connection each.
class Api {
 public:
  /// `address` is http://user:password@host:port, or https:// with TlsOptions as its query. Throws
  /// Failure{usage} when it is not.
  explicit Api(std::string_view address);

  /// The answer's JSON; null for an empty body. Throws Failure with the exit code that fits: 66 for
  /// 404, 77 for 401 and 403, 69 when nobody answers, and so on.
  Json get(const std::string& path) const;
  Json post(const std::string& path, const Json& body) const;
  /// The same with a body that is JSON already.
  Json post_text(const std::string& path, const std::string& body) const;
  Json put(const std::string& path, const Json& body) const;
  /// `reason` is told to the client whose connection is closed.
  Json remove(const std::string& path, const std::string& reason = {}) const;
  /// The same API as another user.
  Api as(const std::string& user, const std::string& password) const;

  /// How long an answer may take; a minute unless it is set.
  void set_timeout(std::chrono::seconds timeout) { timeout_ = timeout; }

  /// "/api/x/queues/%2F/emails": names percent-encoded between slashes, behind `prefix`.
  static std::string path(std::string_view prefix, const std::vector<std::string>& names);

 private:
  Json request(std::string_view method, const std::string& path, const std::string& body,
               const std::string& reason = {}) const;

  std::string host_;
  std::uint16_t port_ = 80;
  std::string user_ = "guest";
  std::string password_ = "guest";
  std::string prefix_;
  /// Nothing for plain HTTP.
  std::optional<client::TlsOptions> tls_;
  std::chrono::seconds timeout_{60};
};

}  // namespace leveret::cli
