#include "net/server.h"

#include <atomic>
#include <utility>

#include "net/asio.h"
#include "net/entrance.h"
#include "net/session.h"

namespace leveret::net {

struct Server::State {
  State(ServerOptions options_in, const std::vector<asio::io_context*>& ios,
        broker::CoreDirectory& directory, auth::Users& users)
      : options(std::move(options_in)),
        entrance(options, directory, users, count,
                 [this](OpenConnection connection) { start(std::move(connection)); }) {
    for (asio::io_context* io : ios) loops.push_back(std::make_unique<SessionLoop>(*io));
  }

  const ServerOptions options;
  const Place::Count count = std::make_shared<std::atomic<std::size_t>>(0);
  SessionContext context{options.close_ms_max};
  std::vector<std::unique_ptr<SessionLoop>> loops;
  std::size_t next_loop = 0;  // only on the entrance's loop
  /// The last one: its thread uses the others.
  Entrance entrance;

  /// Each on its own loop, later.
  void for_each_session(void (*visit)(Session&)) {
    for (const auto& each : loops)
      asio::post(each->io, [&loop = *each, visit] {
        const std::vector<Session*> sessions{loop.sessions.begin(), loop.sessions.end()};
        for (Session* session : sessions) visit(*session);
      });
  }

  /// Gives it to the next loop.
  void start(OpenConnection connection) {
    next_loop = (next_loop + 1) % loops.size();
    SessionLoop& loop = *loops[next_loop];
    connection.stream.move_to(loop.io);
    asio::post(loop.io, [this, &loop, connection = std::move(connection)]() mutable {
      Session::start(context, loop, std::move(connection));
    });
  }
};

Server::Server(ServerOptions options, const std::vector<asio::io_context*>& loops,
               broker::CoreDirectory& directory, auth::Users& users)
    : state_(std::make_unique<State>(std::move(options), loops, directory, users)) {}

Server::~Server() = default;

void Server::listen() {
  state_->entrance.listen();
}

std::optional<std::uint16_t> Server::port() const {
  return state_->entrance.port();
}

std::optional<std::uint16_t> Server::tls_port() const {
  return state_->entrance.tls_port();
}

void Server::change_rules(ConnectionRules rules) {
  state_->entrance.change_rules(std::move(rules));
}

void Server::set_memory_short(bool is_short) {
  state_->context.is_memory_short = is_short;
  if (is_short) return;
  state_->for_each_session([](Session& session) { session.resume_reading(); });
}

void Server::post(std::function<void()> work) {
  asio::post(state_->entrance.executor(), std::move(work));
}

void Server::stop_accepting() {
  state_->context.is_stopping = true;
  state_->entrance.close();
}

void Server::end_sessions() {
  state_->for_each_session([](Session& session) { session.end("the broker stops"); });
}

std::size_t Server::session_count() const {
  return *state_->count;
}

}  // namespace leveret::net
