#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>

#include "tls/settings.h"

struct ssl_ctx_st;

namespace leveret::tls {

/// A certificate, key or CA file that cannot be used. what() names the setting, the file and what
/// is wrong with it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// OpenSSL's SSL_CTX, kept by every connection that was made with it.
using NativeContext = std::shared_ptr<ssl_ctx_st>;

/// The server's certificate, key and CAs, as they were last read. Any thread.
class Context {
 public:
  /// Reads the files. Throws Error.
  explicit Context(const Settings& settings);

  /// Reads the files again, by other settings perhaps, for connections to come. Throws Error, and
  /// keeps the old ones then.
  void reload(const Settings& settings);
  NativeContext current() const;
  /// The certificate's subject and until when it is valid, for the log.
  std::string summary() const;

 private:
  mutable std::mutex mutex_;
  NativeContext native_;
};

}  // namespace leveret::tls
