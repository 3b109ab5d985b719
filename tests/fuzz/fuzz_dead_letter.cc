// Property flags and list of a message as a client may have published it, with an x-death and other
// headers of its own, through everything that rewrites or shows them: it dies, again and again, is
// replayed, and its story is told.

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "broker/dead_letter.h"
#include "harness.h"
#include "http/death.h"

using namespace leveret;

namespace {

constexpr std::size_t error_text_max = 160;

amqp::Table headers_of(const broker::Message& message) {
  if (message.headers().empty()) return {};
  amqp::Reader reader{message.headers()};
  return amqp::read_table(reader);
}

void tell(const broker::Message& message) {
  const amqp::Table headers = headers_of(message);
  http::read_death(headers);
  if (const auto error = http::read_error(headers))
    require(http::normalise_error(*error).size() <= 4 * error_text_max);
  broker::original_queue(message);
  broker::is_cycle(headers, "q");
}

/// What has died is told so, and one death is counted.
broker::MessagePtr killed(const broker::Message& message, broker::DeathReason reason) {
  const std::string key = "dead";
  const broker::DeadLetter letter = broker::make_dead_letter(
      message, {reason, "q", 1'000}, reason == broker::DeathReason::maxlen ? &key : nullptr);
  require(!letter.routing_keys.empty());
  auto dead = broker::Message::make("dlx", letter.routing_keys.front().substr(0, 255),
                                    amqp::write_properties(letter.properties), message.body(), 2);
  require(broker::original_queue(*dead) == "q");
  const auto death = http::read_death(headers_of(*dead));
  require(death && death->reason == broker::name_of(reason) && death->queue == "q");
  return dead;
}

void live(broker::MessagePtr message) {
  using broker::DeathReason;
  for (const DeathReason reason :
       {DeathReason::rejected, DeathReason::expired, DeathReason::expired, DeathReason::maxlen,
        DeathReason::delivery_limit}) {
    message = killed(*message, reason);
    tell(*message);
    broker::visible_form(message);
    broker::with_delivery_count(*message, 3);
  }
  require(!broker::is_cycle(headers_of(*message), "another queue"));
  message = broker::make_replay(*message, "q", "guest", 1, 3'000);
  require(broker::original_queue(*message).empty());
  broker::make_replay(*killed(*message, DeathReason::rejected), "q", "guest", 2, 4'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw = view_of(data, size);
  try {
    amqp::check_properties(raw);  // at the door
    live(broker::Message::make("e", "key", raw, "body", 1));
  } catch (const amqp::Error&) {
    // Refused, or grown beyond what can be read again.
  }
  return 0;
}
