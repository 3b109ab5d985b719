#include "http/controllers/routes.h"

#include "http/context.h"

namespace leveret::http {

std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (const auto& routes :
       {overview_routes(), queue_routes(), exchange_routes(), binding_routes(), connection_routes(),
        message_routes(), dead_letter_routes(), operation_routes(), event_routes(), policy_routes(),
        vhost_routes(), user_routes(), permission_routes(), setting_routes()})
    all.insert(all.end(), routes.begin(), routes.end());
  return all;
}

}  // namespace leveret::http
