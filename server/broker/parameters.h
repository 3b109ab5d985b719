#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::broker {

/// A runtime parameter as RabbitMQ has it: a value under a component and a name in a virtual host.
/// A global one has neither virtual host nor component. Nothing in the broker follows them: they
/// are kept for who set them, and exported.
struct Parameter {
  std::string vhost;
  std::string component;
  std::string name;
  std::string value;  // JSON

  bool operator==(const Parameter&) const = default;
};

/// All parameters but policies and limits, which have stores of their own. Any thread.
class ParameterDirectory {
 public:
  virtual ~ParameterDirectory() = default;
  /// Sorted by virtual host, component and name: the global ones come first.
  virtual std::vector<Parameter> all() const = 0;
  /// The value; nothing when there is no such parameter.
  virtual std::optional<std::string> find(std::string_view vhost, std::string_view component,
                                          std::string_view name) const = 0;

  // Changes. They block until they are on disk and throw what the store throws; nothing has changed
  // then.
  /// Sets them all or none; their virtual hosts must exist. Returns how many are new.
  virtual std::size_t put(const std::vector<Parameter>& parameters) = 0;
  /// Returns whether there was one.
  virtual bool remove(std::string_view vhost, std::string_view component,
                      std::string_view name) = 0;
};

}  // namespace leveret::broker
