#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "broker/core.h"
#include "broker/outbox.h"
#include "net/asio.h"
#include "net/command_reader.h"
#include "net/liveness.h"
#include "net/opening.h"
#include "net/outgoing.h"
#include "net/place.h"
#include "net/read_buffer.h"
#include "net/signal.h"
#include "net/stream.h"

namespace leveret::net {

class Session;

/// What the sessions of one I/O loop share; only touched on that loop.
struct SessionLoop {
  explicit SessionLoop(asio::io_context& io_in) : io(io_in) {}
  asio::io_context& io;
  ChunkPool chunks;
  OutgoingPool outgoing;
  std::unordered_set<Session*> sessions;
};

/// What all sessions share.
struct SessionContext {
  /// How long a client may take to answer a close.
  const TimeMs close_ms_max;
  std::atomic<std::uint64_t> last_id{0};
  /// No session starts any more.
  std::atomic<bool> is_stopping{false};
  /// There is a memory alarm: no session reads on in the middle of a message.
  std::atomic<bool> is_memory_short{false};
};

/// One open client connection. It lives on the loop that it was started on, as two coroutines: one
/// reads, decodes and hands commands to the core, the other writes what has gathered. The
/// coroutines, the timer and the core share it, hence the shared_ptr: whichever comes last frees
/// it.
///
/// As an Outbox it is called on the core's loop: directly when that is its own loop, else by way of
/// a mailbox with one post for all that has gathered.
class Session final : public broker::Outbox, public std::enable_shared_from_this<Session> {
 public:
  /// Starts a session on `loop`, to be called there. `context` and `loop` outlive all sessions.
  static void start(SessionContext& context, SessionLoop& loop, OpenConnection connection);

  /// For start() only; without what start() still needs.
  Session(SessionContext& context, SessionLoop& loop, OpenConnection& connection);

  void send(std::vector<broker::Outgoing>& records) override;
  void consumed(std::size_t bytes) override;

  /// Memory is not short any more. On the session's loop.
  void resume_reading() { capacity_.notify(); }

  /// Closes the socket and leaves the core, once. On the session's loop. `reason` is logged.
  void end(std::string_view reason);

 private:
  enum class Stage { open, closing, ended };
  /// Commands that the core has not worked off, in bytes; above it the session stops reading.
  static constexpr std::size_t in_core_bytes_max = std::size_t{1} << 20U;
  /// What may stay of a message that has not come whole for as long as memory is short.
  static constexpr std::size_t held_bytes_max = std::size_t{1} << 20U;

  static asio::awaitable<void> run_reader(std::shared_ptr<Session> self);
  static asio::awaitable<void> fill(std::shared_ptr<Session> self);
  static asio::awaitable<void> run_writer(std::shared_ptr<Session> self);
  static asio::awaitable<void> write(std::shared_ptr<Session> self, OutgoingBytes bytes);

  void enter_core(OpenConnection& connection);

  // Reading.
  bool must_pause() const;
  bool is_message_held() const;
  void report_held();
  std::size_t missing_bytes() const;
  /// Hands what has come whole to the core; returns whether that was enough work for one turn, and
  /// there may be more.
  bool decode();
  void hand_over(broker::CommandBatch batch);
  void report(const CommandReader::Failure& failure);
  void look_for_close_ok();

  // Writing.
  OutgoingBytes& pending();
  void write_soon(std::string_view frames);
  void take(const std::vector<broker::Outgoing>& records);
  void take_back(std::size_t bytes);
  void receive_inbox();
  void post_inbox();
  void report_drained(std::size_t cost_bytes, std::uint64_t octets);

  // Life.
  void begin_closing();
  void finish_output();
  void arm_timer(TimeMs delay_ms);
  void on_timer();
  void check_liveness();
  static TimeMs now_ms();
  bool is_ended() const { return stage_ == Stage::ended; }

  SessionContext& context_;
  SessionLoop& loop_;
  Stream stream_;
  asio::steady_timer timer_;
  Place place_;
  const ConnectionId id_;
  const std::string name_;
  Stage stage_ = Stage::open;

  const std::uint32_t frame_max_;
  CommandReader reader_;
  std::shared_ptr<broker::Core> core_;
  /// Held as long as the connection counts where connections are limited.
  std::shared_ptr<void> admission_place_;
  Liveness liveness_;

  ReadBuffer input_;
  std::size_t commands_expected_ = 16;
  std::size_t in_core_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  bool has_more_to_read_ = false;
  bool is_reading_paused_ = false;
  /// Broken framing: nothing that comes can be understood any more.
  bool is_input_ignored_ = false;
  Signal capacity_;

  OutgoingBytes pending_;
  std::uint64_t sent_bytes_ = 0;
  bool is_writing_ = false;
  /// The last record has been taken; nothing may follow it.
  bool is_output_complete_ = false;
  /// End the stream once everything is written.
  bool is_output_finished_ = false;
  Signal output_ready_;

  /// What the core has sent from another loop.
  struct Inbox {
    std::mutex mutex;
    std::vector<broker::Outgoing> records;
    std::size_t consumed_bytes = 0;
    bool is_posted = false;
  };
  Inbox inbox_;
  std::vector<broker::Outgoing> received_records_;
};

}  // namespace leveret::net
