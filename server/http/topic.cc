#include "http/topic.h"

#include <algorithm>

#include "http/error.h"
#include "http/url.h"

namespace leveret::http {
namespace {

constexpr std::size_t topics_max = 64;

std::string decode(std::string_view text) {
  auto decoded = percent_decode(text);
  if (!decoded) throw bad_request("broken percent escape in 'topics'");
  return std::move(*decoded);
}

Topic parse_topic(std::string_view text) {
  if (text == "overview") return {Topic::Kind::overview, {}, {}, {}};
  if (text == "queues") return {Topic::Kind::queues, {}, {}, {}};
  constexpr std::string_view prefix = "queue:";
  const std::size_t colon = text.find(':', prefix.size());
  if (!text.starts_with(prefix) || colon == std::string_view::npos)
    throw bad_request("unknown topic '" + std::string{text} +
                      "': overview, queues and queue:VHOST:NAME are known");
  return {Topic::Kind::queue,
          decode(text.substr(prefix.size(), colon - prefix.size())),
          decode(text.substr(colon + 1)),
          {}};
}

}  // namespace

bool covers(const Topic& topic, const std::string& vhost) {
  if (topic.kind == Topic::Kind::queue) return topic.vhost == vhost;
  return !topic.vhosts || std::ranges::find(*topic.vhosts, vhost) != topic.vhosts->end();
}

std::vector<Topic> parse_topics(std::string_view raw) {
  std::string decoded_whole;
  // Neither of our separators stands there: they were encoded along with the names.
  if (raw.find('%') != std::string_view::npos &&
      raw.find_first_of(":,") == std::string_view::npos) {
    decoded_whole = decode(raw);
    raw = decoded_whole;
  }
  std::vector<Topic> topics;
  while (!raw.empty()) {
    const std::string_view part = raw.substr(0, raw.find(','));
    raw.remove_prefix(std::min(part.size() + 1, raw.size()));
    if (part.empty()) continue;
    Topic topic = parse_topic(part);
    if (std::ranges::find(topics, topic) == topics.end()) topics.push_back(std::move(topic));
  }
  if (topics.empty()) throw bad_request("'topics' names no topic");
  if (topics.size() > topics_max)
    throw bad_request("more than " + std::to_string(topics_max) + " topics in one stream");
  return topics;
}

}  // namespace leveret::http
