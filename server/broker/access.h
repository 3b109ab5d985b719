#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amqp/reply_code.h"
#include "auth/user.h"
#include "broker/message.h"
#include "broker/pattern.h"

namespace leveret::broker {

class Exchange;

/// The user lacks a right, unlike what nobody may do.
class AccessRefused : public amqp::Error {
 public:
  explicit AccessRefused(const std::string& text)
      : amqp::Error{amqp::ReplyCode::access_refused, text} {}
};

enum class Right : std::uint8_t { configure, write, read };
/// "configure", "write", "read", as in RabbitMQ's texts.
std::string_view name_of(Right right);

/// What a user may do in one virtual host (rabbit_auth_backend_internal.erl): patterns for the
/// names of queues and exchanges, and for routing keys at topic exchanges. Immutable, so that
/// threads may share it.
class Access {
 public:
  /// Who has no `permission` may do nothing. The expansions {username} and {vhost} of topic
  /// permissions are taken literally, whatever characters the names have. Throws PatternError.
  Access(const auth::User& user, const std::optional<auth::Permission>& permission,
         const std::vector<auth::TopicPermission>& topics);

  const std::string& user() const { return user_; }
  /// May publish in other users' names (RabbitMQ, tag `impersonator`).
  bool is_impersonator() const { return is_impersonator_; }
  /// The empty name is the default exchange's.
  bool allows(Right right, std::string_view name) const;
  /// Whether the routing keys of any exchange are limited.
  bool limits_topics() const { return !topics_.empty(); }
  bool limits_topics(std::string_view exchange) const;
  bool allows_topic(Right right, std::string_view exchange, std::string_view routing_key) const;

 private:
  struct Patterns {
    Pattern configure;
    Pattern write;
    Pattern read;
  };
  struct Topic {
    std::string exchange;
    Pattern write;
    Pattern read;
  };
  const Topic* find_topic(std::string_view exchange) const;

  std::string user_;
  bool is_impersonator_ = false;
  std::optional<Patterns> patterns_;
  std::vector<Topic> topics_;
};

/// What one connection, or one request, may do, with the answers that it has had: a pattern is
/// matched once for a name, not once for a message. Used on the core's loop.
///
/// All of require_* throw AccessRefused with RabbitMQ 4's text.
class Permissions {
 public:
  /// Without `access` everything is allowed: the broker itself. `vhost` outlives it.
  Permissions(std::shared_ptr<const Access> access, const std::string& vhost)
      : access_(std::move(access)), vhost_(&vhost) {}

  /// Replaces what is allowed; answers of before are forgotten.
  void set(std::shared_ptr<const Access> access);
  bool is_impersonator() const { return access_ && access_->is_impersonator(); }
  bool allows_queue(Right right, std::string_view name) { return !access_ || knows(right, name); }

  void require_queue(Right right, std::string_view name);
  void require_exchange(Right right, std::string_view name);
  /// Of a topic exchange; any other one has no limits of this kind.
  void require_topic(Right right, const Exchange& exchange, std::string_view routing_key);
  /// What publishing `message` needs, but for its topics: see require_topics().
  void require_publish(std::string_view exchange) {
    if (!access_ || (has_published_ && exchange == published_to_)) return;
    require_first_publish(exchange);
  }
  /// All routing keys of the message, those in CC and BCC included.
  void require_topics(const Exchange& exchange, const Message& message) {
    if (access_ && access_->limits_topics()) require_all_topics(exchange, message);
  }

 private:
  /// Answers that are kept, before all are forgotten.
  static constexpr std::size_t answers_max = 1024;

  bool knows(Right right, std::string_view name);
  bool knows_topic(Right right, std::string_view exchange, std::string_view routing_key);
  template <class Ask>
  bool answer(std::string key, Ask ask);
  void require_first_publish(std::string_view exchange);
  void require_all_topics(const Exchange& exchange, const Message& message);
  [[noreturn]] void refuse(Right right, const std::string& what) const;

  std::shared_ptr<const Access> access_;
  const std::string* vhost_;
  std::unordered_map<std::string, bool> answers_;
  bool has_published_ = false;
  std::string published_to_;
};

}  // namespace leveret::broker
