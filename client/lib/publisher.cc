#include "lib/publisher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "lib/channel.h"

namespace leveret::client {

/// Messages under way, in publishing order. Since the server counts the same way, the one with
/// sequence `first_sequence_ + i` is `pending_[i]`.
struct Publisher::State final : ChannelListener {
  struct Pending {
    std::uint64_t id;
    std::shared_ptr<const Envelope> envelope;
    std::string body;
    bool is_settled = false;
    bool is_returned = false;
  };

  State(Url url_in, PublisherOptions options_in)
      : url(std::move(url_in)), options(std::move(options_in)) {}

  void connect();
  void reconnect();
  void ensure_connected();
  template <class Done>
  void wait_until(Done is_done);

  void on_confirm(const Confirm& confirm) override;
  void on_return(const Returned& returned) override;
  void on_closed(const CloseReason& reason) override;
  void settle(Pending& pending, bool is_ack);

  const Url url;
  const PublisherOptions options;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Channel> channel;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Pending> pending;
  std::uint64_t first_sequence = 1;
  std::optional<CloseReason> lost;
  std::vector<Failure> failures;
  Counts counts;
};

Publisher::Publisher(Url url, PublisherOptions options)
    : state_(std::make_unique<State>(std::move(url), std::move(options))) {
  state_->connect();
}

Publisher::~Publisher() = default;

std::uint64_t Publisher::publish(std::shared_ptr<const Envelope> envelope, std::string body) {
  State& state = *state_;
  state.wait_until([&] { return state.pending.size() < state.options.window; });
  const State::Pending* added = nullptr;
  {
    const std::lock_guard lock(state.mutex);
    added = &state.pending.emplace_back(
        State::Pending{++state.counts.published, std::move(envelope), std::move(body)});
  }
  // Not confirmed before it is sent, so nobody takes it out of the deque meanwhile.
  const std::uint64_t id = added->id;
  try {
    state.channel->publish(*added->envelope, added->body);
  } catch (const Error&) {
    state.ensure_connected();  // Publishes it again, or says why not.
  }
  return id;
}

void Publisher::flush() {
  state_->wait_until([this] { return state_->pending.empty(); });
}

std::vector<Publisher::Failure> Publisher::take_failures() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->failures, {});
}

Publisher::Counts Publisher::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

std::optional<std::string> Publisher::blocked_reason() const {
  return state_->connection ? state_->connection->blocked_reason() : std::nullopt;
}

/// Waits until `is_done`, asked under the lock, reconnecting as often as it takes.
template <class Done>
void Publisher::State::wait_until(Done is_done) {
  for (;;) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return lost || is_done(); });
      if (!lost) return;
    }
    ensure_connected();
  }
}

void Publisher::State::ensure_connected() {
  std::optional<CloseReason> reason;
  {
    // The caller may have seen the end before on_closed() has told us.
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return lost.has_value(); });
    reason = lost;
  }
  if (!reason->is_connection) throw ChannelError{reason->text, reason->reply_code};
  const ConnectionError error{reason->text, reason->reply_code};
  if (options.reconnect_for.count() == 0 || !is_worth_retrying(error)) throw error;
  reconnect();
}

void Publisher::State::reconnect() {
  const auto give_up_at = std::chrono::steady_clock::now() + options.reconnect_for;
  Backoff backoff;
  for (;;) {
    try {
      return connect();
    } catch (const ConnectionError& error) {
      const auto wait = backoff.next();
      if (!is_worth_retrying(error) || std::chrono::steady_clock::now() + wait > give_up_at) throw;
      if (options.on_reconnect) options.on_reconnect(error, wait);
      std::this_thread::sleep_for(wait);
    }
  }
}

/// Opens a new connection and publishes on it what is pending.
void Publisher::State::connect() {
  channel.reset();
  connection.reset();
  {
    const std::lock_guard lock(mutex);
    std::erase_if(pending, [](const Pending& message) { return message.is_settled; });
    for (Pending& message : pending) message.is_returned = false;
    first_sequence = 1;
    lost.reset();
  }
  connection = std::make_unique<Connection>(url, options.connection);
  channel = std::make_unique<Channel>(*connection, this);
  channel->select_confirms();
  // Confirms take messages out while we send, so copy what is to be sent again.
  std::vector<std::pair<std::shared_ptr<const Envelope>, std::string>> again;
  {
    const std::lock_guard lock(mutex);
    for (const Pending& message : pending) again.emplace_back(message.envelope, message.body);
    counts.republished += again.size();
  }
  for (const auto& [envelope, body] : again) channel->publish(*envelope, body);
}

void Publisher::State::on_confirm(const Confirm& confirm) {
  const std::lock_guard lock(mutex);
  if (confirm.sequence < first_sequence) return;
  const std::uint64_t index = confirm.sequence - first_sequence;
  if (index >= pending.size()) return;
  if (confirm.is_multiple)
    for (std::uint64_t i = 0; i < index; ++i) settle(pending[i], confirm.is_ack);
  settle(pending[index], confirm.is_ack);
  while (!pending.empty() && pending.front().is_settled) {
    pending.pop_front();
    ++first_sequence;
  }
  changed.notify_all();
}

void Publisher::State::settle(Pending& message, bool is_ack) {
  if (std::exchange(message.is_settled, true)) return;
  if (message.is_returned) {
    ++counts.unroutable;
  } else if (is_ack) {
    ++counts.confirmed;
  } else {
    ++counts.refused;
    failures.push_back({message.id, Failure::Kind::refused, message.envelope->exchange(),
                        message.envelope->routing_key(), ""});
  }
}

/// basic.return does not say which publish it answers; among equal messages it does not matter.
void Publisher::State::on_return(const Returned& returned) {
  const std::lock_guard lock(mutex);
  const auto message = std::ranges::find_if(pending, [&](const Pending& candidate) {
    return !candidate.is_settled && !candidate.is_returned &&
           candidate.envelope->routing_key() == returned.routing_key &&
           candidate.envelope->exchange() == returned.exchange && candidate.body == returned.body;
  });
  if (message == pending.end()) return;
  message->is_returned = true;
  failures.push_back({message->id, Failure::Kind::unroutable, std::string{returned.exchange},
                      std::string{returned.routing_key}, std::string{returned.reply_text}});
}

void Publisher::State::on_closed(const CloseReason& reason) {
  const std::lock_guard lock(mutex);
  if (!lost) lost = reason;
  changed.notify_all();
}

}  // namespace leveret::client
