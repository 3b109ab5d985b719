// An address of a broker as people type it: read or refused with what is wrong, and what is written
// of it reads as the same, without a password.

#include <stdexcept>

#include "harness.h"
#include "lib/url.h"

using namespace leveret;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = view_of(data, size);
  require(client::percent_decode(client::percent_encode(text)) == text);
  client::Url url;
  try {
    url = client::Url::parse(text);
  } catch (const std::invalid_argument& error) {
    require(error.what()[0] != '\0');
    return 0;
  }
  require(url.port != 0);
  const std::string shown = url.to_string();
  client::Url again = client::Url::parse(shown);
  again.password = url.password;
  again.heartbeat_s = url.heartbeat_s;
  require(again.to_string() == shown);
  require(again.vhost == url.vhost && again.user == url.user && again.port == url.port);
  return 0;
}
