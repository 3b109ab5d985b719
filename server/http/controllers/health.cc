#include <algorithm>
#include <charconv>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/message_json.h"
#include "tls/certificate.h"
#include "tls/context.h"

/// Health checks as RabbitMQ has them (rabbit_mgmt_wm_health_check_*.erl): 200 with {"status":
/// "ok"}, or 503 with the reason, so that a load balancer needs to look at the status only.
namespace leveret::http {
namespace {

namespace asio = boost::asio;

Response healthy(Json more = Json::object()) {
  more["status"] = "ok";
  return json_response(more);
}

Response unhealthy(const std::string& reason, Json more = Json::object()) {
  more["status"] = "failed";
  more["reason"] = reason;
  return json_response(more, 503);
}

asio::awaitable<broker::Alarms> find_alarms(ContextPtr context) {
  broker::Alarms alarms;
  const auto look = [](const broker::Vhost& vhost) { return vhost.alarms(); };
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const broker::Alarms some = co_await ask(context, core, look);
    alarms |= some;
  }
  co_return alarms;
}

asio::awaitable<Response> answer_alarms(ContextPtr context, const char* reason) {
  const broker::Alarms alarms = co_await find_alarms(context);
  if (!alarms.any()) co_return healthy();
  Json list = Json::array();
  if (alarms.disk) list.push_back({{"resource", "disk space"}, {"node", context->node}});
  if (alarms.memory) list.push_back({{"resource", "memory"}, {"node", context->node}});
  co_return unhealthy(reason, {{"alarms", std::move(list)}});
}

asio::awaitable<Response> check_alarms(ContextPtr context, Request) {
  co_return co_await answer_alarms(std::move(context), "There are alarms in effect in the cluster");
}

asio::awaitable<Response> check_local_alarms(ContextPtr context, Request) {
  co_return co_await answer_alarms(std::move(context), "There are alarms in effect on the node");
}

/// Whether every virtual host answers; one that does not within the time of a request fails the
/// check by not answering.
asio::awaitable<Response> check_vhosts(ContextPtr context, Request) {
  co_await find_alarms(context);
  co_return healthy();
}

/// The one node is never the last of several that a queue needs.
asio::awaitable<Response> check_critical(ContextPtr, Request) {
  co_return healthy({{"reason", "single node cluster"}});
}

asio::awaitable<Response> check_service(ContextPtr, Request) {
  co_return healthy();
}

asio::awaitable<Response> check_connection_limit(ContextPtr context, Request) {
  std::size_t connections = 0;
  const auto count = [](const broker::Vhost& vhost) { return vhost.all_connections().size(); };
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const std::size_t some = co_await ask(context, core, count);
    connections += some;
  }
  co_return healthy({{"limit", "infinity"}, {"connections", connections}});
}

asio::awaitable<Response> check_port(ContextPtr context, Request request) {
  const std::string& text = request.path.at("port");
  int port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || *stop != 0) throw bad_request("Invalid port");
  Json ports = Json::array();
  for (const auto& listener : context->listeners.listeners) {
    if (listener.port == port) co_return healthy({{"port", port}});
    ports.push_back(listener.port);
  }
  co_return unhealthy("No active listener", {{"missing", port}, {"ports", std::move(ports)}});
}

/// The names that RabbitMQ takes for what it calls otherwise (rabbit_networking.erl,
/// normalize_protocol).
std::string protocol_name(const std::string& text) {
  if (text == "amqp091" || text == "amqp0.9.1" || text == "amqp0-9-1") return "amqp";
  if (text == "amqps" || text == "amqp/tls") return "amqp/ssl";
  return text;
}

asio::awaitable<Response> check_protocol(ContextPtr context, Request request) {
  const std::string& protocol = request.path.at("protocol");
  Json protocols = Json::array();
  for (const auto& listener : context->listeners.listeners) {
    if (listener.protocol == protocol_name(protocol)) co_return healthy({{"protocol", protocol}});
    protocols.push_back(listener.protocol);
  }
  co_return unhealthy("No active listener",
                      {{"missing", protocol}, {"protocols", std::move(protocols)}});
}

/// Seconds in one of RabbitMQ's units of time.
std::int64_t seconds_in(const std::string& unit) {
  static constexpr std::int64_t day = 86'400;
  if (unit == "days") return day;
  if (unit == "weeks") return 7 * day;
  if (unit == "months") return 365 * day / 12;
  if (unit == "years") return 365 * day;
  throw bad_request("Time unit not recognised. Supported units: days, weeks, months, years.");
}

/// Throws HttpError 400.
std::int64_t read_within(const Request& request) {
  const std::string& text = request.path.at("within");
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::invalid_argument || *stop != 0)
    throw bad_request("Invalid expiration value.");
  const std::int64_t unit = seconds_in(request.path.at("unit"));
  constexpr std::int64_t for_ever = std::int64_t{1} << 40U;
  if (error != std::errc{} || count > for_ever / unit) return for_ever;
  return std::max(count, -for_ever / unit) * unit;
}

asio::awaitable<Response> check_certificates(ContextPtr context, Request request) {
  const std::int64_t within = read_within(request);
  if (!context->options.tls) co_return healthy();
  const tls::NativeContext tls = context->options.tls->current();
  if (tls::valid_for_s(*tls) > within) co_return healthy();
  Json expiring = Json::array();
  for (const auto& listener : context->listeners.listeners)
    if (listener.protocol == "amqp/ssl" || listener.protocol == "https")
      expiring.push_back({{"node", context->node},
                          {"protocol", listener.protocol},
                          {"interface", listener.ip_address},
                          {"port", listener.port},
                          {"certfile_expires_on", tls::valid_until(*tls)}});
  co_return unhealthy("Certificates expiring", {{"expired", std::move(expiring)}});
}

/// RabbitMQ's older check of a node as a whole.
asio::awaitable<Response> check_node(ContextPtr context, Request request) {
  if (const auto node = request.path.find("node"); node && *node != context->node)
    throw not_found("no node '" + *node + "': this one is '" + context->node + "'");
  const broker::Alarms alarms = co_await find_alarms(context);
  if (alarms.any())
    co_return unhealthy("resource alarm(s) in effect: " + std::string{alarms.reason()});
  co_return healthy();
}

constexpr const char* aliveness_queue = "aliveness-test";

/// Declares a queue, publishes to it, and takes the message out again.
asio::awaitable<Response> check_aliveness(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json publication{{"properties", Json::object()},
                         {"routing_key", aliveness_queue},
                         {"payload", "test_message"},
                         {"payload_encoding", "string"}};
  const broker::MessagePtr message =
      make_message(publication, "", request.identity.user, core->now());
  auto start = [message, access = access_of(*context, request)](broker::Vhost& vhost,
                                                                const auto& reply) {
    broker::Permissions permissions{access, vhost.name()};
    broker::QueueSpec spec;
    spec.name = aliveness_queue;
    vhost.declare_queue(spec, stranger, &permissions);
    permissions.require_queue(broker::Right::read, aliveness_queue);
    vhost.publish(message, &permissions);
    vhost.take(aliveness_queue, 1, broker::TakeMode::ack, reply);
  };
  const auto taken =
      co_await ask_later<std::vector<broker::TakenMessage>>(context, core, std::move(start));
  if (taken.empty())
    co_return json_response({{"status", "failed"}, {"reason", "aliveness-test queue is empty"}});
  co_return healthy();
}

}  // namespace

std::vector<Route> health_routes() {
  using enum Rule;
  return {
      {"GET", "/api/health/checks/alarms", management, check_alarms},
      {"GET", "/api/health/checks/local-alarms", management, check_local_alarms},
      {"GET", "/api/health/checks/virtual-hosts", management, check_vhosts},
      {"GET", "/api/health/checks/node-is-mirror-sync-critical", management, check_critical},
      {"GET", "/api/health/checks/node-is-quorum-critical", management, check_critical},
      {"GET", "/api/health/checks/ready-to-serve-clients", management, check_service},
      {"GET", "/api/health/checks/is-in-service", management, check_service},
      {"GET", "/api/health/checks/below-node-connection-limit", management, check_connection_limit},
      {"GET", "/api/health/checks/port-listener/{port}", management, check_port},
      {"GET", "/api/health/checks/protocol-listener/{protocol}", management, check_protocol},
      {"GET", "/api/health/checks/certificate-expiration/{within}/{unit}", management,
       check_certificates},
      {"GET", "/api/healthchecks/node", monitoring, check_node},
      {"GET", "/api/healthchecks/node/{node}", monitoring, check_node},
      {"GET", "/api/aliveness-test/{vhost}", Rule::vhost, check_aliveness},
  };
}

}  // namespace leveret::http
