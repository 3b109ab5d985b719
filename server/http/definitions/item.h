#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/table.h"
#include "http/definitions/definitions.h"
#include "http/json.h"

namespace leveret::http {

/// One object of a list of definitions, read member by member. What is wrong is said with its
/// place, and something harmless is returned.
class Item {
 public:
  Item(const Json& object, std::string_view list, std::size_t place, ImportErrors& errors)
      : object_(object), list_(list), place_(place), errors_(errors) {}

  std::size_t place() const { return place_; }
  bool has(const char* name) const;
  const Json* find(const char* name) const;
  std::optional<std::string> find_text(const char* name) const;
  /// Must be there; up to 255 bytes.
  std::string name(const char* name) const;
  /// Must be there, of any length.
  std::string text(const char* name) const;
  bool flag(const char* name) const;
  amqp::Table table(const char* name) const;
  /// A regular expression that must be there.
  std::string pattern(const char* name) const;
  /// Runs `read`, which throws HttpError or amqp::Error for what is wrong with this member.
  template <class F>
  auto member(const char* name, F read) const -> decltype(read()) {
    try {
      return read();
    } catch (const std::exception& error) {
      refuse(name, error.what());
      return {};
    }
  }
  /// `name` is empty for the object as a whole.
  void refuse(std::string_view name, const std::string& reason) const;

 private:
  const Json& object_;
  std::string_view list_;
  std::size_t place_;
  ImportErrors& errors_;
};

}  // namespace leveret::http
