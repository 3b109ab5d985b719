#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::http {

/// What a stream of live events can be about.
struct Topic {
  enum class Kind { overview, queues, queue };
  Kind kind = Kind::overview;
  std::string vhost;
  std::string queue;
  /// Of the first two kinds: the only virtual hosts to look at; nothing means all.
  std::optional<std::vector<std::string>> vhosts = {};
  bool operator==(const Topic&) const = default;
};

/// Whether `topic` is about something of this virtual host.
bool covers(const Topic& topic, const std::string& vhost);

/// Reads "overview,queues,queue:%2F:emails", each name encoded on its own so that it may hold a
/// comma or a colon; a value that was encoded once more as a whole, as many libraries do, is
/// understood too. Throws HttpError 400 for an unknown topic, for none, and for more than 64.
std::vector<Topic> parse_topics(std::string_view raw);

}  // namespace leveret::http
