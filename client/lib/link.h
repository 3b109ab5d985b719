#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/channel.h"
#include "lib/connection.h"
#include "lib/session.h"
#include "lib/stream.h"

namespace leveret::client {

/// An answer to a blocking call, kept as the bytes it came in: the caller decodes it.
struct StoredReply {
  std::string method;
  std::string properties;
  std::string body;
};

/// A channel as its link sees it. Everything but `listener` is guarded by the link's mutex;
/// `listener` belongs to the loop's thread.
class ChannelState {
 public:
  std::uint16_t number = 0;
  ChannelListener* listener = nullptr;

  bool is_open = true;
  bool is_waiting = false;
  std::optional<StoredReply> reply;
  std::optional<CloseReason> reason;
  std::condition_variable changed;
  /// One blocking call at a time; taken before the link's mutex.
  std::mutex turn;
  bool has_confirms = false;
  std::uint64_t published = 0;
};

/// The inside of a Connection: socket, session and channels. Its coroutines run on the loop and
/// keep it alive; every other member function may be called from any thread unless it says so.
class Link final : public std::enable_shared_from_this<Link>, private SessionListener {
 public:
  Link(Loop& loop, const Url& url, ConnectionOptions options);

  /// Blocks until the connection is open. Throws ConnectionError.
  void open();
  /// Blocks until the connection is over: by its goodbye, or cut after a few seconds.
  void close();
  bool is_open() const;
  std::optional<CloseReason> close_reason() const;
  std::optional<std::string> blocked_reason() const;
  bool is_on_loop() const { return loop_.is_current(); }
  std::uint32_t frame_max() const { return session_.tuning().frame_max; }

  /// Opens a channel; blocks.
  std::shared_ptr<ChannelState> open_channel(ChannelListener* listener);
  /// Sends channel.close without waiting and makes sure that no callback runs any more.
  void abandon_channel(const std::shared_ptr<ChannelState>& channel);
  /// Appends frames by `write(std::string&)` and has them sent, in the order of the calls. With
  /// `is_bulk` it first waits while much is queued, unless on the loop. Throws when closed.
  template <class F>
  void send(ChannelState& channel, bool is_bulk, F write) {
    std::unique_lock lock(mutex_);
    if (is_bulk) wait_for_room(lock);
    check_open(channel);
    write(out_);
    wake_writer(lock);
  }
  /// Sends `method` and waits for the answer.
  StoredReply call(ChannelState& channel, const amqp::Method& method);
  bool is_open(const ChannelState& channel) const;
  std::optional<CloseReason> close_reason(const ChannelState& channel) const;

 private:
  // SessionListener, on the loop.
  void on_open() override;
  void on_method(std::uint16_t channel, const amqp::Method& method,
                 std::string_view payload) override;
  void on_content(std::uint16_t channel, const Content& content) override;
  void on_blocked(std::string_view reason) override;
  void on_unblocked() override;
  void on_closed(std::uint16_t reply_code, std::string_view text) override;

  boost::asio::awaitable<void> run(std::shared_ptr<Link> self);
  boost::asio::awaitable<void> start_tls();
  boost::asio::awaitable<void> read_frames();
  boost::asio::awaitable<void> write_out(std::shared_ptr<Link> self);
  boost::asio::awaitable<void> beat(std::shared_ptr<Link> self);
  void arm_deadline(std::chrono::milliseconds after, std::string text);
  void tell_drained();
  void flush_session();
  void cut(std::string text);
  void close_socket();
  void finish();

  void wait_for_room(std::unique_lock<std::mutex>& lock);
  void wake_writer(std::unique_lock<std::mutex>& lock);
  void check_open(const ChannelState& channel) const;
  void refuse_on_loop() const;
  /// Calls the channel's listener, if it has one.
  template <class F>
  void tell(const ChannelState& channel, F event) {
    if (!channel.listener) return;
    try {
      event(*channel.listener);
    } catch (const Error&) {
      // It answered on a channel that another thread has just closed.
    }
  }
  ChannelState* channel_at(std::uint16_t number);
  void on_channel_close(ChannelState& channel, const amqp::channel::Close& close);
  void store_reply(ChannelState& channel, StoredReply reply);
  void forget_channel(std::uint16_t number);
  void mark_closed(ChannelState& channel, const CloseReason& reason);

  Loop& loop_;
  const Url url_;
  const ConnectionOptions options_;

  // The loop's.
  Session session_;
  Stream stream_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer heartbeat_;
  std::string in_;
  std::string writing_;
  bool has_sent_ = false;
  bool has_received_ = false;
  std::vector<std::shared_ptr<ChannelState>> channels_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable room_;
  std::string out_;
  bool is_writer_awake_ = false;
  bool is_open_ = false;
  bool is_finished_ = false;
  std::optional<CloseReason> reason_;
  std::optional<std::string> blocked_;
  std::vector<bool> numbers_in_use_{true};
};

}  // namespace leveret::client
