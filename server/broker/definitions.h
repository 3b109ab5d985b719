#pragma once

#include <string>
#include <string_view>

#include "amqp/table.h"

namespace leveret::broker {

/// What a client asks for when it declares; names as they came.
struct ExchangeSpec {
  std::string_view name;
  std::string_view type;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments;
};

struct QueueSpec {
  /// Empty: the server makes a name.
  std::string_view name;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  amqp::Table arguments;
};

/// RabbitMQ drops line breaks from names, silently (rabbit_channel.erl strip_cr_lf).
inline std::string strip_line_breaks(std::string_view name) {
  std::string stripped{name};
  std::erase_if(stripped, [](char c) { return c == '\r' || c == '\n'; });
  return stripped;
}

struct BindingSpec {
  std::string_view source;
  std::string_view destination;
  bool to_exchange = false;
  std::string_view routing_key;
  amqp::Table arguments;
};

}  // namespace leveret::broker
