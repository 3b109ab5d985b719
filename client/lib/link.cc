#include "lib/link.h"

#include <fcntl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "amqp/reply_code.h"

namespace leveret::client {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;

/// Publishers wait while this much is queued and not yet given to the socket.
constexpr std::size_t queued_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds goodbye_timeout{5'000};

SessionSettings settings_from(const Url& url, const ConnectionOptions& options) {
  const amqp::Table capabilities{{"publisher_confirms", true},
                                 {"consumer_cancel_notify", true},
                                 {"basic.nack", true},
                                 {"connection.blocked", true},
                                 {"authentication_failure_close", true}};
  SessionSettings settings;
  settings.user = url.user;
  settings.password = url.password;
  settings.is_external = url.is_external;
  settings.vhost = url.vhost;
  settings.client_properties = {{"product", "libleveret"},
                                {"platform", "C++"},
                                {"connection_name", std::string_view{options.name}},
                                {"capabilities", capabilities}};
  settings.frame_max = options.frame_max;
  settings.heartbeat_s = url.heartbeat_s.value_or(options.heartbeat_s);
  return settings;
}

[[noreturn]] void throw_closed(const CloseReason& reason) {
  if (reason.is_connection) throw ConnectionError{reason.text, reason.reply_code};
  throw ChannelError{reason.text, reason.reply_code};
}

}  // namespace

Link::Link(Loop& loop, const Url& url, ConnectionOptions options)
    : loop_(loop),
      url_(url),
      options_(std::move(options)),
      session_(settings_from(url, options_), *this),
      stream_(asio::ip::tcp::socket{loop.context()}),
      resolver_(loop.context()),
      deadline_(loop.context()),
      heartbeat_(loop.context()) {}

// Connecting and closing

void Link::open() {
  refuse_on_loop();
  asio::co_spawn(loop_.context(), run(shared_from_this()), asio::detached);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_open_ || is_finished_; });
  if (!is_open_) throw_closed(*reason_);
}

void Link::close() {
  refuse_on_loop();
  loop_.post([self = shared_from_this()] {
    if (!self->session_.is_open()) return self->cut("closed before it was open");
    self->session_.close();
    self->flush_session();
    self->arm_deadline(goodbye_timeout, "the server did not answer connection.close");
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_finished_; });
}

bool Link::is_open() const {
  const std::lock_guard lock(mutex_);
  return is_open_ && !reason_;
}

std::optional<CloseReason> Link::close_reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

std::optional<std::string> Link::blocked_reason() const {
  const std::lock_guard lock(mutex_);
  return blocked_;
}

asio::awaitable<void> Link::run(std::shared_ptr<Link> /*self*/) {
  const std::string where = "cannot reach " + url_.authority();
  try {
    arm_deadline(
        options_.connect_timeout,
        where + ": no answer within " + std::to_string(options_.connect_timeout.count()) + " ms");
    const auto endpoints =
        co_await resolver_.async_resolve(url_.host, std::to_string(url_.port), use_awaitable);
    co_await asio::async_connect(stream_.socket(), endpoints, use_awaitable);
    stream_.socket().set_option(asio::ip::tcp::no_delay(true));
    // A child process that outlives us must not keep the connection open.
    ::fcntl(stream_.socket().native_handle(), F_SETFD, FD_CLOEXEC);
    if (url_.is_tls) co_await start_tls();
    session_.start();
    flush_session();
    co_await read_frames();
  } catch (const boost::system::system_error& error) {
    const bool was_open = session_.is_open();
    const std::string what = stream_.explain(error.code());
    cut(was_open ? "connection to " + url_.authority() + " lost: " + what : where + ": " + what);
  } catch (const amqp::Error& error) {
    cut("broken AMQP from " + url_.authority() + ": " + error.what());
  } catch (const std::exception& error) {
    cut(std::string{"a callback has thrown: "} + error.what());
  }
  finish();
}

asio::awaitable<void> Link::start_tls() {
  try {
    co_await stream_.start_tls(url_.tls, url_.host);
  } catch (const std::runtime_error& error) {
    cut("cannot connect to " + url_.authority() + " by TLS: " + error.what());
    throw boost::system::system_error{asio::error::operation_aborted};
  }
}

asio::awaitable<void> Link::read_frames() {
  in_.resize(options_.read_bytes);
  std::size_t filled = 0;
  while (stream_.is_open()) {
    if (filled == in_.size()) in_.resize(in_.size() * 2);  // A frame larger than the buffer.
    filled += co_await stream_.async_read_some(
        asio::buffer(in_.data() + filled, in_.size() - filled), use_awaitable);
    has_received_ = true;
    const std::size_t used = session_.receive({in_.data(), filled});
    filled -= used;
    if (filled != 0) std::memmove(in_.data(), in_.data() + used, filled);
    flush_session();
    // Ended by protocol: finish() leaves the socket to write_out() for the last answer.
    if (close_reason()) co_return;
  }
}

asio::awaitable<void> Link::write_out(std::shared_ptr<Link> /*self*/) {
  try {
    for (;;) {
      writing_.clear();
      std::unique_lock lock(mutex_);
      if (out_.empty() && options_.listener && is_open_ && !reason_) {
        lock.unlock();
        tell_drained();
        lock.lock();
      }
      if (out_.empty() || !stream_.is_open()) {
        is_writer_awake_ = false;
        if (is_finished_) close_socket();
        co_return;
      }
      std::swap(out_, writing_);
      lock.unlock();
      room_.notify_all();
      has_sent_ = true;
      co_await asio::async_write(stream_, asio::buffer(writing_), use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The reading side sees the same fault and what the server said before it.
    const std::lock_guard lock(mutex_);
    is_writer_awake_ = false;
    if (is_finished_) close_socket();
  }
}

void Link::tell_drained() {
  try {
    options_.listener->on_drained();
  } catch (const Error&) {  // As in tell().
  } catch (const std::exception& error) {
    cut(std::string{"a callback has thrown: "} + error.what());
  }
}

/// Sends a heartbeat after half an interval without output; gives up after two intervals without
/// input (4.2.7).
asio::awaitable<void> Link::beat(std::shared_ptr<Link> /*self*/) {
  const std::chrono::milliseconds half{session_.tuning().heartbeat_s * 500};
  int silent_halves = 0;
  while (stream_.is_open()) {
    heartbeat_.expires_after(half);
    boost::system::error_code error;
    co_await heartbeat_.async_wait(asio::redirect_error(use_awaitable, error));
    if (error) co_return;
    silent_halves = std::exchange(has_received_, false) ? 0 : silent_halves + 1;
    if (silent_halves >= 4) {
      cut("no sign of life from " + url_.authority() + " for " +
          std::to_string(2 * session_.tuning().heartbeat_s) + " s");
      co_return;
    }
    if (std::exchange(has_sent_, false)) continue;
    amqp::write_heartbeat_frame(session_.output());
    flush_session();
  }
}

void Link::arm_deadline(std::chrono::milliseconds after, std::string text) {
  deadline_.expires_after(after);
  deadline_.async_wait([self = shared_from_this(), text = std::move(text)](auto error) {
    if (!error) self->cut(text);
  });
}

void Link::flush_session() {
  std::unique_lock lock(mutex_);
  out_ += std::exchange(session_.output(), {});
  if (!out_.empty()) wake_writer(lock);
}

/// Ends the connection at once; the first reason stays. On the loop.
void Link::cut(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = CloseReason{0, std::move(text), true};
  }
  resolver_.cancel();
  close_socket();
}

void Link::close_socket() {
  stream_.close();
}

/// The end of run(): tells everyone. On the loop.
void Link::finish() {
  deadline_.cancel();
  heartbeat_.cancel();
  std::vector<std::shared_ptr<ChannelState>> channels;
  CloseReason reason;
  {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = CloseReason{0, "connection closed", true};
    reason = *reason_;
    channels = std::exchange(channels_, {});
  }
  for (const auto& channel : channels)
    if (channel) mark_closed(*channel, reason);
  if (options_.listener && is_open_) options_.listener->on_closed(reason);
  const std::lock_guard lock(mutex_);
  is_finished_ = true;
  if (!is_writer_awake_) close_socket();
  changed_.notify_all();
  room_.notify_all();
}

// Channels

std::shared_ptr<ChannelState> Link::open_channel(ChannelListener* listener) {
  refuse_on_loop();
  auto channel = std::make_shared<ChannelState>();
  channel->listener = listener;
  {
    const std::lock_guard lock(mutex_);
    if (reason_) throw_closed(*reason_);
    std::size_t number = 1;
    while (number < numbers_in_use_.size() && numbers_in_use_[number]) ++number;
    const std::uint16_t channel_max = session_.tuning().channel_max;
    if (number > (channel_max == 0 ? 65535U : channel_max))
      throw ConnectionError{"all " + std::to_string(number - 1) + " channels are in use"};
    if (number == numbers_in_use_.size()) numbers_in_use_.push_back(false);
    numbers_in_use_[number] = true;
    channel->number = static_cast<std::uint16_t>(number);
  }
  loop_.run([&] {
    if (close_reason()) return mark_closed(*channel, *close_reason());
    if (channels_.size() <= channel->number) channels_.resize(channel->number + 1U);
    channels_[channel->number] = channel;
  });
  call(*channel, amqp::channel::Open{});
  return channel;
}

void Link::abandon_channel(const std::shared_ptr<ChannelState>& channel) {
  {
    std::unique_lock lock(mutex_);
    if (channel->is_open && !reason_) {
      channel->is_open = false;
      amqp::write_method_frame(out_, channel->number, amqp::channel::Close{200, "", 0, 0});
      wake_writer(lock);
    } else if (is_finished_) {
      return;
    }
  }
  loop_.run([&] { channel->listener = nullptr; });
}

StoredReply Link::call(ChannelState& channel, const amqp::Method& method) {
  refuse_on_loop();
  const std::lock_guard turn(channel.turn);
  std::unique_lock lock(mutex_);
  check_open(channel);
  channel.is_waiting = true;
  channel.reply.reset();
  amqp::write_method_frame(out_, channel.number, method);
  wake_writer(lock);
  if (!lock.owns_lock()) lock.lock();
  const bool is_answered = channel.changed.wait_for(
      lock, options_.reply_timeout, [&] { return channel.reply || channel.reason; });
  channel.is_waiting = false;
  if (channel.reply) return std::move(*channel.reply);
  if (is_answered) throw_closed(*channel.reason);
  throw Timeout{"no answer to " + std::string{amqp::key_of(method).name} + " from " +
                url_.authority() + " within " + std::to_string(options_.reply_timeout.count()) +
                " ms"};
}

bool Link::is_open(const ChannelState& channel) const {
  const std::lock_guard lock(mutex_);
  return channel.is_open && !channel.reason;
}

std::optional<CloseReason> Link::close_reason(const ChannelState& channel) const {
  const std::lock_guard lock(mutex_);
  return channel.reason;
}

void Link::refuse_on_loop() const {
  if (is_on_loop())
    throw std::logic_error("a blocking call on the connection's own loop would wait for itself");
}

void Link::wait_for_room(std::unique_lock<std::mutex>& lock) {
  if (out_.size() < queued_bytes_max || is_on_loop()) return;
  room_.wait(lock, [&] { return out_.size() < queued_bytes_max || reason_; });
}

/// Releases `lock` when the writer has to be started.
void Link::wake_writer(std::unique_lock<std::mutex>& lock) {
  if (is_writer_awake_) return;
  is_writer_awake_ = true;
  lock.unlock();
  // Posted, so that all that one batch of callbacks sends leaves in one write.
  asio::post(loop_.context(), [self = shared_from_this()] {
    asio::co_spawn(self->loop_.context(), self->write_out(self), asio::detached);
  });
}

void Link::check_open(const ChannelState& channel) const {
  if (channel.reason) throw_closed(*channel.reason);
  if (reason_) throw_closed(*reason_);
  if (!channel.is_open) throw ChannelError{"the channel has been closed by this client", 0};
}

// Events, on the loop

void Link::on_open() {
  deadline_.cancel();
  if (session_.tuning().heartbeat_s != 0)
    asio::co_spawn(loop_.context(), beat(shared_from_this()), asio::detached);
  const std::lock_guard lock(mutex_);
  is_open_ = true;
  changed_.notify_all();
}

void Link::on_closed(std::uint16_t reply_code, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!reason_) reason_ = CloseReason{reply_code, std::string{text}, true};
  out_.clear();  // Nobody reads it any more; our close-ok comes next.
}

void Link::on_blocked(std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    blocked_ = std::string{reason};
  }
  if (options_.listener) options_.listener->on_blocked(reason);
}

void Link::on_unblocked() {
  {
    const std::lock_guard lock(mutex_);
    blocked_.reset();
  }
  if (options_.listener) options_.listener->on_unblocked();
}

ChannelState* Link::channel_at(std::uint16_t number) {
  return number < channels_.size() ? channels_[number].get() : nullptr;
}

void Link::on_method(std::uint16_t number, const amqp::Method& method, std::string_view payload) {
  ChannelState* channel = channel_at(number);
  if (!channel) return;  // An answer that came too late for its channel.
  if (const auto* ack = std::get_if<amqp::basic::Ack>(&method)) {
    tell(*channel, [&](ChannelListener& listener) {
      listener.on_confirm({ack->delivery_tag, ack->multiple, true});
    });
  } else if (const auto* nack = std::get_if<amqp::basic::Nack>(&method)) {
    tell(*channel, [&](ChannelListener& listener) {
      listener.on_confirm({nack->delivery_tag, nack->multiple, false});
    });
  } else if (const auto* cancel = std::get_if<amqp::basic::Cancel>(&method)) {
    tell(*channel, [&](ChannelListener& listener) { listener.on_cancel(cancel->consumer_tag); });
  } else if (const auto* close = std::get_if<amqp::channel::Close>(&method)) {
    on_channel_close(*channel, *close);
  } else if (std::holds_alternative<amqp::channel::CloseOk>(method)) {
    store_reply(*channel, {std::string{payload}, {}, {}});
    forget_channel(number);
  } else if (const auto* flow = std::get_if<amqp::channel::Flow>(&method)) {
    amqp::write_method_frame(session_.output(), number, amqp::channel::FlowOk{flow->active});
  } else {
    store_reply(*channel, {std::string{payload}, {}, {}});
  }
}

void Link::on_content(std::uint16_t number, const Content& content) {
  ChannelState* channel = channel_at(number);
  if (!channel) return;
  if (const auto* deliver = std::get_if<amqp::basic::Deliver>(&content.method)) {
    tell(*channel, [&](ChannelListener& listener) {
      listener.on_delivery({deliver->consumer_tag, deliver->delivery_tag, deliver->redelivered,
                            deliver->exchange, deliver->routing_key, content.properties,
                            content.body});
    });
  } else if (const auto* returned = std::get_if<amqp::basic::Return>(&content.method)) {
    tell(*channel, [&](ChannelListener& listener) {
      listener.on_return({returned->reply_code, returned->reply_text, returned->exchange,
                          returned->routing_key, content.properties, content.body});
    });
  } else {
    store_reply(*channel, {std::string{content.method_payload}, std::string{content.properties},
                           std::string{content.body}});
  }
}

void Link::on_channel_close(ChannelState& channel, const amqp::channel::Close& close) {
  amqp::write_method_frame(session_.output(), channel.number, amqp::channel::CloseOk{});
  mark_closed(channel, {close.reply_code, std::string{close.reply_text}, false});
  forget_channel(channel.number);
}

void Link::store_reply(ChannelState& channel, StoredReply reply) {
  const std::lock_guard lock(mutex_);
  if (!channel.is_waiting) return;
  channel.reply = std::move(reply);
  channel.changed.notify_all();
}

void Link::forget_channel(std::uint16_t number) {
  channels_[number].reset();
  const std::lock_guard lock(mutex_);
  numbers_in_use_[number] = false;
}

void Link::mark_closed(ChannelState& channel, const CloseReason& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!channel.reason) channel.reason = reason;
    channel.is_open = false;
    channel.changed.notify_all();
  }
  tell(channel, [&](ChannelListener& listener) { listener.on_closed(reason); });
}

}  // namespace leveret::client
