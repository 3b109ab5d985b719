#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/this_thread.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/error.h"
#include "http/session.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds stop_timeout{2};

/// Listens at once, so that an occupied port is found before anything else has started.
tcp::acceptor open_acceptor(asio::io_context& loop, const std::string& host, std::uint16_t port,
                            const std::string& what) {
  boost::system::error_code error;
  tcp::acceptor acceptor{loop};
  const auto address = asio::ip::make_address(host, error);
  const tcp::endpoint endpoint{address, port};
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error)
    throw std::system_error{
        error, "cannot listen for " + what + " on " + host + " port " + std::to_string(port)};
  return acceptor;
}

struct Listener {
  Listener(tcp::acceptor acceptor_in, std::shared_ptr<const tls::Context> tls_in)
      : acceptor(std::move(acceptor_in)), tls(std::move(tls_in)) {
    entrance.is_loopback = acceptor.local_endpoint().address().is_loopback();
  }
  tcp::acceptor acceptor;
  /// Null for plain connections.
  std::shared_ptr<const tls::Context> tls;
  Entrance entrance;
};
using ListenerPtr = std::shared_ptr<Listener>;

std::optional<std::uint16_t> port_of(const ListenerPtr& listener) {
  if (!listener) return std::nullopt;
  return listener->acceptor.local_endpoint().port();
}

/// Who finds no place is told so, as far as that costs nothing: without TLS, and without waiting.
void admit(const ContextPtr& context, const Listener& listener, tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  try {
    Occupancy::Place place = context->occupancy.admit(peer.address().to_string());
    asio::co_spawn(context->executor,
                   serve(context, std::move(socket),
                         listener.tls ? listener.tls->current() : tls::NativeContext{},
                         listener.entrance, std::move(place)),
                   asio::detached);
  } catch (const HttpError& refusal) {
    log::debug(std::string{"HTTP: connection refused: "} + refusal.what());
    if (!listener.tls) send_refusal(socket, refusal);
  }
}

asio::awaitable<void> accept_forever(ContextPtr context, ListenerPtr listener) {
  asio::steady_timer pause{context->executor};
  while (!context->is_stopping) {
    boost::system::error_code error;
    tcp::socket socket =
        co_await listener->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (context->is_stopping) co_return;
    if (error) {
      // Out of file descriptors, most likely: trying again at once would only burn the processor.
      log::warn("HTTP: cannot accept a connection: " + error.message());
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    admit(context, *listener, std::move(socket));
  }
}

/// An import that could not be finished (the disk was full) is tried again from time to time.
asio::awaitable<void> finish_imports_forever(ContextPtr context) {
  constexpr std::chrono::seconds pause{5};
  while (!context->is_stopping) {
    boost::system::error_code error;
    context->import_timer.expires_after(pause);
    co_await context->import_timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error || !context->importer->has_unfinished()) continue;
    auto finish = [context] {
      try {
        context->importer->finish_pending();
      } catch (const std::exception& failure) {
        log::warn(std::string{"import of definitions: "} + failure.what());
      }
      return true;
    };
    co_await change(context, std::move(finish));
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(Options options, Directories directories, ListenerInfo listeners)
      : loop_(std::make_shared<asio::io_context>(1)),
        plain_(open(options, options.port, nullptr)),
        tls_(open(options, options.tls ? options.tls_port : std::nullopt, options.tls)) {
    const auto address = asio::ip::make_address(options.bind);
    if (plain_) listeners.listeners.push_back({"http", address.to_string(), *port_of(plain_)});
    if (tls_) listeners.listeners.push_back({"https", address.to_string(), *port_of(tls_)});
    open_metrics(options);
    for (const ListenerPtr& listener : metrics_)
      listeners.listeners.push_back({"http/prometheus",
                                     listener->acceptor.local_endpoint().address().to_string(),
                                     *metrics_port_});
    port_ = port_of(plain_);
    tls_port_ = port_of(tls_);
    context_ = std::make_shared<Context>(loop_, std::move(options), std::move(directories),
                                         std::move(listeners));
  }

  std::optional<std::uint16_t> port() const { return port_; }
  std::optional<std::uint16_t> tls_port() const { return tls_port_; }
  std::optional<std::uint16_t> metrics_port() const { return metrics_port_; }

  void start() {
    for (const ListenerPtr& listener : listeners())
      asio::co_spawn(context_->executor, accept_forever(context_, listener), asio::detached);
    asio::co_spawn(context_->executor, sample_forever(context_), asio::detached);
    asio::co_spawn(context_->executor, finish_imports_forever(context_), asio::detached);
    std::promise<void> done;
    done_ = done.get_future();
    thread_ = std::thread{[loop = loop_, done = std::move(done)]() mutable {
      this_thread::set_name("http");
      this_thread::give_way(15);
      loop->run();
      done.set_value();
    }};
  }

  void set_hosts(std::vector<std::string> hosts) {
    asio::post(*loop_, [context = context_, hosts = std::move(hosts)]() mutable {
      context->options.hosts = std::move(hosts);
    });
  }

  void post(std::function<void()> work) { asio::post(*loop_, std::move(work)); }

  void set_limits(const Limits& limits) {
    asio::post(*loop_, [context = context_, limits] { context->occupancy.set_limits(limits); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    context_->importer->stop();
    asio::post(*loop_, [context = context_, listeners = listeners()] {
      context->is_stopping = true;
      boost::system::error_code ignored;
      for (const ListenerPtr& listener : listeners) listener->acceptor.close(ignored);
      context->sample_timer.cancel();
      context->import_timer.cancel();
      context->feed.close();
      context->long_answers.open();
      for (Session* session : context->sessions) session->close();
    });
    // The loop ends by itself when every connection has; a core that does not answer must not hold
    // us.
    if (done_.wait_for(stop_timeout) == std::future_status::timeout) loop_->stop();
    thread_.join();
    context_->authenticator.stop();
    context_->changes.join();
  }

 private:
  ListenerPtr open(const Options& options, std::optional<std::uint16_t> port,
                   std::shared_ptr<const tls::Context> tls) {
    if (!port) return nullptr;
    return std::make_shared<Listener>(open_acceptor(*loop_, options.bind, *port, "HTTP"),
                                      std::move(tls));
  }
  void open_metrics(const Options& options) {
    if (!options.metrics_port) return;
    std::uint16_t port = *options.metrics_port;
    for (const std::string& host : options.metrics_bind) {
      auto listener = std::make_shared<Listener>(
          open_acceptor(*loop_, host, port, "metrics (metrics.port)"), nullptr);
      listener->entrance.door = Door::metrics;
      port = *port_of(listener);  // The one that was free is the same on all addresses.
      metrics_.push_back(std::move(listener));
    }
    metrics_port_ = port;
  }
  std::vector<ListenerPtr> listeners() const {
    std::vector<ListenerPtr> all = metrics_;
    for (const ListenerPtr& listener : {plain_, tls_})
      if (listener) all.push_back(listener);
    return all;
  }

  std::shared_ptr<asio::io_context> loop_;
  ListenerPtr plain_;
  ListenerPtr tls_;
  std::optional<std::uint16_t> port_;
  std::optional<std::uint16_t> tls_port_;
  std::vector<ListenerPtr> metrics_;
  std::optional<std::uint16_t> metrics_port_;
  ContextPtr context_;
  std::future<void> done_;
  std::thread thread_;
};

Server::Server(Options options, Directories directories, ListenerInfo listeners)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(directories),
                                   std::move(listeners))) {}

Server::~Server() {
  stop();
}

std::optional<std::uint16_t> Server::port() const {
  return impl_->port();
}
std::optional<std::uint16_t> Server::tls_port() const {
  return impl_->tls_port();
}
std::optional<std::uint16_t> Server::metrics_port() const {
  return impl_->metrics_port();
}
void Server::start() {
  impl_->start();
}
void Server::set_hosts(std::vector<std::string> hosts) {
  impl_->set_hosts(std::move(hosts));
}
void Server::post(std::function<void()> work) {
  impl_->post(std::move(work));
}
void Server::set_limits(const Limits& limits) {
  impl_->set_limits(limits);
}
void Server::stop() {
  impl_->stop();
}

}  // namespace leveret::http
