#include "lib/error.h"

#include "amqp/reply_code.h"

namespace leveret::client {

bool is_worth_retrying(const ConnectionError& error) {
  using amqp::ReplyCode;
  switch (static_cast<ReplyCode>(error.reply_code)) {
    case ReplyCode::connection_forced:  // A shutdown, or an operator's hand.
    case ReplyCode::internal_error:     // What RabbitMQ says while a vhost is starting.
      return true;
    default: return error.reply_code == 0;
  }
}

}  // namespace leveret::client
