#include "lib/session.h"

#include <gtest/gtest.h>

#include "amqp/properties.h"
#include "amqp/reply_code.h"

namespace leveret::client {
namespace {

/// Writes down what a session reports.
struct Notes final : SessionListener {
  std::vector<std::string> lines;

  void on_open() override { lines.push_back("open"); }
  void on_method(std::uint16_t channel, const amqp::Method& method, std::string_view) override {
    lines.push_back(std::to_string(channel) + " " + std::string{amqp::key_of(method).name});
  }
  void on_content(std::uint16_t channel, const Content& content) override {
    lines.push_back(std::to_string(channel) + " " + std::string{amqp::key_of(content.method).name} +
                    " [" + std::string{content.body} + "]");
    properties = content.properties;
    const amqp::Method again = amqp::read_method(content.method_payload);
    EXPECT_EQ(again.index(), content.method.index());
  }
  void on_blocked(std::string_view reason) override {
    lines.push_back("blocked " + std::string{reason});
  }
  void on_unblocked() override { lines.push_back("unblocked"); }
  void on_closed(std::uint16_t code, std::string_view text) override {
    lines.push_back("closed " + std::to_string(code) + " " + std::string{text});
  }
  std::string properties;
};

std::string frame(std::uint16_t channel, const amqp::Method& method) {
  std::string out;
  amqp::write_method_frame(out, channel, method);
  return out;
}

amqp::connection::Start start_offering(std::string_view mechanisms) {
  amqp::connection::Start start;
  start.mechanisms.value = mechanisms;
  start.locales.value = "en_US";
  return start;
}

/// The server's side of a handshake, after the protocol header.
std::string handshake(amqp::connection::Tune tune = {2047, 131072, 60}) {
  return frame(0, start_offering("AMQPLAIN PLAIN")) + frame(0, tune) +
         frame(0, amqp::connection::OpenOk{});
}

std::string delivery(std::uint16_t channel, std::string_view body, std::uint32_t frame_max) {
  amqp::basic::Deliver deliver;
  deliver.consumer_tag = "c";
  deliver.delivery_tag = 7;
  deliver.routing_key = "k";
  std::string out = frame(channel, deliver);
  amqp::Properties properties;
  properties.message_id = "m1";
  amqp::write_header_frame(out, channel, body.size(), amqp::write_properties(properties));
  amqp::write_body_frames(out, channel, body, frame_max);
  return out;
}

SessionSettings settings() {
  SessionSettings settings;
  settings.user = "alice";
  settings.password = "secret";
  settings.vhost = "shop";
  return settings;
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() { session.start(); }

  void open() {
    session.receive(handshake());
    session.output().clear();
    notes.lines.clear();
  }
  /// Feeds `bytes` in pieces of `piece`, keeping what was not used, as a socket would.
  void feed(std::string_view bytes, std::size_t piece) {
    std::string buffer;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      buffer += bytes.substr(i, piece);
      buffer.erase(0, session.receive(buffer));
    }
    EXPECT_EQ(buffer, "");
  }

  Notes notes;
  Session session{settings(), notes};
};

using Lines = std::vector<std::string>;

TEST_F(SessionTest, OpensWithTheProtocolHeader) {
  EXPECT_EQ(session.output(), amqp::protocol_header);
}

TEST_F(SessionTest, LogsInByPlain) {
  session.output().clear();
  session.receive(frame(0, start_offering("AMQPLAIN PLAIN")));
  const auto sent = amqp::read_frame(session.output(), 0);
  ASSERT_TRUE(sent);
  const amqp::Method method = amqp::read_method(sent->payload);
  const auto& start_ok = std::get<amqp::connection::StartOk>(method);
  EXPECT_EQ(start_ok.mechanism, "PLAIN");
  EXPECT_EQ(start_ok.response.value, std::string_view("\0alice\0secret", 13));
}

TEST_F(SessionTest, OpensTheVhostAfterTuning) {
  session.output().clear();
  session.receive(frame(0, start_offering("PLAIN")));
  session.output().clear();
  session.receive(frame(0, amqp::connection::Tune{100, 4096, 10}));
  EXPECT_EQ(session.output(), frame(0, amqp::connection::TuneOk{100, 4096, 10}) +
                                  frame(0, amqp::connection::Open{"shop", "", false}));
  EXPECT_FALSE(session.is_open());
  session.receive(frame(0, amqp::connection::OpenOk{}));
  EXPECT_TRUE(session.is_open());
  EXPECT_EQ(notes.lines, Lines{"open"});
}

TEST_F(SessionTest, TakesTheLowerLimitAndOursWhereTheServerHasNone) {
  session.receive(handshake({0, 0, 0}));
  EXPECT_EQ(session.tuning().channel_max, 2047);
  EXPECT_EQ(session.tuning().frame_max, 131072U);
  EXPECT_EQ(session.tuning().heartbeat_s, 60);
}

TEST(Session, NoHeartbeatWantedIsNoHeartbeat) {
  Notes notes;
  SessionSettings quiet = settings();
  quiet.heartbeat_s = 0;
  Session session(quiet, notes);
  session.start();
  session.receive(handshake());
  EXPECT_EQ(session.tuning().heartbeat_s, 0);
}

TEST_F(SessionTest, AFrameBeforeTheTuningIsOfBoundedSize) {
  const std::string_view header{"\x01\x00\x00\x00\x00\x40\x01", 7};  // 16,385 bytes
  EXPECT_THROW(session.receive(header), amqp::Error);
}

TEST_F(SessionTest, SaysWhenTheServerSpeaksSomethingElse) {
  EXPECT_THROW(session.receive(std::string_view("AMQP\x00\x01\x00\x00", 8)), amqp::Error);
}

TEST_F(SessionTest, SaysWhenTheServerDoesNotOfferPlain) {
  EXPECT_THROW(session.receive(frame(0, start_offering("EXTERNAL XPLAIN"))), amqp::Error);
}

TEST_F(SessionTest, ReportsARefusedLogin) {
  session.receive(frame(0, start_offering("PLAIN")) +
                  frame(0, amqp::connection::Close{403, "ACCESS_REFUSED - no", 0, 0}));
  EXPECT_EQ(notes.lines, Lines{"closed 403 ACCESS_REFUSED - no"});
}

TEST_F(SessionTest, AnswersTheServersCloseAndReadsNoFurther) {
  open();
  const std::string close = frame(0, amqp::connection::Close{320, "CONNECTION_FORCED - bye", 0, 0});
  EXPECT_EQ(session.receive(close + delivery(1, "x", 0)), close.size());
  EXPECT_EQ(session.output(), frame(0, amqp::connection::CloseOk{}));
  EXPECT_EQ(notes.lines, Lines{"closed 320 CONNECTION_FORCED - bye"});
}

TEST_F(SessionTest, ClosesAndStillHandsOverWhatIsUnderWay) {
  open();
  session.close();
  session.close();
  EXPECT_EQ(session.output(), frame(0, amqp::connection::Close{200, "Goodbye", 0, 0}));
  session.receive(delivery(1, "late", 0) + frame(0, amqp::connection::CloseOk{}));
  EXPECT_EQ(notes.lines, (Lines{"1 basic.deliver [late]", "closed 200 closed by this client"}));
}

TEST_F(SessionTest, PutsContentTogetherHoweverItIsCut) {
  const std::string bytes = handshake() + delivery(1, std::string(9000, 'b'), 4096) +
                            frame(1, amqp::basic::Ack{1, false}) + delivery(2, "", 0) +
                            delivery(1, "hi", 0);
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
    Notes fresh;
    Session one(settings(), fresh);
    one.start();
    std::string buffer;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      buffer += bytes.substr(i, piece);
      buffer.erase(0, one.receive(buffer));
    }
    EXPECT_EQ(fresh.lines, (Lines{"open", "1 basic.deliver [" + std::string(9000, 'b') + "]",
                                  "1 basic.ack", "2 basic.deliver []", "1 basic.deliver [hi]"}))
        << piece;
    EXPECT_EQ(amqp::read_properties(fresh.properties).message_id, "m1");
  }
}

TEST_F(SessionTest, ContentOfTwoChannelsMayInterleave) {
  open();
  std::string one = delivery(1, "first body", 4 + 8);
  const std::string other = delivery(2, "second", 0);
  // Behind the method and header frames of channel 1, and its first body frame of 4 bytes.
  const std::size_t cut = one.size() - (4 + 8) - (2 + 8);
  one.insert(cut, other);
  feed(one, 5);
  EXPECT_EQ(notes.lines, (Lines{"2 basic.deliver [second]", "1 basic.deliver [first body]"}));
}

TEST_F(SessionTest, RefusesContentOutOfOrder) {
  open();
  std::string header;
  amqp::write_header_frame(header, 1, 3, amqp::write_properties({}));
  EXPECT_THROW(session.receive(header), amqp::Error);
  std::string body;
  amqp::write_body_frames(body, 1, "abc", 0);
  EXPECT_THROW(session.receive(body), amqp::Error);
}

TEST_F(SessionTest, RefusesABodyLongerThanAnnounced) {
  open();
  amqp::basic::Deliver deliver;
  std::string bytes = frame(1, deliver);
  amqp::write_header_frame(bytes, 1, 2, amqp::write_properties({}));
  amqp::write_body_frames(bytes, 1, "abc", 0);
  EXPECT_THROW(session.receive(bytes), amqp::Error);
}

TEST_F(SessionTest, RefusesAChannelBeforeTheConnectionIsOpen) {
  EXPECT_THROW(session.receive(frame(1, amqp::channel::OpenOk{})), amqp::Error);
}

TEST_F(SessionTest, ReportsBlockedAndIgnoresHeartbeats) {
  open();
  std::string bytes;
  amqp::write_heartbeat_frame(bytes);
  bytes +=
      frame(0, amqp::connection::Blocked{"low on disk"}) + frame(0, amqp::connection::Unblocked{});
  feed(bytes, 3);
  EXPECT_EQ(notes.lines, (Lines{"blocked low on disk", "unblocked"}));
}

}  // namespace
}  // namespace leveret::client
