#include "http/context.h"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <functional>

#include "http/controllers/routes.h"
#include "http/error.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

std::string node_name() {
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) != 0) return "leveret@localhost";
  return std::string{"leveret@"} + host;
}

/// The HTTP loop is not kept by it: who posts may come after it.
std::function<void(std::function<void()>)> post_to(const std::weak_ptr<asio::io_context>& loop) {
  return [loop](std::function<void()> work) {
    if (const auto open = loop.lock()) asio::post(*open, std::move(work));
  };
}

std::vector<LoopHandle> loops_of(const Options& options,
                                 const std::weak_ptr<asio::io_context>& own) {
  std::vector<LoopHandle> loops = options.loops;
  loops.push_back({"http", post_to(own)});
  return loops;
}

}  // namespace

Context::Context(std::shared_ptr<boost::asio::io_context> loop_in, Options options_in,
                 Directories directories, ListenerInfo listeners_in)
    : loop(loop_in),
      executor(loop_in->get_executor()),
      options(std::move(options_in)),
      occupancy(options.limits),
      cores(directories.cores),
      users(directories.users),
      parameters(directories.parameters),
      listeners(std::move(listeners_in)),
      importer(std::make_shared<Importer>(std::move(directories), listeners.version)),
      node(node_name()),
      started_at(clock.now()),
      routes(all_routes()),
      authenticator(users),
      loop_lag(std::make_shared<metrics::LoopLag>(loops_of(options, loop_in), post_to(loop_in))),
      sample_timer(executor),
      import_timer(executor) {
  for (const Route& route : routes) table.add(route.method, route.pattern);
}

std::string cluster_name(const Context& context) {
  const auto value = context.parameters->find("", "", "cluster_name");
  const Json name = value ? Json::parse(*value, nullptr, false) : Json{};
  return name.is_string() ? name.get<std::string>() : context.node;
}

std::shared_ptr<broker::Core> find_core(const Context& context, std::string_view vhost) {
  auto core = context.cores->find(vhost);
  if (!core) throw not_found("no virtual host '" + std::string{vhost} + "'");
  return core;
}

std::shared_ptr<const broker::Access> access_of(const Context& context, const Request& request) {
  return require_access(*context.cores, request.identity, request.path.at("vhost"));
}

std::vector<std::shared_ptr<broker::Core>> visible_cores(const Context& context,
                                                         const auth::Identity& identity) {
  auto cores = context.cores->all();
  std::erase_if(cores, [&](const auto& core) {
    return !may_use_vhost(*context.users, identity, core->vhost_name());
  });
  return cores;
}

std::vector<std::shared_ptr<broker::Core>> cores_of(const Context& context,
                                                    const Request& request) {
  const auto vhost = request.query.value("vhost");
  if (!vhost) return visible_cores(context, request.identity);
  check_rule(Rule::vhost, *context.users, request.identity, *vhost);
  return {find_core(context, *vhost)};
}

Response json_response(const Json& value, int status) {
  Response response;
  response.status = status;
  response.body = dump(value);
  return response;
}

Response empty_response(int status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace leveret::http
