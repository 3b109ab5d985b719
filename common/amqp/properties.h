#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/table.h"

namespace leveret::amqp {

/// The properties of class basic (AMQP 0-9-1, 1.8), decoded and owned. For everything that looks
/// into a message; the path of a message itself keeps the bytes as they came.
struct Properties {
  std::optional<std::string> content_type;
  std::optional<std::string> content_encoding;
  std::optional<Table> headers;
  std::optional<std::uint8_t> delivery_mode;
  std::optional<std::uint8_t> priority;
  std::optional<std::string> correlation_id;
  std::optional<std::string> reply_to;
  std::optional<std::string> expiration;
  std::optional<std::string> message_id;
  std::optional<Timestamp> timestamp;
  std::optional<std::string> type;
  std::optional<std::string> user_id;
  std::optional<std::string> app_id;
  std::optional<std::string> cluster_id;

  bool operator==(const Properties&) const = default;
};

/// Decodes property flags and list, as they stand in a content header after the body size.
/// Throws Error{syntax_error} on anything malformed.
Properties read_properties(std::string_view raw);
/// Throws where read_properties would, and for headers beyond `limits`; allocates nothing. For
/// properties that come from outside.
void check_properties(std::string_view raw, TableLimits limits = peer_table_limits.get());
/// Encodes flags and list. Throws Error{syntax_error} for a text of more than 255 bytes.
std::string write_properties(const Properties& properties);

/// What routing and queueing need of the properties, as views into the raw bytes, without
/// allocating.
struct PropertiesHead {
  std::uint8_t delivery_mode = 1;
  std::optional<std::uint8_t> priority;
  std::optional<std::string_view> expiration;
  std::optional<std::string_view> reply_to;
  std::optional<std::string_view> user_id;
  /// The headers table with its length in front; empty when there is none.
  std::string_view headers;
};

/// Walks the raw properties once. Throws Error{syntax_error} when they are malformed or when bytes
/// are left over; the headers table's inside is not looked at.
PropertiesHead read_properties_head(std::string_view raw);

}  // namespace leveret::amqp
