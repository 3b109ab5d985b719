#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "amqp/table.h"

namespace leveret::broker {

struct Binding;

/// What routing looks at. The headers are decoded when an index asks for them, once per message.
class RoutingSubject {
 public:
  /// `properties` as in a content header; empty when there are none. `draw` differs from message to
  /// message.
  RoutingSubject(std::string_view routing_key, std::string_view raw_headers,
                 std::string_view properties = {}, std::uint64_t draw = 0)
      : routing_key_(routing_key),
        main_key_(routing_key),
        raw_headers_(raw_headers),
        properties_(properties),
        draw_(draw) {}

  /// The same message under another of its keys (see CC).
  RoutingSubject with_key(std::string_view routing_key) const {
    RoutingSubject subject = *this;
    subject.routing_key_ = routing_key;
    return subject;
  }

  std::string_view routing_key() const { return routing_key_; }
  /// The key of the publish itself. What chooses one binding for the message looks at this, or a
  /// message with CC would be given several.
  std::string_view main_key() const { return main_key_; }
  std::string_view raw_headers() const { return raw_headers_; }
  std::string_view properties() const { return properties_; }
  std::uint64_t draw() const { return draw_; }
  const amqp::Table& headers() const;

 private:
  std::string_view routing_key_;
  std::string_view main_key_;
  std::string_view raw_headers_;
  std::string_view properties_;
  std::uint64_t draw_;
  mutable std::optional<amqp::Table> headers_;
};

using Matches = std::vector<const Binding*>;

}  // namespace leveret::broker
