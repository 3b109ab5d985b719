#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/table.h"

namespace leveret::http {

/// Why a message is in a dead-letter queue: the newest entry of its x-death header, with totals
/// over all.
struct Death {
  std::string reason;
  std::string queue;
  std::string exchange;
  std::vector<std::string> routing_keys;
  std::int64_t count = 0;
  /// Seconds since the epoch, of the newest and of the oldest entry; 0 when not told.
  std::int64_t time = 0;
  std::int64_t first_death_time = 0;
  std::int64_t total_count = 0;
};

/// Nothing when there is no x-death header of the form that brokers write. Headers are a client's
/// input: whatever stands there, this only reads it.
std::optional<Death> read_death(const amqp::Table& headers);

/// What went wrong in the consumer's own words: the first of the headers x-error,
/// x-exception-message (Spring AMQP), MT-Fault-Message (MassTransit), error, exception that is
/// there.
std::optional<std::string> read_error(const amqp::Table& headers);

/// An error text with what differs from message to message taken out, so that equal causes count as
/// one: the first line only, numbers as `#`, UUIDs and long hexadecimal as `{id}`, quoted text as
/// `{str}`, at most 160 characters.
std::string normalise_error(std::string_view text);

}  // namespace leveret::http
