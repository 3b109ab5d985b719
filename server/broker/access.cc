#include "broker/access.h"

#include <algorithm>
#include <utility>

#include "amqp/reply_code.h"
#include "broker/dead_letter.h"
#include "broker/exchange.h"

namespace leveret::broker {
namespace {

/// What the default exchange is called where names are matched (rabbit_access_control.erl).
constexpr std::string_view default_exchange = "amq.default";

std::string_view shown(std::string_view exchange) {
  return exchange.empty() ? default_exchange : exchange;
}

/// An empty pattern matches nothing but an empty name.
Pattern compile(std::string_view pattern) {
  return Pattern{pattern.empty() ? "^$" : pattern};
}

/// `text` as a pattern for itself.
std::string quote(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) > 127;
    if (!is_plain) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

Pattern compile_topic(std::string pattern, const auth::TopicPermission& permission) {
  replace_all(pattern, "{username}", quote(permission.user));
  replace_all(pattern, "{vhost}", quote(permission.vhost));
  return compile(pattern);
}

}  // namespace

std::string_view name_of(Right right) {
  switch (right) {
    case Right::configure: return "configure";
    case Right::write: return "write";
    case Right::read: return "read";
  }
  return {};
}

Access::Access(const auth::User& user, const std::optional<auth::Permission>& permission,
               const std::vector<auth::TopicPermission>& topics)
    : user_(user.name),
      is_impersonator_(std::ranges::find(user.tags, "impersonator") != user.tags.end()) {
  if (permission)
    patterns_ = Patterns{compile(permission->configure), compile(permission->write),
                         compile(permission->read)};
  for (const auth::TopicPermission& topic : topics)
    topics_.push_back(
        {topic.exchange, compile_topic(topic.write, topic), compile_topic(topic.read, topic)});
}

bool Access::allows(Right right, std::string_view name) const {
  if (!patterns_) return false;
  switch (right) {
    case Right::configure: return patterns_->configure.matches(shown(name));
    case Right::write: return patterns_->write.matches(shown(name));
    case Right::read: return patterns_->read.matches(shown(name));
  }
  return false;
}

const Access::Topic* Access::find_topic(std::string_view exchange) const {
  const auto found = std::ranges::find(topics_, exchange, &Topic::exchange);
  return found == topics_.end() ? nullptr : &*found;
}

bool Access::limits_topics(std::string_view exchange) const {
  return find_topic(exchange) != nullptr;
}

bool Access::allows_topic(Right right, std::string_view exchange,
                          std::string_view routing_key) const {
  const Topic* topic = find_topic(exchange);
  return !topic || (right == Right::write ? topic->write : topic->read).matches(routing_key);
}

void Permissions::set(std::shared_ptr<const Access> access) {
  access_ = std::move(access);
  answers_.clear();
  has_published_ = false;
}

template <class Ask>
bool Permissions::answer(std::string key, Ask ask) {
  const auto known = answers_.find(key);
  if (known != answers_.end()) return known->second;
  const bool is_allowed = ask();
  if (answers_.size() >= answers_max) answers_.clear();
  answers_.emplace(std::move(key), is_allowed);
  return is_allowed;
}

bool Permissions::knows(Right right, std::string_view name) {
  std::string key{name_of(right).substr(0, 1)};
  key += name;
  return answer(std::move(key), [&] { return access_->allows(right, name); });
}

bool Permissions::knows_topic(Right right, std::string_view exchange,
                              std::string_view routing_key) {
  std::string key{right == Right::write ? "W" : "R"};
  key += static_cast<char>(exchange.size());  // a short string: no two pairs have the same key
  key += exchange;
  key += routing_key;
  return answer(std::move(key),
                [&] { return access_->allows_topic(right, exchange, routing_key); });
}

void Permissions::refuse(Right right, const std::string& what) const {
  throw AccessRefused{std::string{name_of(right)} + " access to " + what + " in vhost '" + *vhost_ +
                      "' refused for user '" + access_->user() + "'"};
}

void Permissions::require_queue(Right right, std::string_view name) {
  if (!access_ || knows(right, name)) return;
  refuse(right, "queue '" + std::string{name} + "'");
}

void Permissions::require_exchange(Right right, std::string_view name) {
  if (!access_ || knows(right, name)) return;
  refuse(right, "exchange '" + std::string{shown(name)} + "'");
}

void Permissions::require_topic(Right right, const Exchange& exchange,
                                std::string_view routing_key) {
  if (!access_ || exchange.type() != "topic" || !access_->limits_topics(exchange.name())) return;
  if (knows_topic(right, exchange.name(), routing_key)) return;
  refuse(right, "topic '" + std::string{routing_key} + "' in exchange '" + exchange.name() + "'");
}

void Permissions::require_first_publish(std::string_view exchange) {
  require_exchange(Right::write, exchange);
  published_to_ = exchange;
  has_published_ = true;
}

void Permissions::require_all_topics(const Exchange& exchange, const Message& message) {
  if (!message.may_have_cc() && !message.may_have_bcc())
    return require_topic(Right::write, exchange, message.routing_key());
  if (exchange.type() != "topic" || !access_->limits_topics(exchange.name())) return;
  amqp::Reader reader{message.headers()};
  for (const std::string& key : routing_keys_of(message.routing_key(), amqp::read_table(reader)))
    require_topic(Right::write, exchange, key);
}

}  // namespace leveret::broker
