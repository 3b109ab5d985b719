#include "net/server.h"

#include <utility>

#include "net/asio.h"
#include "net/listener.h"
#include "net/login_pool.h"
#include "net/session.h"

namespace leveret::net {
namespace {

constexpr std::size_t login_threads = 2;

using Listeners = std::vector<std::shared_ptr<Listener>>;

std::optional<std::uint16_t> port_of(const Listeners& listeners) {
  if (listeners.empty()) return std::nullopt;
  return listeners.front()->port();
}

}  // namespace

struct Server::State {
  State(ServerOptions options_in, const std::vector<asio::io_context*>& ios,
        broker::CoreDirectory& directory, auth::Users& users)
      : options(std::move(options_in)),
        logins(users, login_threads),
        context{options, directory, logins} {
    context.rules = std::make_shared<const ConnectionRules>(options.rules);
    for (asio::io_context* io : ios) loops.push_back(std::make_unique<SessionLoop>(*io));
  }

  ServerOptions options;
  LoginPool logins;
  SessionContext context;
  std::vector<std::unique_ptr<SessionLoop>> loops;
  Listeners plain;
  Listeners tls;
  std::size_t next_loop = 0;  // only on the accepting loop

  /// Starts `listeners`; `make_stream` is called on the loop of the new session.
  template <class MakeStream>
  void accept(const Listeners& listeners, MakeStream make_stream) {
    for (const auto& listener : listeners)
      listener->start([this] { return context.session_count < options.sessions_max; },
                      [this]() -> SessionLoop& {
                        next_loop = (next_loop + 1) % loops.size();
                        return *loops[next_loop];
                      },
                      [this, make_stream](SessionLoop& loop, tcp::socket socket) {
                        asio::dispatch(loop.io, [this, make_stream, &loop,
                                                 socket = std::move(socket)]() mutable {
                          Session::start(context, loop, make_stream(std::move(socket)));
                        });
                      });
  }

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
               broker::CoreDirectory& directory, auth::Users& users)
    : state_(std::make_unique<State>(std::move(options), loops, directory, users)) {}

Server::~Server() {
  state_->logins.stop();
}

void Server::listen() {
  State& state = *state_;
  const ServerOptions& options = state.options;
  const auto open_all = [&](std::uint16_t port, Listeners& listeners) {
    for (const std::string& address : options.addresses)
      listeners.push_back(std::make_shared<Listener>(state.loops.front()->io, address, port));
  };
  // All ports before the first connection.
  if (options.port) open_all(*options.port, state.plain);
  if (options.tls && options.tls_port) open_all(*options.tls_port, state.tls);
  state.accept(state.plain, [](tcp::socket socket) { return Stream{std::move(socket)}; });
  state.accept(state.tls, [tls = options.tls](tcp::socket socket) {
    return Stream{std::move(socket), tls->current()};
  });
}

std::optional<std::uint16_t> Server::port() const {
  return port_of(state_->plain);
}

std::optional<std::uint16_t> Server::tls_port() const {
  return port_of(state_->tls);
}

void Server::change_rules(ConnectionRules rules) {
  state_->context.rules = std::make_shared<const ConnectionRules>(std::move(rules));
}

void Server::stop_accepting() {
  for (const Listeners* listeners : {&state_->plain, &state_->tls})
    for (const auto& listener : *listeners)
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
