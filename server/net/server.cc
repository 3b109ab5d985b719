#include "net/server.h"

#include <utility>

#include "net/asio.h"
#include "net/listener.h"
#include "net/login_pool.h"
#include "net/session.h"

namespace leveret::net {
namespace {

constexpr std::size_t login_threads = 2;

}  // namespace

struct Server::State {
  State(ServerOptions options_in, const std::vector<asio::io_context*>& ios,
        const broker::CoreDirectory& directory, auth::Users& users)
      : options(std::move(options_in)),
        logins(users, login_threads),
        context{options, directory, logins} {
    for (asio::io_context* io : ios) loops.push_back(std::make_unique<SessionLoop>(*io));
  }

  ServerOptions options;
  LoginPool logins;
  SessionContext context;
  std::vector<std::unique_ptr<SessionLoop>> loops;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::size_t next_loop = 0;  // only on the accepting loop

  /// Runs `act` on every session for which `is_meant` holds, on its own loop.
  void end_if(bool (*is_meant)(const Session&)) {
    for (const auto& loop : loops)
      asio::post(loop->io, [&loop = *loop, is_meant] {
        const std::vector<Session*> sessions{loop.sessions.begin(), loop.sessions.end()};
        for (Session* session : sessions)
          if (is_meant(*session)) session->end("the broker stops");
      });
  }
};

Server::Server(ServerOptions options, const std::vector<asio::io_context*>& loops,
               const broker::CoreDirectory& directory, auth::Users& users)
    : state_(std::make_unique<State>(std::move(options), loops, directory, users)) {}

Server::~Server() {
  state_->logins.stop();
}

void Server::listen() {
  State& state = *state_;
  for (const std::string& address : state.options.addresses)
    state.listeners.push_back(
        std::make_shared<Listener>(state.loops.front()->io, address, state.options.port));
  for (const auto& listener : state.listeners)
    listener->start(
        [&state]() -> SessionLoop& {
          state.next_loop = (state.next_loop + 1) % state.loops.size();
          return *state.loops[state.next_loop];
        },
        [&state](SessionLoop& loop, tcp::socket socket) {
          asio::dispatch(loop.io, [&state, &loop, socket = std::move(socket)]() mutable {
            Session::start(state.context, loop, std::move(socket));
          });
        });
}

std::uint16_t Server::port() const {
  return state_->listeners.front()->port();
}

void Server::stop_accepting() {
  for (const auto& listener : state_->listeners)
    asio::post(state_->loops.front()->io, [listener] { listener->close(); });
  state_->end_if([](const Session& session) { return session.is_in_handshake(); });
}

void Server::end_sessions() {
  state_->end_if([](const Session&) { return true; });
}

std::size_t Server::session_count() const {
  return state_->context.session_count;
}

}  // namespace leveret::net
