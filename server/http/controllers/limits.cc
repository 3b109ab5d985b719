#include "http/controllers/limits.h"

#include <algorithm>
#include <array>

#include "http/controllers/member.h"
#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::array<std::string_view, 2> limit_names{"max-connections", "max-queues"};

}  // namespace

std::int64_t read_vhost_limit(const std::string& name, const Json& value) {
  if (std::ranges::find(limit_names, name) == limit_names.end())
    throw bad_request("Validation failed\n\nUnrecognised terms [{<<\"" + name + "\">>," +
                      erlang_text(value) + "}] in limits\n");
  if (!value.is_number_integer())
    throw bad_request("Validation failed\n\n" + name + " should be a number, actually was " +
                      erlang_text(value) + "\n");
  return value.get<std::int64_t>();
}

auth::Limits read_vhost_limits(const Json& value) {
  auth::Limits limits;
  // An empty Erlang list is written [] by RabbitMQ.
  if (value.is_array() && value.empty()) return limits;
  if (!value.is_object())
    throw bad_request("Validation failed\n\nlimits not a list " + erlang_text(value) + "\n");
  for (const auto& [name, limit] : value.items())
    limits.emplace(name, read_vhost_limit(name, limit));
  return limits;
}

bool replace_vhost_limits(broker::CoreDirectory& cores, const std::string& vhost,
                          const auth::Limits& limits) {
  const auto info = cores.describe(vhost);
  if (!info) return true;
  for (const auto& [name, value] : info->limits)
    if (!limits.contains(name)) cores.clear_limit(vhost, name);
  for (const auto& [name, value] : limits) {
    const auto known = info->limits.find(name);
    if (known == info->limits.end() || known->second != value) cores.set_limit(vhost, name, value);
  }
  return info->limits.empty();
}

}  // namespace leveret::http
