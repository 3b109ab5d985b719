// Property flags and list, through all three ways of reading them.

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "harness.h"

using namespace leveret;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw = view_of(data, size);
  amqp::Properties properties;
  try {
    properties = amqp::read_properties(raw);
  } catch (const amqp::Error& error) {
    require(error.code == amqp::ReplyCode::syntax_error);
    try {
      amqp::check_properties(raw);
    } catch (const amqp::Error&) {
      return 0;
    }
    require(false);  // What passes the door has to be readable.
  }
  amqp::check_properties(raw, amqp::table_limits);
  const amqp::PropertiesHead head = amqp::read_properties_head(raw);
  require(head.delivery_mode == properties.delivery_mode.value_or(1));
  require(head.priority == properties.priority);
  require(head.expiration == properties.expiration);
  require(head.reply_to == properties.reply_to);
  require(head.user_id == properties.user_id);
  require(head.headers.empty() != properties.headers.has_value());
  const std::string once = amqp::write_properties(properties);
  require(once.size() == size);
  require(amqp::write_properties(amqp::read_properties(once)) == once);
  return 0;
}
