#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "auth/users.h"
#include "base/clock.h"
#include "broker/core.h"
#include "http/authenticator.h"
#include "http/feed.h"
#include "http/request.h"
#include "http/router.h"
#include "http/sampler.h"
#include "http/server.h"

namespace leveret::http {

class Session;

struct Route {
  std::string_view method;
  std::string_view pattern;
  Handler handler;
  std::size_t body_bytes_max = std::size_t{1} << 20U;
};

/// Everything that requests share. Lives on the HTTP loop; coroutines hold it by shared pointer, so
/// that one which waits for a core may end after the server has stopped.
struct Context {
  Context(std::shared_ptr<boost::asio::io_context> loop_in, Options options_in,
          std::shared_ptr<broker::CoreDirectory> cores_in, std::shared_ptr<auth::Users> users_in,
          ListenerInfo listeners_in);

  /// Weak, since the loop owns the coroutines that own this.
  std::weak_ptr<boost::asio::io_context> loop;
  boost::asio::io_context::executor_type executor;
  Options options;
  std::shared_ptr<broker::CoreDirectory> cores;
  ListenerInfo listeners;
  std::string node;
  bool is_bound_to_loopback = false;
  bool is_stopping = false;
  Clock clock;
  TimeMs started_at;

  std::vector<Route> routes;
  RouteTable table;
  Authenticator authenticator;
  RateHistory rates;
  Feed feed;
  boost::asio::steady_timer sample_timer;
  /// The open connections, for stopping.
  std::unordered_set<Session*> sessions;
};
using ContextPtr = std::shared_ptr<Context>;

/// The core of a virtual host. Throws HttpError 404.
std::shared_ptr<broker::Core> find_core(const Context& context, std::string_view vhost);

}  // namespace leveret::http
