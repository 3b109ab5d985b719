#include "server.h"

#include <sys/resource.h>

#include <algorithm>
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
#include <functional>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "auth/password.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/this_thread.h"
#include "http/importer.h"
#include "http/server.h"
#include "net/server.h"
#include "parameters.h"
#include "shutdown.h"
#include "start_pages.h"
#include "store/catalog.h"
#include "store/data_dir.h"
#include "store/sqlite.h"
#include "supervisor.h"
#include "tls/context.h"
#include "vhosts.h"
#include "watchdog.h"

namespace leveret::server {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view default_vhost = "/";
constexpr std::string_view default_user = "guest";
/// Of the password "guest": as well known as that, so that a first start need not compute it.
constexpr std::string_view default_password_hash =
    "pbkdf2-sha256$120000$8063198260f7bad540fd48d0b1751a56$"
    "94bf16db4346105661ed2c0840e80c85c0cc15120ed8a91b3a216473c3c999e1";

constexpr auto token_poll = 1s;

/// A loop for connections with its thread.
struct IoLoop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

/// The loop outlives who posts.
std::function<void(std::function<void()>)> post_to(asio::io_context& io) {
  return [&io](std::function<void()> work) { asio::post(io, std::move(work)); };
}

/// Without any user, nobody could make one.
void make_first_user(store::Catalog& catalog) {
  if (!catalog.users().empty()) return;
  const std::string name{default_user};
  catalog.put_user({name, std::string{default_password_hash}, {"administrator"}, {}});
  catalog.put_permission({name, std::string{default_vhost}, ".*", ".*", ".*"});
  log::info("made the user 'guest', password 'guest', who may log in from this machine only");
}

void make_first_vhost(store::Catalog& catalog) {
  if (catalog.vhosts().empty())
    catalog.put_vhost({.name = std::string{default_vhost}, .description = "Default virtual host"});
}

std::unique_ptr<store::DataDir> lock_data_dir(const std::string& path) {
  try {
    return std::make_unique<store::DataDir>(std::filesystem::absolute(path).lexically_normal());
  } catch (const std::exception& error) {
    throw StartError{error.what(), exit_cannot_create};
  }
}

net::ConnectionRules rules_of(const Config& config) {
  return {.login_rule = config.tls_login,
          .proxies = config.amqp_proxies,
          .tuning = config.tuning,
          .message_bytes_max = config.limits.message_bytes_max,
          .unfinished_bytes_max = config.unfinished_bytes_max,
          .client_properties_bytes_max = config.client_properties_bytes_max,
          .stall_ms_max = config.stall_ms_max,
          .handshake_ms_max = config.handshake_ms_max,
          .handshakes_max = config.handshakes_max,
          .handshakes_per_address_max = config.handshakes_per_address_max};
}

/// What AMQP clients may take of the files that the process may open: the rest is for the stores,
/// HTTP and what comes to be needed.
std::size_t spare_descriptors() {
  constexpr std::size_t least_kept = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<std::size_t>::max();
  const std::size_t all = limit.rlim_cur;
  return all - std::min(all, std::max(least_kept, all / 8));
}

/// Browsers are not asked for certificates.
tls::Settings without_clients(tls::Settings settings) {
  settings.verify = tls::Verify::none;
  return settings;
}

/// Null when TLS is off.
std::shared_ptr<tls::Context> read_tls(const tls::Settings& settings) {
  try {
    return settings.is_on() ? std::make_shared<tls::Context>(settings) : nullptr;
  } catch (const tls::Error& error) {
    throw StartError{error.what(), exit_config};
  }
}

}  // namespace

struct Server::State {
  State(RunningConfig& config_in, std::string version_in)
      : running_config(config_in), config(config_in.at_start()), version(std::move(version_in)) {}

  RunningConfig& running_config;
  const Config& config;
  const std::string version;
  const Clock clock;
  const Supervisor supervisor{[](const char* name) -> const char* { return std::getenv(name); }};
  std::unique_ptr<store::DataDir> data_dir;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  asio::signal_set signals{loop};
  asio::signal_set reload_signals{loop};
  asio::steady_timer token_timer{loop};
  Watchdog watchdog{loop, supervisor};
  std::vector<std::unique_ptr<IoLoop>> io_loops;
  std::shared_ptr<store::Catalog> catalog;
  std::shared_ptr<auth::Users> users;
  std::shared_ptr<Parameters> parameters;
  std::shared_ptr<Vhosts> vhosts;
  /// Null without a certificate. HTTP has the same one, but asks clients for none.
  std::shared_ptr<tls::Context> amqp_tls;
  std::shared_ptr<tls::Context> http_tls;
  std::unique_ptr<AlarmWatch> alarm_watch;
  std::unique_ptr<net::Server> amqp;
  std::unique_ptr<http::Server> http;

  std::optional<Shutdown> shutdown;

  // Start.
  void open_stores();
  http::Directories directories() const { return {vhosts, users, parameters, catalog}; }
  void import_definitions();
  void watch_resources();
  void load_tls();
  void make_amqp();
  void start_amqp();
  void start_http();

  // Settings that change.
  void await_reload();
  void use(const Config& changed);
  void use_tls(const Config& changed);
  void await_token_end();
  void start_watchdog();

  void end_loops();
};

void Server::State::open_stores() {
  data_dir = config.is_ephemeral ? std::make_unique<store::DataDir>(store::DataDir::InMemory{})
                                 : lock_data_dir(config.data_dir);
  try {
    catalog = std::make_shared<store::Catalog>(data_dir->catalog_file(), data_dir->vfs());
    make_first_vhost(*catalog);
    make_first_user(*catalog);
    users = std::make_shared<auth::Users>(
        *catalog, auth::Users::Stored{catalog->users(), catalog->permissions(),
                                      catalog->topic_permissions(), catalog->tokens()});
    parameters = std::make_shared<Parameters>(*catalog);
    store::StoreOptions store_options = config.store;
    store_options.vfs = data_dir->vfs();
    store_options.is_in_memory = data_dir->is_in_memory();
    vhosts = std::make_shared<Vhosts>(VhostSetting{loop, clock, config.limits, store_options},
                                      *data_dir, *catalog, *users, *parameters);
    users->on_change = [this](const std::string& user) { vhosts->user_changed(user); };
    users->on_token_end = [this](const std::string& token) { vhosts->token_ended(token); };
    vhosts->set_connection_limits(config.connection_limits);
    vhosts->open_all();
  } catch (const store::StoreError& error) {
    throw StartError{error.what(), exit_io_error};
  }
}

/// What an earlier start has not finished, and the file of the settings: before the ports open, so
/// that clients find what they need. The cores run meanwhile.
void Server::State::import_definitions() {
  if (config.definitions_file.empty() && !catalog->pending_import()) return;
  http::Importer importer{directories(), version};
  std::exception_ptr failure;
  bool is_done = false;
  std::thread thread{[&] {
    try {
      importer.finish_pending();
      if (!config.definitions_file.empty()) {
        const http::ImportResult result = importer.import_file(config.definitions_file);
        using Kind = http::ImportResult::Kind;
        if (result.kind == Kind::invalid || result.kind == Kind::unfinished)
          throw StartError{"definitions.file: " + config.definitions_file + ": " + result.reason,
                           exit_data};
      }
    } catch (const StartError&) {
      failure = std::current_exception();
    } catch (const store::StoreError& error) {
      failure = std::make_exception_ptr(StartError{error.what(), exit_io_error});
    } catch (const std::exception& error) {
      failure = std::make_exception_ptr(
          StartError{std::string{"definitions.file: "} + error.what(), exit_config});
    }
    asio::post(loop, [&is_done] { is_done = true; });
  }};
  while (!is_done) loop.run_one();
  thread.join();
  if (failure) std::rethrow_exception(failure);
}

void Server::State::watch_resources() {
  const auto pass_on = [this](broker::Alarms alarms) {
    // Sessions first, also at its end: they have told the core whatever is to be told.
    amqp->set_memory_short(alarms.memory);
    vhosts->set_alarms(alarms);
  };
  alarm_watch = std::make_unique<AlarmWatch>(
      config.resources, data_dir->is_in_memory() ? "" : data_dir->path(), pass_on);
}

void Server::State::load_tls() {
  amqp_tls = read_tls(config.tls);
  http_tls = read_tls(without_clients(config.tls));
  if (!amqp_tls) return;
  log::info("TLS with the certificate of " + amqp_tls->summary());
}

void Server::State::await_reload() {
  reload_signals.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    log::info("SIGHUP: reading the settings again");
    supervisor.reloading();
    try {
      running_config.reload();
    } catch (const http::SettingsError& failure) {
      log::error(std::string{failure.what()} + "; nothing has changed");
    }
    supervisor.ready();
    await_reload();
  });
}

/// Tokens that have come to their end are looked for now and then; one that logs in anew is
/// refused at once.
void Server::State::await_token_end() {
  token_timer.expires_after(token_poll);
  token_timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    try {
      users->remove_expired_tokens();
    } catch (const store::StoreError& failure) {
      log::error("cannot remove a token that has expired", {{"reason", failure.what()}});
    }
    await_token_end();
  });
}

void Server::State::start_watchdog() {
  std::vector<Watchdog::Post> others;
  for (const auto& io_loop : io_loops) others.push_back(post_to(io_loop->io));
  others.push_back([this](std::function<void()> question) { amqp->post(std::move(question)); });
  others.push_back([this](std::function<void()> question) { http->post(std::move(question)); });
  watchdog.start(std::move(others));
}

/// Any thread. Only certificates can be refused, so they come first.
void Server::State::use(const Config& changed) {
  use_tls(changed);
  log::set_format(changed.log_format);
  log::set_level(changed.log_level);
  alarm_watch->set_limits(changed.resources);
  amqp::peer_table_limits.set(changed.table_limits);
  amqp->change_rules(rules_of(changed));
  vhosts->set_limits(changed.limits);
  vhosts->set_connection_limits(changed.connection_limits);
  http->set_hosts(changed.http_hosts);
  http->set_limits(changed.http_limits);
}

void Server::State::use_tls(const Config& changed) {
  if (changed.tls.is_on() != (amqp_tls != nullptr))
    throw http::SettingsError{
        "TLS cannot be turned on or off while the broker runs: tls.certfile waits for its next "
        "start. Nothing has changed"};
  if (!amqp_tls) return;
  amqp_tls->reload(changed.tls);
  http_tls->reload(without_clients(changed.tls));
  log::info("TLS with the certificate of " + amqp_tls->summary() + ", for new connections");
}

void Server::State::make_amqp() {
  amqp::peer_table_limits.set(config.table_limits);
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
  options.rules = rules_of(config);
  options.sessions_max = spare_descriptors();
  options.version = version;
  amqp = std::make_unique<net::Server>(std::move(options), loops, *vhosts, *users);
}

void Server::State::start_amqp() {
  amqp->listen();
  for (const auto& io_loop : io_loops)
    io_loop->thread = std::thread{[&io = io_loop->io] {
      this_thread::set_name("amqp");
      this_thread::be_prompt();
      io.run();
    }};
}

void Server::State::start_http() {
  http::Options options;
  options.bind = config.bind.front();
  options.port = config.http_port;
  options.tls_port = config.http_tls_port;
  options.tls = http_tls;
  options.hosts = config.http_hosts;
  options.limits = config.http_limits;
  options.settings = &running_config;
  options.metrics_port = config.metrics_port;
  options.metrics_bind = config.metrics_bind.empty() ? config.bind : config.metrics_bind;
  options.resource_marks = [this] { return alarm_watch->marks(); };
  options.data_dir = data_dir->is_in_memory() ? "." : data_dir->path();
  options.loops.push_back({"core", post_to(loop)});
  for (const auto& io_loop : io_loops)
    options.loops.push_back({"io-" + std::to_string(options.loops.size()), post_to(io_loop->io)});
  http::ListenerInfo info;
  info.version = version;
  for (const std::string& address : config.bind) {
    if (const auto port = amqp->port()) info.listeners.push_back({"amqp", address, *port});
    if (const auto port = amqp->tls_port()) info.listeners.push_back({"amqp/ssl", address, *port});
  }
  http = std::make_unique<http::Server>(std::move(options), directories(), std::move(info));
  http->start();
}

void Server::State::end_loops() {
  for (const auto& io_loop : io_loops) io_loop->io.stop();
  loop.stop();
}

void check_files(const Config& config) {
  read_tls(config.tls);
}

Server::Server(RunningConfig& config, std::string version)
    : state_(std::make_unique<State>(config, std::move(version))) {
  state_->open_stores();
}

Server::~Server() {
  State& state = *state_;
  state.end_loops();
  for (const auto& io_loop : state.io_loops)
    if (io_loop->thread.joinable()) io_loop->thread.join();
  state.shutdown.reset();
  state.http.reset();
  state.alarm_watch.reset();
  state.amqp.reset();
  // Virtual hosts hold sessions, whose sockets belong to the loops.
  if (state.vhosts) state.vhosts->drop_all();
}

void Server::start() {
  State& state = *state_;
  try {
    // Before any thread: a signal that comes while we start stops us as soon as we run.
    state.signals.add(SIGINT);
    state.signals.add(SIGTERM);
    state.reload_signals.add(SIGHUP);
    state.load_tls();
    state.make_amqp();
    state.watch_resources();
    state.import_definitions();
    state.start_amqp();
    state.start_http();
    state.running_config.on_change([&state](const Config& changed) { state.use(changed); });
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
  add("metrics", state_->http->metrics_port());
  return text;
}

const std::string& Server::data_dir() const {
  return state_->data_dir->path();
}

void Server::run() {
  State& state = *state_;
  state.shutdown.emplace(ShutdownParts{.loop = state.loop,
                                       .signals = state.signals,
                                       .config = state.config,
                                       .supervisor = state.supervisor,
                                       .watchdog = state.watchdog,
                                       .vhosts = *state.vhosts,
                                       .amqp = *state.amqp,
                                       .http = *state.http,
                                       .end_loops = [&state] { state.end_loops(); }});
  state.await_reload();
  state.await_token_end();
  state.start_watchdog();
  state.supervisor.ready();
  let_go_of_start_pages();
  this_thread::be_prompt();
  state.loop.run();
  for (const auto& io_loop : state.io_loops) io_loop->thread.join();
  state.shutdown->join();
  state.vhosts->close_stores();
  log::info("stopped");
}

}  // namespace leveret::server
