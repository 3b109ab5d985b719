// What a server, or somebody in its place, sends to the client library: whole frames are taken from
// the front or refused with amqp::Error. The first octet says whether the handshake comes first.

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "harness.h"
#include "lib/session.h"

using namespace leveret;

namespace {

/// Reads what it is handed, as the library's channels do.
struct Reader final : client::SessionListener {
  void on_open() override {}
  void on_method(std::uint16_t channel, const amqp::Method& method,
                 std::string_view payload) override {
    require(channel != 0);
    require(amqp::read_method(payload).index() == method.index());
  }
  void on_content(std::uint16_t channel, const client::Content& content) override {
    require(channel != 0);
    require(amqp::read_method(content.method_payload).index() == content.method.index());
    body_bytes += content.body.size();
    amqp::read_properties(content.properties);
  }
  void on_blocked(std::string_view) override {}
  void on_unblocked() override {}
  void on_closed(std::uint16_t, std::string_view) override { is_closed = true; }

  std::size_t body_bytes = 0;
  bool is_closed = false;
};

std::string handshake() {
  amqp::connection::Start start;
  start.mechanisms.value = "PLAIN";
  start.locales.value = "en_US";
  std::string out;
  amqp::write_method_frame(out, 0, start);
  amqp::write_method_frame(out, 0, amqp::connection::Tune{2047, 131072, 60});
  amqp::write_method_frame(out, 0, amqp::connection::OpenOk{});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Reader reader;
  client::SessionSettings settings;
  settings.user = settings.password = "guest";
  settings.vhost = "/";
  client::Session session{settings, reader};
  session.start();
  std::string stream = (data[0] & 1U) != 0 ? handshake() : "";
  stream += view_of(data + 1, size - 1);
  try {
    const std::size_t used = session.receive(stream);
    require(used <= stream.size());
    require(reader.body_bytes <= used);
  } catch (const amqp::Error& error) {
    require(error.close_text().size() <= 255);
  }
  require(!(reader.is_closed && session.is_open()));
  return 0;
}
