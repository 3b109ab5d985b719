#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "auth/users.h"
#include "base/clock.h"
#include "broker/core.h"
#include "http/authenticator.h"
#include "http/authorization.h"
#include "http/feed.h"
#include "http/importer.h"
#include "http/metrics/archive.h"
#include "http/metrics/loop_lag.h"
#include "http/occupancy.h"
#include "http/rate_history.h"
#include "http/request.h"
#include "http/router.h"
#include "http/sampler.h"
#include "http/server.h"
#include "http/turnstile.h"

namespace leveret::http {

class Session;

struct Route {
  std::string_view method;
  std::string_view pattern;
  Rule rule;
  Handler handler;
  std::size_t body_bytes_max = std::size_t{1} << 20U;
  /// The answer is events without end.
  bool is_stream = false;
};

/// Everything that requests share. Lives on the HTTP loop; coroutines hold it by shared pointer, so
/// that one which waits for a core may end after the server has stopped.
struct Context {
  Context(std::shared_ptr<boost::asio::io_context> loop_in, Options options_in,
          Directories directories, ListenerInfo listeners_in);

  /// Weak, since the loop owns the coroutines that own this.
  std::weak_ptr<boost::asio::io_context> loop;
  boost::asio::io_context::executor_type executor;
  Options options;
  Occupancy occupancy;
  /// Two: while one asks a core, the other is written. Whoever asks without end has a quarter of
  /// the time, so that most messages meet none of it. See in_turn.h.
  Turnstile long_answers{executor, 2, {4, std::chrono::seconds{1}}};
  std::shared_ptr<broker::CoreDirectory> cores;
  std::shared_ptr<auth::Users> users;
  std::shared_ptr<broker::ParameterDirectory> parameters;
  ListenerInfo listeners;
  std::shared_ptr<Importer> importer;
  std::string node;
  bool is_stopping = false;
  Clock clock;
  TimeMs started_at;

  std::vector<Route> routes;
  RouteTable table;
  Authenticator authenticator;
  RateHistory rates;
  Feed feed;
  metrics::Archive archive;
  std::shared_ptr<metrics::LoopLag> loop_lag;
  boost::asio::steady_timer sample_timer;
  boost::asio::steady_timer import_timer;
  /// When the node's own figures are looked at again.
  std::chrono::steady_clock::time_point node_due{};
  /// Where changes of users and virtual hosts wait for the disk, one after another.
  boost::asio::thread_pool changes{1};
  /// The open connections, for stopping.
  std::unordered_set<Session*> sessions;
};
using ContextPtr = std::shared_ptr<Context>;

/// As an administrator has called it, else the node's name (RabbitMQ, rabbit_nodes.erl).
std::string cluster_name(const Context& context);
/// The core of a virtual host, which the route's rule has admitted to. Throws HttpError 404.
std::shared_ptr<broker::Core> find_core(const Context& context, std::string_view vhost);
/// What the user may do in the {vhost} of the path, which must exist; for broker::Permissions.
/// Throws HttpError 403 when nothing.
std::shared_ptr<const broker::Access> access_of(const Context& context, const Request& request);
/// The cores of the virtual hosts whose objects this user may look at.
std::vector<std::shared_ptr<broker::Core>> visible_cores(const Context& context,
                                                         const auth::Identity& identity);
/// The same, narrowed to the one that a query names. Throws HttpError 404 or 403.
std::vector<std::shared_ptr<broker::Core>> cores_of(const Context& context, const Request& request);

}  // namespace leveret::http
