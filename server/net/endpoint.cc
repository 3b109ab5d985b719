#include "net/endpoint.h"

namespace leveret::net {

asio::ip::address unmapped(const asio::ip::address& address) {
  return address.is_v6() && address.to_v6().is_v4_mapped()
             ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6())
             : address;
}

std::string text_of(const tcp::endpoint& endpoint) {
  const asio::ip::address address = unmapped(endpoint.address());
  const std::string host = address.to_string();
  return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace leveret::net
