#pragma once

#include <vector>

namespace leveret::http {

struct Route;

/// Each file of this folder answers one resource's routes.
std::vector<Route> binding_routes();
std::vector<Route> connection_routes();
std::vector<Route> dead_letter_routes();
std::vector<Route> definition_routes();
std::vector<Route> event_routes();
std::vector<Route> exchange_routes();
std::vector<Route> feature_routes();
std::vector<Route> health_routes();
std::vector<Route> limit_count_routes();
std::vector<Route> login_routes();
std::vector<Route> message_routes();
std::vector<Route> metrics_routes();
std::vector<Route> node_routes();
std::vector<Route> openapi_routes();
std::vector<Route> operation_routes();
std::vector<Route> overview_routes();
std::vector<Route> parameter_routes();
std::vector<Route> permission_routes();
std::vector<Route> policy_routes();
std::vector<Route> queue_routes();
std::vector<Route> setting_routes();
std::vector<Route> user_routes();
std::vector<Route> vhost_routes();

/// All of them.
std::vector<Route> all_routes();

}  // namespace leveret::http
