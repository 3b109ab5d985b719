#include "net/entrance.h"

#include <algorithm>
#include <utility>

#include "base/limit_counts.h"
#include "base/log.h"
#include "base/this_thread.h"
#include "net/endpoint.h"

namespace leveret::net {
namespace {

constexpr std::size_t login_threads = 2;
/// Beside messages, a new connection has a third of a busy processor.
constexpr int steps_behind_messages = 5;

}  // namespace

Entrance::Entrance(const ServerOptions& options, broker::CoreDirectory& directory,
                   auth::Users& users, Place::Count count, OnOpen on_open)
    : options_(options),
      directory_(directory),
      count_(std::move(count)),
      on_open_(std::move(on_open)),
      rules_(std::make_shared<const ConnectionRules>(options.rules)),
      logins_(users, login_threads) {}

Entrance::~Entrance() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  logins_.stop();
}

void Entrance::listen() {
  // All ports before the first connection.
  plain_ = open(options_.port);
  if (options_.tls) tls_ = open(options_.tls_port);
  accept(plain_, false);
  accept(tls_, true);
  thread_ = std::thread{[this] {
    this_thread::set_name("entrance");
    this_thread::give_way(steps_behind_messages);
    io_.run();
  }};
}

Entrance::Listeners Entrance::open(std::optional<std::uint16_t> port) {
  Listeners listeners;
  if (port)
    for (const std::string& address : options_.addresses)
      listeners.push_back(std::make_shared<Listener>(io_, address, *port));
  return listeners;
}

void Entrance::accept(const Listeners& listeners, bool is_tls) {
  for (const auto& listener : listeners)
    listener->start([this] { return *count_ < options_.sessions_max; },
                    [this, is_tls](tcp::socket socket) { admit(std::move(socket), is_tls); });
}

void Entrance::admit(tcp::socket socket, bool is_tls) {
  if (!has_place_for(socket)) return;
  Opening::start(*this, is_tls ? Stream{std::move(socket), options_.tls->current()}
                               : Stream{std::move(socket)});
}

bool Entrance::has_place_for(const tcp::socket& socket) const {
  const std::shared_ptr<const ConnectionRules> rules = this->rules();
  if (openings_.size() >= rules->handshakes_max) {
    limits_reached.add(Limit::handshakes);
    return false;
  }
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return false;  // it has gone again
  const auto from = openings_from_.find(peer.address());
  const bool has_room =
      from == openings_from_.end() || from->second < rules->handshakes_per_address_max;
  if (has_room || is_proxy(peer.address())) return true;
  limits_reached.add(Limit::handshakes_per_address);
  return false;
}

void Entrance::add(Opening& opening, const asio::ip::address& from) {
  openings_.insert(&opening);
  ++openings_from_[from];
}

void Entrance::remove(Opening& opening, const asio::ip::address& from) {
  openings_.erase(&opening);
  const auto place = openings_from_.find(from);
  if (--place->second == 0) openings_from_.erase(place);
}

bool Entrance::is_proxy(const asio::ip::address& address) const {
  const std::shared_ptr<const ConnectionRules> rules = this->rules();
  if (rules->proxies.empty()) return false;
  const auto parsed = parse_address(unmapped(address).to_string());
  return parsed && std::ranges::any_of(rules->proxies, [&](const Network& network) {
           return network.contains(*parsed);
         });
}

void Entrance::warn(std::string_view what, const std::string& connection, std::string_view reason) {
  const auto unwritten = refusals_.take(LogAllowance::Time::clock::now());
  if (!unwritten) return;
  std::string why{reason};
  if (*unwritten > 0)
    why += "; " + std::to_string(*unwritten) + " others since the last line of this kind";
  log::warn(what, {{"connection", connection}, {"reason", why}});
}

std::optional<std::uint16_t> Entrance::port() const {
  return plain_.empty() ? std::nullopt : std::optional{plain_.front()->port()};
}

std::optional<std::uint16_t> Entrance::tls_port() const {
  return tls_.empty() ? std::nullopt : std::optional{tls_.front()->port()};
}

void Entrance::change_rules(ConnectionRules rules) {
  auto changed = std::make_shared<const ConnectionRules>(std::move(rules));
  const std::lock_guard lock{rules_mutex_};
  rules_ = std::move(changed);
}

void Entrance::close() {
  asio::post(io_, [this] {
    for (const Listeners* listeners : {&plain_, &tls_})
      for (const auto& listener : *listeners) listener->close();
    const std::vector<Opening*> openings{openings_.begin(), openings_.end()};
    for (Opening* opening : openings) opening->end("the broker stops");
  });
}

}  // namespace leveret::net
