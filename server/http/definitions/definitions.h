#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user.h"
#include "broker/parameters.h"
#include "broker/topology.h"

/// Definitions as RabbitMQ exports and imports them (rabbit_definitions.erl), read and checked.
namespace leveret::http {

/// Each knows where it stood in its list, for what is said about it.
template <class T>
struct Placed {
  std::size_t place = 0;
  T value;
};
template <class T>
using PlacedList = std::vector<Placed<T>>;

/// What is nothing stays as it is.
struct UserDefinition {
  std::string name;
  std::optional<std::vector<std::string>> tags;
  std::optional<auth::Limits> limits;
  /// As auth/password.h encodes it, empty for no login by password.
  std::optional<std::string> password_hash;
  std::optional<std::string> password;
};

/// What is nothing stays as it is.
struct VhostDefinition {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> default_queue_type;
  std::optional<auth::Limits> limits;
};

/// What belongs into one virtual host.
struct VhostContents {
  std::optional<auth::Limits> limits;
  PlacedList<broker::PolicyRecord> policies;
  PlacedList<broker::PolicyRecord> operator_policies;  // out of the parameters
  PlacedList<broker::ExchangeDefinition> exchanges;
  PlacedList<broker::QueueDefinition> queues;
  PlacedList<broker::BindingRecord> bindings;
};

struct Definitions {
  PlacedList<UserDefinition> users;
  PlacedList<VhostDefinition> vhosts;
  PlacedList<auth::Permission> permissions;
  PlacedList<auth::TopicPermission> topic_permissions;
  PlacedList<broker::Parameter> parameters;
  PlacedList<broker::Parameter> global_parameters;
  std::map<std::string, VhostContents> contents;  // by virtual host
  /// What is left out, and why: "queues[3]: ...".
  std::vector<std::string> notes;
};

/// What is wrong with definitions, each with its place: "queues[17].arguments.x-max-length".
class ImportErrors {
 public:
  struct Error {
    std::string place;
    std::string reason;
  };
  static constexpr std::size_t count_max = 100;

  void add(std::string place, std::string reason);
  bool is_empty() const { return errors_.empty(); }
  /// Nothing more is kept; reading on is of no use.
  bool is_full() const { return errors_.size() >= count_max; }
  const std::vector<Error>& all() const { return errors_; }

 private:
  std::vector<Error> errors_;
};

/// "queues[17]".
std::string place_of(std::string_view list, std::size_t place);

/// Reads definitions, one object at a time, so that memory is bounded by what is kept of them. With
/// `vhost`, all belongs there whatever it says, and users, permissions and the like are left out
/// with a note (as in RabbitMQ). Unknown members of the whole are ignored. Everything that can be
/// told without looking at the broker is checked; what is wrong goes to `errors`.
Definitions read_definitions(std::string_view json, const std::string& vhost, ImportErrors& errors);

}  // namespace leveret::http
