// One client's bytes through the handshake, the command reader and a whole core, without a socket.
//
// The first octet says how the rest is delivered: bit 7 whether it starts with the handshake, the
// others how many octets come at a time. The bytes that the broker answers are encoded and thrown
// away. At the end an hour passes, so that everything with a deadline runs too.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "harness.h"
#include "net/command_reader.h"
#include "net/handshake.h"
#include "net/last_words.h"
#include "net/outgoing.h"
#include "unit/broker/support/test_broker.h"

namespace leveret {
namespace {

constexpr std::uint32_t frame_max = 8192;

/// What a session does between the socket and the core; see server/net/session.cc.
class Peer {
 public:
  explicit Peer(bool shakes_hands) : handshake_({.frame_max = frame_max}, "fuzz") {
    if (!shakes_hands) open();
  }

  void receive(std::string_view bytes) {
    input_ += bytes;
    if (!reader_) shake_hands();
    if (reader_ && !has_failed_) read();
  }

  void finish() {
    broker_.advance(3'600'000);
    if (!reader_) return;
    encode_output();
    broker_.turn([this](broker::Vhost& vhost) { vhost.drop_connection(id_); });
    broker_.forget(id_);
    broker_.advance(3'600'000);
  }

 private:
  void shake_hands() {
    using Next = net::Handshake::Next;
    std::string_view rest = input_;
    std::string answers;
    Next next = Next::need_bytes;
    while (!has_failed_ && !handshake_.is_open()) {
      next = handshake_.receive(rest, answers);
      if (next == Next::check_login)
        next = handshake_.login_result(handshake_.credentials().user == "guest", answers);
      if (next == Next::find_vhost)
        next = handshake_.vhost_result(handshake_.hello().vhost == "/", answers);
      has_failed_ = next == Next::closing || next == Next::end;
      if (next == Next::need_bytes) break;
    }
    input_.erase(0, input_.size() - rest.size());
    require(input_.size() <= net::Handshake::bytes_max || handshake_.is_open() || has_failed_);
    if (handshake_.is_open()) open();
  }

  void open() {
    reader_.emplace(net::CommandReader::Limits{.frame_max = frame_max,
                                               .message_bytes_max = 65536,
                                               .channels_max = 16,
                                               .work_per_read_max = 100});
    broker::ConnectionInfo info;
    info.user = "guest";
    info.channel_max = 16;
    info.frame_max = frame_max;
    id_ = broker_.connect(std::move(info), outbox_);
  }

  void read() {
    // The commands' views point into these bytes until the core has consumed them.
    const auto chunk = std::make_shared<const std::string>(input_);
    broker::CommandBatch batch;
    auto kept = std::make_shared<std::vector<BlobRef>>();
    const auto result = reader_->read(*chunk, broker_.now(), batch.commands, *kept);
    require(result.consumed_bytes <= chunk->size());
    batch.bytes = result.consumed_bytes;
    batch.bytes_owner =
        std::make_shared<const std::pair<decltype(chunk), decltype(kept)>>(chunk, std::move(kept));
    reader_->detach();
    input_.erase(0, result.consumed_bytes);
    broker_.turn([&](broker::Vhost& vhost) { vhost.receive(id_, std::move(batch)); });
    if (result.failure) report(*result.failure);
    encode_output();
    if (result.has_more) read();
  }

  void report(const net::CommandReader::Failure& failure) {
    has_failed_ = failure.channel == 0;
    broker_.turn([&](broker::Vhost& vhost) {
      if (has_failed_)
        vhost.fail_connection(id_, failure.error);
      else
        vhost.fail_channel(id_, failure.channel, failure.error);
    });
    if (!has_failed_) receive({});
  }

  void encode_output() {
    net::OutgoingBytes bytes;
    for (const broker::Outgoing& record : std::exchange(outbox_->records, {})) {
      bytes.append(record, frame_max);
      if (std::holds_alternative<broker::CloseConnection>(record)) has_failed_ = true;
    }
    std::vector<net::Piece> pieces;
    bytes.collect(pieces);
    std::string joined;
    for (const net::Piece piece : pieces) joined += piece;
    for (std::string_view rest = joined; !rest.empty();) {
      const auto frame = amqp::read_frame(rest, 0);
      require(frame.has_value());
      if (frame->type == amqp::FrameType::method) amqp::read_method(frame->payload);
      rest.remove_prefix(frame->total_bytes());
    }
  }

  broker::test::TestBroker broker_;
  std::shared_ptr<broker::test::RecordingOutbox> outbox_ =
      std::make_shared<broker::test::RecordingOutbox>();
  net::Handshake handshake_;
  std::optional<net::CommandReader> reader_;
  ConnectionId id_;
  std::string input_;
  bool has_failed_ = false;
};

}  // namespace
}  // namespace leveret

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leveret;
  if (size == 0) return 0;
  log::set_level(log::Level::off);
  std::string_view stream = view_of(data + 1, size - 1);
  const std::size_t piece_bytes = (data[0] & 0x7fU) == 0 ? stream.size() : data[0] & 0x7fU;
  Peer peer{(data[0] & 0x80U) != 0};
  while (!stream.empty()) {
    peer.receive(stream.substr(0, piece_bytes));
    stream.remove_prefix(std::min(piece_bytes, stream.size()));
  }
  peer.finish();
  std::string_view rest = view_of(data + 1, size - 1);
  for (net::LastWord word{}; word != net::LastWord::nonsense && !rest.empty();) {
    const std::size_t before = rest.size();
    word = net::hear_last_word(rest, frame_max);
    if (rest.size() == before) break;
  }
  return 0;
}
