#pragma once

#include <string>

#include "net/asio.h"

namespace leveret::net {

/// The address that an IPv4 client has on a socket that also takes IPv6.
asio::ip::address unmapped(const asio::ip::address& address);

/// "127.0.0.1:5672", "[::1]:5672".
std::string text_of(const tcp::endpoint& endpoint);

}  // namespace leveret::net
