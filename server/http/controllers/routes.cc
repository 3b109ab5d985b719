#include "http/controllers/routes.h"

#include "http/context.h"

namespace leveret::http {

// One a line, as they come and go one by one.
// clang-format off
std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (const auto& routes : {
           binding_routes(),
           connection_routes(),
           dead_letter_routes(),
           definition_routes(),
           event_routes(),
           exchange_routes(),
           feature_routes(),
           health_routes(),
           limit_count_routes(),
           login_routes(),
           message_routes(),
           metrics_routes(),
           node_routes(),
           openapi_routes(),
           operation_routes(),
           overview_routes(),
           parameter_routes(),
           permission_routes(),
           policy_routes(),
           queue_routes(),
           setting_routes(),
           user_routes(),
           vhost_routes(),
       })
    all.insert(all.end(), routes.begin(), routes.end());
  return all;
}
// clang-format on

}  // namespace leveret::http
