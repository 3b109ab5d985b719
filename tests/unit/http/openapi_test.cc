#include "http/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

#include "http/context.h"
#include "http/controllers/routes.h"

namespace leveret::http {
namespace {

const char* name_of(Rule rule) {
  switch (rule) {
    case Rule::anyone: return "anyone";
    case Rule::management: return "management";
    case Rule::vhost: return "vhost";
    case Rule::vhost_visible: return "vhost_visible";
    case Rule::policymaker: return "policymaker";
    case Rule::monitoring: return "monitoring";
    case Rule::administrator: return "administrator";
  }
  return "";
}

/// "GET /api/overview" -> "management"
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> operations;
  for (const auto& [path, item] : openapi_document().at("paths").items())
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      operations[upper + " " + path] = operation.at("x-rule").get<std::string>();
    }
  return operations;
}

TEST(OpenApi, DocumentsEveryRouteAndNoOtherWithItsRule) {
  std::map<std::string, std::string> routes;
  for (const Route& route : all_routes())
    routes[std::string{route.method} + " " + std::string{route.pattern}] = name_of(route.rule);
  const auto operations = documented();
  for (const auto& [route, rule] : routes) {
    const auto found = operations.find(route);
    if (found == operations.end())
      ADD_FAILURE() << route << " is not in server/http/openapi/";
    else
      EXPECT_EQ(found->second, rule) << route;
  }
  for (const auto& [operation, rule] : operations)
    EXPECT_TRUE(routes.contains(operation)) << operation << " is documented and does not exist";
}

/// Calls `on` with everything that is called $ref.
template <class F>
void for_each_reference(const Json& value, F on) {
  if (value.is_object() && value.contains("$ref")) on(value.at("$ref").get<std::string>());
  if (value.is_structured())
    for (const Json& each : value) for_each_reference(each, on);
}

TEST(OpenApi, EveryReferenceIsToSomethingAndEverySchemaIsUsed) {
  const Json& document = openapi_document();
  std::map<std::string, int> uses;
  for_each_reference(document, [&](const std::string& reference) {
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    EXPECT_TRUE(document.contains(Json::json_pointer{reference.substr(1)})) << reference;
    ++uses[reference];
  });
  for (const auto& [name, schema] : document.at("components").at("schemas").items())
    EXPECT_GT(uses["#/components/schemas/" + name], 0) << name;
}

}  // namespace
}  // namespace leveret::http
