#include "net/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <span>
#include <utility>

#include "amqp/frame.h"
#include "base/limit_counts.h"
#include "base/log.h"
#include "broker/vhost.h"
#include "net/last_words.h"
#include "net/unexpected_end.h"

namespace leveret::net {
namespace {

using std::chrono::steady_clock;

/// What the views of one batch point into.
struct BatchBytes {
  Ref<Chunk> chunk;
  std::vector<BlobRef> kept;
};

/// Drops `size` written bytes from the front of `pieces`.
void advance(std::span<asio::const_buffer>& pieces, std::size_t size) {
  while (!pieces.empty() && size >= pieces.front().size()) {
    size -= pieces.front().size();
    pieces = pieces.subspan(1);
  }
  if (size != 0) pieces.front() += size;
}

}  // namespace

TimeMs Session::now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             steady_clock::now().time_since_epoch())
      .count();
}

void Session::start(SessionContext& context, SessionLoop& loop, OpenConnection connection) {
  if (context.is_stopping) return;
  const auto session = std::make_shared<Session>(context, loop, connection);
  loop.sessions.insert(session.get());
  session->enter_core(connection);
  session->write_soon(connection.output);
  session->arm_timer(session->liveness_.period_ms());
  asio::co_spawn(loop.io, run_reader(session), LogUnexpectedEnd{"a session"});
  asio::co_spawn(loop.io, run_writer(session), LogUnexpectedEnd{"a session"});
}

Session::Session(SessionContext& context, SessionLoop& loop, OpenConnection& connection)
    : context_(context),
      loop_(loop),
      stream_(std::move(connection.stream)),
      timer_(loop.io),
      place_(std::move(connection.place)),
      id_{++context.last_id},
      name_(connection.info.name),
      frame_max_(connection.info.frame_max),
      reader_({.frame_max = frame_max_,
               .message_bytes_max = connection.message_bytes_max,
               .unfinished_bytes_max = connection.unfinished_bytes_max,
               .channels_max = connection.info.channel_max}),
      core_(std::move(connection.core)),
      admission_place_(std::move(connection.admission_place)),
      liveness_(connection.info.heartbeat_s, connection.stall_ms_max, now_ms()),
      input_(loop.chunks),
      // TLS may hold what has come with the end of the handshake.
      has_more_to_read_(stream_.is_tls()),
      capacity_(loop.io.get_executor()),
      output_ready_(loop.io.get_executor()) {
  const std::string& input = connection.input;
  std::ranges::copy(input, input_.prepare(input.size()).begin());
  input_.commit(input.size());
}

void Session::enter_core(OpenConnection& connection) {
  log::info("connection opened", {{"connection", name_},
                                  {"user", connection.info.user},
                                  {"vhost", core_->vhost_name()},
                                  {"client_name", connection.client_name}});
  core_->run([id = id_, info = std::move(connection.info), outbox = shared_from_this()](
                 broker::Vhost& vhost) { vhost.open_connection(id, info, outbox); });
}

// Reading.

asio::awaitable<void> Session::run_reader(std::shared_ptr<Session> self) {
  try {
    while (!self->is_ended()) {
      while (self->stage_ == Stage::open && self->decode())
        co_await asio::post(self->loop_.io, asio::use_awaitable);  // the others' turn
      if (self->stage_ == Stage::closing) self->look_for_close_ok();
      if (self->stage_ == Stage::open && self->is_message_held()) self->report_held();
      while (self->stage_ == Stage::open && self->must_pause()) {
        self->is_reading_paused_ = true;
        co_await self->capacity_.wait();
      }
      self->is_reading_paused_ = false;
      if (!self->is_ended()) co_await fill(self);
    }
  } catch (const system_error& error) {
    self->end(error.code() == asio::error::eof ? "closed by the client" : error.code().message());
  } catch (const std::exception& error) {
    self->end(error.what());  // out of memory
  }
}

bool Session::must_pause() const {
  return in_core_bytes_ >= in_core_bytes_max || is_message_held();
}

/// The client is told that it is blocked, as if it had published.
void Session::report_held() {
  core_->run([id = id_](broker::Vhost& vhost) { vhost.hold_publisher(id); });
}

/// Publishers wait for the end of a memory alarm with their next message, and so would this one;
/// but what has begun may be far from its end, on many channels.
bool Session::is_message_held() const {
  return context_.is_memory_short && reader_.unfinished_bytes() != 0;
}

asio::awaitable<void> Session::fill(std::shared_ptr<Session> self) {
  // When the last read took not all, there is probably more, and the others on this loop have their
  // turn first. Otherwise the wait holds no memory.
  if (self->has_more_to_read_) {
    co_await asio::post(self->loop_.io, asio::use_awaitable);
  } else {
    self->input_.settle();
    co_await self->stream_.wait_to_read();
  }
  // The alarm may have begun meanwhile.
  if (self->is_ended() || (self->stage_ == Stage::open && self->must_pause())) co_return;
  const std::span<char> room = self->input_.prepare(self->missing_bytes());
  error_code error;
  const Stream::Read read = self->stream_.read_some(room, error);
  if (error) throw system_error{error};
  self->has_more_to_read_ = !read.is_drained;
  self->input_.commit(read.size);
  self->received_bytes_ += read.size;
}

std::size_t Session::missing_bytes() const {
  const std::string_view bytes = input_.view();
  if (bytes.size() < amqp::frame_header_bytes) return 0;
  amqp::Reader reader{bytes.substr(3)};
  return reader.read_u32() + amqp::frame_overhead_bytes - bytes.size();
}

bool Session::decode() {
  while (stage_ == Stage::open) {
    broker::CommandBatch batch;
    batch.commands.reserve(commands_expected_);
    std::vector<BlobRef> kept;
    const CommandReader::Result result =
        reader_.read(input_.view(), core_->now(), batch.commands, kept);
    commands_expected_ = batch.commands.size() + 1;
    if (!batch.commands.empty()) {
      batch.octets = result.consumed_bytes;
      batch.bytes = result.consumed_bytes + batch.commands.size() * sizeof(broker::Command);
      batch.bytes_owner =
          std::make_shared<const BatchBytes>(BatchBytes{input_.chunk(), std::move(kept)});
      hand_over(std::move(batch));
    }
    // Before anything may move them: what is unfinished still points to these bytes.
    reader_.detach();
    input_.consume(result.consumed_bytes);
    if (!result.failure) return result.has_more;
    report(*result.failure);
  }
  return false;
}

void Session::hand_over(broker::CommandBatch batch) {
  in_core_bytes_ += batch.bytes;
  core_->run([id = id_, batch = std::move(batch)](broker::Vhost& vhost) mutable {
    vhost.receive(id, std::move(batch));
  });
}

void Session::report(const CommandReader::Failure& failure) {
  if (failure.channel == 0) {
    begin_closing();
    core_->run([id = id_, error = failure.error](broker::Vhost& vhost) {
      vhost.fail_connection(id, error);
    });
    return;
  }
  core_->run([id = id_, failure](broker::Vhost& vhost) {
    vhost.fail_channel(id, failure.channel, failure.error);
  });
}

void Session::look_for_close_ok() {
  std::string_view rest = input_.view();
  while (!is_input_ignored_ && stage_ == Stage::closing) {
    const LastWord word = hear_last_word(rest, frame_max_);
    if (word == LastWord::nothing) break;
    if (word == LastWord::close_ok) end("closed");
    // Both sides have asked to close: each answers, and is done.
    if (word == LastWord::close) {
      std::string close_ok;
      amqp::write_method_frame(close_ok, 0, amqp::connection::CloseOk{});
      write_soon(close_ok);
      finish_output();
    }
    if (word == LastWord::nonsense) {
      is_input_ignored_ = true;
      arm_timer(last_word_ms);
    }
  }
  const std::size_t kept = is_input_ignored_ ? 0 : rest.size();
  input_.consume(input_.view().size() - kept);
}

// Writing.

OutgoingBytes& Session::pending() {
  if (!pending_.has_memory()) pending_ = loop_.outgoing.take();
  return pending_;
}

void Session::write_soon(std::string_view frames) {
  if (frames.empty()) return;
  pending().append_frames(frames);
  output_ready_.notify();
}

void Session::send(std::vector<broker::Outgoing>& records) {
  if (loop_.io.get_executor().running_in_this_thread()) {
    take(records);
    records.clear();
    return;
  }
  const std::lock_guard lock{inbox_.mutex};
  inbox_.records.insert(inbox_.records.end(), std::make_move_iterator(records.begin()),
                        std::make_move_iterator(records.end()));
  records.clear();
  post_inbox();
}

void Session::consumed(std::size_t bytes) {
  if (loop_.io.get_executor().running_in_this_thread()) return take_back(bytes);
  const std::lock_guard lock{inbox_.mutex};
  inbox_.consumed_bytes += bytes;
  post_inbox();
}

/// With the inbox locked.
void Session::post_inbox() {
  if (std::exchange(inbox_.is_posted, true)) return;
  asio::post(loop_.io, [self = shared_from_this()] { self->receive_inbox(); });
}

void Session::receive_inbox() {
  std::size_t consumed_bytes = 0;
  {
    const std::lock_guard lock{inbox_.mutex};
    std::swap(received_records_, inbox_.records);
    consumed_bytes = std::exchange(inbox_.consumed_bytes, 0);
    inbox_.is_posted = false;
  }
  take(received_records_);
  received_records_.clear();
  if (consumed_bytes != 0) take_back(consumed_bytes);
}

void Session::take(const std::vector<broker::Outgoing>& records) {
  if (is_ended() || is_output_complete_ || records.empty()) return;
  OutgoingBytes& bytes = pending();
  for (const broker::Outgoing& record : records) {
    bytes.append(record, frame_max_);
    if (const auto* close = std::get_if<broker::CloseConnection>(&record)) {
      begin_closing();
      is_output_complete_ = true;
      is_output_finished_ = close->is_reply;
      break;
    }
  }
  output_ready_.notify();
}

void Session::take_back(std::size_t bytes) {
  in_core_bytes_ -= bytes;
  capacity_.notify();
}

asio::awaitable<void> Session::run_writer(std::shared_ptr<Session> self) {
  try {
    while (!self->is_ended()) {
      if (!self->pending_.is_empty()) {
        co_await write(self, std::exchange(self->pending_, {}));
      } else if (self->is_output_finished_) {
        self->stream_.finish_output();
        co_return;  // the reader waits for the client's end
      } else {
        co_await self->output_ready_.wait();
      }
    }
  } catch (const system_error& error) {
    self->end(error.code().message());
  } catch (const std::exception& error) {
    self->end(error.what());  // out of memory
  }
}

asio::awaitable<void> Session::write(std::shared_ptr<Session> self, OutgoingBytes bytes) {
  std::vector<Piece> pieces;
  bytes.collect(pieces);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(pieces.size());
  for (const Piece piece : pieces) buffers.emplace_back(piece.data(), piece.size());

  self->is_writing_ = true;
  const std::uint64_t sent_before = self->sent_bytes_;
  for (std::span<asio::const_buffer> rest{buffers}; !rest.empty();) {
    error_code error;
    const std::size_t size = self->stream_.write_some(rest, error);
    if (error && !is_would_block(error)) throw system_error{error};
    self->sent_bytes_ += size;
    advance(rest, size);
    if (error) co_await self->stream_.wait_to_write();
    if (self->is_ended()) co_return;
  }
  self->is_writing_ = false;

  const std::size_t cost_bytes = bytes.cost_bytes();
  self->loop_.outgoing.give_back(std::move(bytes));
  if (cost_bytes != 0) self->report_drained(cost_bytes, self->sent_bytes_ - sent_before);
  // What the report has brought waits until the others on this loop had their turn.
  if (!self->pending_.is_empty()) co_await asio::post(self->loop_.io, asio::use_awaitable);
}

void Session::report_drained(std::size_t cost_bytes, std::uint64_t octets) {
  core_->run([id = id_, cost_bytes, octets](broker::Vhost& vhost) {
    vhost.drained(id, cost_bytes, octets);
  });
}

// Life.

void Session::begin_closing() {
  if (is_ended() || stage_ == Stage::closing) return;
  stage_ = Stage::closing;
  arm_timer(context_.close_ms_max);
  capacity_.notify();
}

void Session::finish_output() {
  is_output_complete_ = true;
  is_output_finished_ = true;
  output_ready_.notify();
}

void Session::end(std::string_view reason) {
  if (is_ended()) return;
  stage_ = Stage::ended;
  log::info("connection ended", {{"connection", name_}, {"reason", reason}});
  stream_.close();
  timer_.cancel();
  capacity_.notify();
  output_ready_.notify();
  loop_.sessions.erase(this);
  admission_place_.reset();
  place_.leave();
  core_->run([id = id_](broker::Vhost& vhost) { vhost.drop_connection(id); });
}

void Session::arm_timer(TimeMs delay_ms) {
  timer_.expires_after(std::chrono::milliseconds{delay_ms});
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->on_timer();
  });
}

void Session::on_timer() {
  if (timer_.expiry() > steady_clock::now()) return;  // armed anew while this was under way
  switch (stage_) {
    case Stage::open: return check_liveness();
    case Stage::closing: return end("the client did not answer the close");
    case Stage::ended: return;
  }
}

void Session::check_liveness() {
  const Liveness::Verdict verdict = liveness_.check(
      {.now = now_ms(),
       .received_bytes = received_bytes_,
       .sent_bytes = sent_bytes_,
       .is_output_pending = is_writing_ || !pending_.is_empty(),
       .is_reading_paused = is_reading_paused_,
       .is_message_held = is_message_held() && reader_.unfinished_bytes() > held_bytes_max});
  switch (verdict) {
    case Liveness::Verdict::fine: break;
    case Liveness::Verdict::heartbeat_is_due: {
      std::string heartbeat;
      amqp::write_heartbeat_frame(heartbeat);
      write_soon(heartbeat);
      break;
    }
    case Liveness::Verdict::peer_is_silent: return end("missed heartbeats from the client");
    case Liveness::Verdict::peer_is_stalled:
      limits_reached.add(Limit::output_time);
      return end("the client has not read anything for too long");
    case Liveness::Verdict::message_is_stuck:
      limits_reached.add(Limit::output_time);
      return report({0, amqp::Error{amqp::ReplyCode::resource_error,
                                    "memory is short, and a message has not come whole"}});
  }
  arm_timer(liveness_.period_ms());
}

}  // namespace leveret::net
