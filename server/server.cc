#include "server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/password.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/vhost.h"
#include "core_loop.h"
#include "http/server.h"
#include "net/server.h"
#include "store/catalog.h"
#include "store/data_dir.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "tls/context.h"

namespace leveret::server {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view default_vhost = "/";
constexpr std::string_view default_user = "guest";

/// How long clients may take to answer their connection.close, and how long what is left may take
/// to end.
constexpr auto clients_patience = 3s;
constexpr auto sessions_patience = 1s;
constexpr auto stop_poll = 10ms;

/// A store that has failed cannot say any more what is on disk: nothing may be confirmed after
/// this.
[[noreturn]] void end_after_store_failure(const std::string& text) {
  log::critical(text);
  std::_Exit(exit_io_error);
}

/// One virtual host with all that belongs to it. Members are in the order of their making.
struct HostedVhost {
  std::shared_ptr<CoreLoop> core;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<broker::Vhost> vhost;
};

/// Which cores there are; does not change once clients come.
class Cores final : public broker::CoreDirectory {
 public:
  void add(std::shared_ptr<broker::Core> core) {
    std::string name = core->vhost_name();
    cores_.insert_or_assign(std::move(name), std::move(core));
  }
  std::shared_ptr<broker::Core> find(std::string_view vhost) const override {
    const auto found = cores_.find(std::string{vhost});
    return found == cores_.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<broker::Core>> all() const override {
    std::vector<std::shared_ptr<broker::Core>> cores;
    for (const auto& [name, core] : cores_) cores.push_back(core);
    return cores;
  }

 private:
  std::unordered_map<std::string, std::shared_ptr<broker::Core>> cores_;
};

/// A loop for connections with its thread.
struct IoLoop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

std::shared_ptr<auth::Users> load_users(store::Catalog& catalog) {
  if (catalog.users().empty()) {
    const std::string name{default_user};
    catalog.put_user({name, auth::hash_password(name), {"administrator"}});
    log::info("made the user 'guest', password 'guest', who may log in from this machine only");
  }
  std::vector<auth::User> users;
  for (store::UserRow& row : catalog.users())
    users.push_back({std::move(row.name), std::move(row.password_hash), std::move(row.tags)});
  return std::make_shared<auth::Users>(std::move(users));
}

std::unique_ptr<store::DataDir> lock_data_dir(const std::string& path) {
  try {
    return std::make_unique<store::DataDir>(std::filesystem::absolute(path).lexically_normal());
  } catch (const std::exception& error) {
    throw StartError{error.what(), exit_cannot_create};
  }
}

}  // namespace

struct Server::State {
  State(Config config_in, std::string version_in)
      : config(std::move(config_in)), version(std::move(version_in)) {}

  const Config config;
  const std::string version;
  const Clock clock;
  std::unique_ptr<store::DataDir> data_dir;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  asio::signal_set signals{loop};
  asio::signal_set reload_signals{loop};
  asio::steady_timer stop_timer{loop};
  std::vector<std::unique_ptr<IoLoop>> io_loops;
  std::shared_ptr<auth::Users> users;
  std::shared_ptr<Cores> cores = std::make_shared<Cores>();
  std::vector<HostedVhost> vhosts;
  /// Null without a certificate. HTTP has the same one, but asks clients for none.
  std::shared_ptr<tls::Context> amqp_tls;
  std::shared_ptr<tls::Context> http_tls;
  std::unique_ptr<net::Server> amqp;
  std::unique_ptr<http::Server> http;

  std::thread http_stopper;
  bool is_stopping = false;
  bool is_http_stopped = false;
  std::chrono::steady_clock::time_point stop_deadline;

  // Start.
  void open_stores();
  HostedVhost open_vhost(const store::VhostRow& row);
  void load_tls();
  void start_amqp();
  void start_http();

  // SIGHUP.
  void await_reload();
  void reload();

  // Stop.
  void await_signal();
  void begin_stop();
  void close_clients();
  void await_clients();
  void end_loops();
  void close_stores();
};

void Server::State::open_stores() {
  data_dir = lock_data_dir(config.data_dir);
  try {
    store::Catalog catalog{data_dir->catalog_file()};
    users = load_users(catalog);
    if (catalog.vhosts().empty()) catalog.put_vhost(std::string{default_vhost});
    for (const store::VhostRow& row : catalog.vhosts()) vhosts.push_back(open_vhost(row));
  } catch (const store::StoreError& error) {
    throw StartError{error.what(), exit_io_error};
  }
  for (const HostedVhost& hosted : vhosts) cores->add(hosted.core);
}

HostedVhost Server::State::open_vhost(const store::VhostRow& row) {
  HostedVhost hosted;
  hosted.core = std::make_shared<CoreLoop>(loop, clock, row.name);
  CoreLoop* const core = hosted.core.get();
  store::StoreOptions options = config.store;
  options.file = data_dir->vhost_file(row.id);
  hosted.store = std::make_unique<store::Store>(
      options,
      store::StoreCallbacks{
          .committed =
              [core](broker::CommitNumber number) {
                core->post([number](broker::Vhost& vhost) { vhost.committed(number); });
              },
          .post =
              [core](std::function<void()> turn) {
                core->post([turn = std::move(turn)](broker::Vhost&) { turn(); });
              },
          .disk_full =
              [core](bool is_full) {
                core->post([is_full](broker::Vhost& vhost) { vhost.set_disk_alarm(is_full); });
              },
          .fatal = [](const std::string& text) { end_after_store_failure(text); }});
  hosted.vhost = std::make_unique<broker::Vhost>(row.name, *hosted.store, config.limits);
  hosted.vhost->begin_turn(clock.now());
  hosted.vhost->recover(hosted.store->recover());
  hosted.vhost->end_turn();
  core->set_vhost(*hosted.vhost);
  // A turn without content arms the timer for what was recovered.
  core->post([](broker::Vhost&) {});
  return hosted;
}

void Server::State::load_tls() {
  if (!config.tls.is_on()) return;
  try {
    amqp_tls = std::make_shared<tls::Context>(config.tls);
    tls::Settings without_clients = config.tls;
    without_clients.verify = tls::Verify::none;
    http_tls = std::make_shared<tls::Context>(std::move(without_clients));
  } catch (const tls::Error& error) {
    throw StartError{error.what(), exit_config};
  }
  log::info("TLS with the certificate of " + amqp_tls->summary());
}

void Server::State::await_reload() {
  reload_signals.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    reload();
    await_reload();
  });
}

/// Reads again what may change while we run. What cannot be used is told of, and changes nothing.
void Server::State::reload() {
  if (!amqp_tls) return log::info("SIGHUP: there is nothing to read again");
  try {
    amqp_tls->reload();
    http_tls->reload();
    log::info("TLS with the certificate of " + amqp_tls->summary() + ", for new connections");
  } catch (const tls::Error& error) {
    log::error(std::string{error.what()} + "; the certificates that were in use stay so");
  }
}

void Server::State::start_amqp() {
  std::vector<asio::io_context*> loops;
  if (config.io_loops == 1) {
    loops.push_back(&loop);
  } else {
    for (unsigned i = 0; i < config.io_loops; ++i) {
      io_loops.push_back(std::make_unique<IoLoop>());
      loops.push_back(&io_loops.back()->io);
    }
  }
  net::ServerOptions options;
  options.addresses = config.bind;
  options.port = config.amqp_port;
  options.tls_port = config.amqp_tls_port;
  options.tls = amqp_tls;
  options.proxies = config.amqp_proxies;
  options.login_rule = config.tls_login;
  options.tuning = config.tuning;
  options.message_bytes_max = config.limits.message_bytes_max;
  options.version = version;
  amqp = std::make_unique<net::Server>(std::move(options), loops, *cores, *users);
  amqp->listen();
  for (const auto& io_loop : io_loops)
    io_loop->thread = std::thread{[&io = io_loop->io] { io.run(); }};
}

void Server::State::start_http() {
  http::Options options;
  options.bind = config.bind.front();
  options.port = config.http_port;
  options.tls_port = config.http_tls_port;
  options.tls = http_tls;
  options.hosts = config.http_hosts;
  http::ListenerInfo info;
  info.version = version;
  for (const std::string& address : config.bind) {
    if (const auto port = amqp->port()) info.listeners.push_back({"amqp", address, *port});
    if (const auto port = amqp->tls_port()) info.listeners.push_back({"amqp/ssl", address, *port});
  }
  http = std::make_unique<http::Server>(std::move(options), cores, users, std::move(info));
  http->start();
}

void Server::State::await_signal() {
  signals.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (!std::exchange(is_stopping, true))
      begin_stop();
    else
      stop_deadline = std::chrono::steady_clock::now();
    await_signal();
  });
}

void Server::State::begin_stop() {
  log::info("stopping");
  stop_deadline = std::chrono::steady_clock::now() + clients_patience;
  // On a thread of its own: answers that HTTP waits for come from the cores on this one.
  http_stopper = std::thread{[this] {
    http->stop();
    asio::post(loop, [this] { is_http_stopped = true; });
  }};
  amqp->stop_accepting();
  close_clients();
  await_clients();
}

void Server::State::close_clients() {
  for (const HostedVhost& hosted : vhosts)
    hosted.core->post([](broker::Vhost& vhost) {
      vhost.close_all("broker forced connection closure with reason 'shutdown'");
    });
}

/// Looks again and again, until clients and HTTP are gone or have had their time.
void Server::State::await_clients() {
  const auto now = std::chrono::steady_clock::now();
  if (amqp->session_count() == 0 && is_http_stopped) return end_loops();
  if (now >= stop_deadline + sessions_patience) return end_loops();
  if (now >= stop_deadline) amqp->end_sessions();
  stop_timer.expires_after(stop_poll);
  stop_timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) await_clients();
  });
}

void Server::State::end_loops() {
  for (const auto& io_loop : io_loops) io_loop->io.stop();
  loop.stop();
}

void Server::State::close_stores() {
  for (const HostedVhost& hosted : vhosts) {
    hosted.vhost->begin_turn(clock.now());
    hosted.vhost->prepare_close();
    hosted.vhost->end_turn();
    hosted.store->close();
  }
}

Server::Server(Config config, std::string version)
    : state_(std::make_unique<State>(std::move(config), std::move(version))) {
  state_->open_stores();
}

Server::~Server() {
  State& state = *state_;
  state.end_loops();
  for (const auto& io_loop : state.io_loops)
    if (io_loop->thread.joinable()) io_loop->thread.join();
  if (state.http_stopper.joinable()) state.http_stopper.join();
  state.http.reset();
  state.amqp.reset();
  // Virtual hosts hold sessions, whose sockets belong to the loops.
  for (HostedVhost& hosted : state.vhosts) hosted.vhost.reset();
}

void Server::start() {
  State& state = *state_;
  try {
    // Before any thread: a signal that comes while we start stops us as soon as we run.
    state.signals.add(SIGINT);
    state.signals.add(SIGTERM);
    state.reload_signals.add(SIGHUP);
    state.load_tls();
    state.start_amqp();
    state.start_http();
  } catch (const StartError&) {
    throw;
  } catch (const std::exception& error) {
    throw StartError{error.what(), exit_unavailable};
  }
}

std::string Server::ports() const {
  std::string text;
  const auto add = [&](std::string_view name, std::optional<std::uint16_t> port) {
    if (port) text += (text.empty() ? "" : " ") + std::string{name} + "=" + std::to_string(*port);
  };
  add("amqp", state_->amqp->port());
  add("http", state_->http->port());
  add("amqps", state_->amqp->tls_port());
  add("https", state_->http->tls_port());
  return text;
}

const std::string& Server::data_dir() const {
  return state_->data_dir->path();
}

void Server::run() {
  State& state = *state_;
  state.await_signal();
  state.await_reload();
  state.loop.run();
  for (const auto& io_loop : state.io_loops) io_loop->thread.join();
  if (state.http_stopper.joinable()) state.http_stopper.join();
  state.close_stores();
  log::info("stopped");
}

}  // namespace leveret::server
