#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

namespace leveret::http {

/// A long body that is made while it is sent: the next piece is asked for when the client has taken
/// the one before.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  /// The next piece, empty at the end. On the HTTP loop.
  virtual boost::asio::awaitable<std::string> next() = 0;
};

}  // namespace leveret::http
