#include <algorithm>
#include <array>

#include "auth/password.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"

/// What RabbitMQ's clients ask for to know what they may use.
namespace leveret::http {
namespace {

namespace asio = boost::asio;

struct Feature {
  std::string_view name;
  std::string_view description;
};
/// RabbitMQ's feature flags of what is built in here. Flags of what is not (streams, mirrors) are
/// absent, as of a RabbitMQ that does not know them.
constexpr std::array<Feature, 7> features{{
    {"direct_exchange_routing_v2", "v2 direct exchange routing implementation"},
    {"drop_unroutable_metric", "Count unroutable publishes to be dropped in stats"},
    {"empty_basic_get_metric", "Count AMQP `basic.get` on empty queues in stats"},
    {"implicit_default_bindings",
     "Default bindings are now implicit, instead of being stored in the database"},
    {"quorum_queue", "Support queues of type `quorum`"},
    {"user_limits", "Configure connection and channel limits for a user"},
    {"virtual_host_metadata", "Virtual host metadata (description, tags, etc)"},
}};

asio::awaitable<Response> list_features(ContextPtr, Request request) {
  Json items = Json::array();
  for (const Feature& feature : features)
    items.push_back({{"name", feature.name},
                     {"desc", feature.description},
                     {"doc_url", ""},
                     {"state", "enabled"},
                     {"stability", "stable"},
                     {"provided_by", "leveret"}});
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

/// All are enabled already.
asio::awaitable<Response> enable_feature(ContextPtr, Request request) {
  const std::string& name = request.path.at("name");
  if (std::ranges::find(features, name, &Feature::name) == features.end())
    throw bad_request("unsupported");
  co_return empty_response(204);
}

/// Nothing that works is to go.
asio::awaitable<Response> list_deprecated(ContextPtr, Request) {
  co_return json_response(Json::array());
}

/// RabbitMQ's plugins add scripts to its pages; we have no plugins.
asio::awaitable<Response> list_extensions(ContextPtr, Request) {
  co_return json_response(Json::array());
}

/// What `password_hash` of a user may be, by RabbitMQ's default algorithm.
asio::awaitable<Response> hash_password(ContextPtr, Request request) {
  co_return json_response({{"ok", auth::rabbit_hash(request.path.at("password")).base64}});
}

}  // namespace

std::vector<Route> feature_routes() {
  using enum Rule;
  return {
      {"GET", "/api/feature-flags", administrator, list_features},
      {"PUT", "/api/feature-flags/{name}/enable", administrator, enable_feature},
      {"GET", "/api/deprecated-features", administrator, list_deprecated},
      {"GET", "/api/deprecated-features/used", administrator, list_deprecated},
      {"GET", "/api/extensions", management, list_extensions},
      {"GET", "/api/auth/hash_password/{password}", administrator, hash_password},
  };
}

}  // namespace leveret::http
