#include "net/command_reader.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/wire.h"

namespace leveret::net {
namespace {

constexpr TimeMs now = 1'700'000'000'000;

/// Everything that commands were made of, as text that outlives the bytes.
std::string describe(const broker::Command& command) {
  std::string text = std::to_string(command.channel) + ' ';
  text += amqp::key_of(command.method).name;
  if (const auto* publish = std::get_if<amqp::basic::Publish>(&command.method))
    text +=
        " to '" + std::string{publish->exchange} + "' '" + std::string{publish->routing_key} + "'";
  if (command.content)
    text += " message '" + std::string{command.content->exchange()} + "' '" +
            std::string{command.content->routing_key()} + "' '" +
            std::string{command.content->body()} + "'";
  return text;
}

/// A session's reading, without a socket: each piece is a read into memory of its own, of which
/// only what was not consumed is kept.
struct Reading {
  CommandReader reader{
      CommandReader::Limits{.frame_max = 4096, .message_bytes_max = 1000, .channels_max = 2}};
  std::string rest;
  std::vector<std::string> commands;
  std::vector<std::string> failures;
  int turns = 0;  // that ended since it was enough work

  Reading& receive(std::string_view bytes, std::size_t piece_bytes = 1U << 20U) {
    while (!bytes.empty()) {
      rest += bytes.substr(0, piece_bytes);
      bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
      read();
    }
    return *this;
  }

  void read() {
    for (;;) {
      std::vector<broker::Command> decoded;
      std::vector<BlobRef> kept;
      const auto result = reader.read(rest, now, decoded, kept);
      for (const broker::Command& command : decoded) commands.push_back(describe(command));
      reader.detach();
      std::string left = rest.substr(result.consumed_bytes);
      rest.assign(rest.size(), '!');  // what still points here shows
      rest = std::move(left);
      if (result.has_more) ++turns;
      if (result.has_more) continue;
      if (!result.failure) return;
      failures.push_back(std::to_string(result.failure->channel) + ' ' +
                         std::to_string(static_cast<int>(result.failure->error.code)) + ' ' +
                         result.failure->error.what());
      if (result.failure->channel == 0) return;
    }
  }
};

using Texts = std::vector<std::string>;

TEST(CommandReader, MakesACommandOfAMethod) {
  Reading reading;
  reading.receive(method_frame(1, amqp::channel::Open{}) +
                  method_frame(0, amqp::connection::Close{.reply_code = 200}));
  EXPECT_EQ(reading.commands, (Texts{"1 channel.open", "0 connection.close"}));
}

TEST(CommandReader, EndsATurnWhenItWasEnoughWork) {
  std::string opens;
  for (std::uint16_t channel = 1; channel <= 300; ++channel)
    opens += method_frame(channel, amqp::channel::Open{});
  Reading storm;
  storm.receive(opens);
  EXPECT_EQ(storm.commands.size(), 300U);
  EXPECT_EQ(storm.turns, 2);  // 128 of 32 are 4,096

  std::string messages;
  for (int i = 0; i < 1'000; ++i)
    messages += publish_frames(1, "", "q", "x") + method_frame(1, amqp::basic::Ack{1, false});
  Reading stream;
  stream.receive(messages);
  EXPECT_EQ(stream.commands.size(), 2'000U);
  EXPECT_EQ(stream.turns, 0);
}

TEST(CommandReader, EndsATurnInTheMiddleOfAMessageToo) {
  const std::string two = publish_frames(1, "e", "a", "one") + publish_frames(1, "e", "a", "two");
  for (std::size_t enough = 1; enough < 4; ++enough) {
    Reading reading;
    reading.reader = CommandReader{CommandReader::Limits{.work_per_read_max = enough}};
    reading.receive(two);
    EXPECT_EQ(reading.commands, (Texts{"1 basic.publish to 'e' 'a' message 'e' 'a' 'one'",
                                       "1 basic.publish to 'e' 'a' message 'e' 'a' 'two'"}));
    EXPECT_TRUE(reading.failures.empty());
  }
}

TEST(CommandReader, MakesOneCommandOfAMessage) {
  Reading reading;
  reading.receive(publish_frames(1, "logs", "a.b", "hello"));
  EXPECT_EQ(reading.commands,
            Texts{"1 basic.publish to 'logs' 'a.b' message 'logs' 'a.b' 'hello'"});
}

TEST(CommandReader, StampsAndKeepsProperties) {
  CommandReader reader{CommandReader::Limits{}};
  std::vector<broker::Command> commands;
  std::vector<BlobRef> kept;
  const std::string persistent{"\x10\0\x02", 3};
  const std::string bytes =
      method_frame(1, amqp::basic::Publish{.routing_key = "q"}) + header_frame(1, 0, persistent);
  reader.read(bytes, now, commands, kept);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands[0].content->properties(), persistent);
  EXPECT_EQ(commands[0].content->published_at(), now);
  EXPECT_TRUE(commands[0].content->is_persistent());
}

TEST(CommandReader, AnEmptyBodyHasNoBodyFrame) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) + header_frame(1, 0) +
                  method_frame(1, amqp::basic::Get{.queue = "q"}));
  EXPECT_EQ(reading.commands,
            (Texts{"1 basic.publish to '' 'q' message '' 'q' ''", "1 basic.get"}));
}

TEST(CommandReader, JoinsBodyFrames) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) + header_frame(1, 6) +
                  body_frame(1, "ab") + body_frame(1, "c") + heartbeat_frame() +
                  body_frame(1, "def"));
  EXPECT_EQ(reading.commands, Texts{"1 basic.publish to '' 'q' message '' 'q' 'abcdef'"});
}

TEST(CommandReader, KeepsMessagesOfInterleavedChannelsApart) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "one"}) +
                  method_frame(2, amqp::basic::Publish{.routing_key = "two"}) + header_frame(1, 4) +
                  header_frame(2, 2) + body_frame(1, "ab") + body_frame(2, "xy") +
                  method_frame(3, amqp::channel::Open{}) + body_frame(1, "cd"));
  EXPECT_EQ(reading.commands,
            (Texts{"2 basic.publish to '' 'two' message '' 'two' 'xy'", "3 channel.open",
                   "1 basic.publish to '' 'one' message '' 'one' 'abcd'"}));
}

TEST(CommandReader, ReadsTheSameWhereverTheBytesAreCut) {
  const std::string bytes =
      method_frame(1, amqp::channel::Open{}) + publish_frames(1, "exchange", "a.b", "hello") +
      method_frame(1, amqp::basic::Publish{.exchange = "x", .routing_key = "one"}) +
      method_frame(2, amqp::basic::Publish{.exchange = "y", .routing_key = "two"}) +
      header_frame(2, 3) + body_frame(2, "abc") + heartbeat_frame() + header_frame(1, 2000) +
      method_frame(1, amqp::channel::CloseOk{}) + publish_frames(1, "", "q", "end");
  Reading whole;
  whole.receive(bytes);
  EXPECT_EQ(whole.commands.size(), 5U);
  EXPECT_EQ(whole.failures.size(), 1U);
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    Reading split;
    split.receive(bytes, piece);
    EXPECT_EQ(split.commands, whole.commands) << piece;
    EXPECT_EQ(split.failures, whole.failures) << piece;
  }
}

TEST(CommandReader, RefusesATooLargeMessageOnItsChannelAndDiscardsIt) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) +
                  header_frame(1, 1001) + body_frame(1, std::string(1001, 'x')) +
                  method_frame(1, amqp::channel::CloseOk{}) + publish_frames(2, "", "q", "next"));
  EXPECT_EQ(reading.failures,
            Texts{"1 406 message size 1001 is larger than configured max size 1000"});
  EXPECT_EQ(reading.commands,
            (Texts{"1 channel.close-ok", "2 basic.publish to '' 'q' message '' 'q' 'next'"}));
}

TEST(CommandReader, RefusesAnAbsurdSizeByItsHeader) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) +
                  header_frame(1, std::uint64_t{1} << 63U));
  EXPECT_EQ(reading.failures, Texts{"1 406 message size 9223372036854775808 is larger than "
                                    "configured max size 1000"});
}

TEST(CommandReader, RefusesABodyThatIsLongerThanAnnounced) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) + header_frame(1, 3) +
                  body_frame(1, "abcd"));
  EXPECT_EQ(reading.failures, Texts{"0 501 body is longer than its content header announced"});
  EXPECT_EQ(reading.commands, Texts{});
}

TEST(CommandReader, RefusesContentOutOfTurn) {
  const std::string publish = method_frame(1, amqp::basic::Publish{.routing_key = "q"});
  for (const std::string& bytes :
       {header_frame(1, 1), body_frame(1, "x"), publish + body_frame(1, "x"), publish + publish,
        publish + header_frame(1, 2) + header_frame(1, 2), publish + header_frame(1, 2) + publish,
        header_frame(0, 1), body_frame(0, "")}) {
    Reading reading;
    reading.receive(bytes.empty() ? std::string{"\x03\0\0\0\0\0\0\xCE", 8} : bytes);
    ASSERT_EQ(reading.failures.size(), 1U);
    EXPECT_EQ(reading.failures[0].substr(0, 6), "0 505 ") << reading.failures[0];
  }
}

TEST(CommandReader, RefusesAHeaderOfAnotherClass) {
  std::string header = header_frame(1, 3);
  header[8] = 10;  // the class is the first field of the payload
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) + header);
  EXPECT_EQ(reading.failures,
            Texts{"0 505 expected content header for class 60, got one for class 10 instead"});
}

TEST(CommandReader, RefusesAHeartbeatOnAChannel) {
  Reading reading;
  reading.receive(std::string{"\x08\0\x01\0\0\0\0\xCE", 8});
  EXPECT_EQ(reading.failures, Texts{"0 505 type 8 on channel 1"});
}

TEST(CommandReader, RefusesAPublishOnChannel0) {
  Reading reading;
  reading.receive(publish_frames(0, "", "q", "x"));
  ASSERT_EQ(reading.failures.size(), 1U);
  EXPECT_EQ(reading.failures[0].substr(0, 6), "0 504 ");
}

TEST(CommandReader, ReportsAFramingErrorAfterTheCommandsBeforeIt) {
  for (const std::string_view garbage :
       {std::string_view{"\x09", 1}, std::string_view{"\x01\0\x01\0\x01\0\0", 7},
        std::string_view{"\x01\0\x01\0\0\0\x01xy", 9}}) {
    Reading reading;
    reading.receive(method_frame(1, amqp::channel::Open{}) + std::string{garbage});
    EXPECT_EQ(reading.commands, Texts{"1 channel.open"});
    ASSERT_EQ(reading.failures.size(), 1U);
    EXPECT_EQ(reading.failures[0].substr(0, 6), "0 501 ");
  }
}

TEST(CommandReader, RefusesMalformedProperties) {
  Reading reading;
  reading.receive(method_frame(1, amqp::basic::Publish{.routing_key = "q"}) +
                  header_frame(1, 1, {"\x80\0\x20", 3}));
  ASSERT_EQ(reading.failures.size(), 1U);
  EXPECT_EQ(reading.failures[0].substr(0, 6), "0 502 ");
}

TEST(CommandReader, BoundsTheChannelsInTheMiddleOfAMessage) {
  Reading reading;
  for (std::uint16_t channel = 1; channel <= 4; ++channel)
    reading.receive(method_frame(channel, amqp::basic::Publish{.routing_key = "q"}));
  EXPECT_EQ(reading.failures, Texts{"0 506 more than 2 channels are in the middle of a message"});
}

/// As frames: the publish, its header, and the body without its last octet.
std::string unfinished(std::uint16_t channel, std::size_t body_bytes) {
  const std::string whole = publish_frames(channel, "e", "k", std::string(body_bytes, 'x'));
  const std::string body = body_frame(channel, std::string(body_bytes, 'x'));
  return whole.substr(0, whole.size() - body.size()) +
         body_frame(channel, std::string(body_bytes - 1, 'x'));
}

TEST(CommandReader, BoundsTheBytesOfMessagesThatHaveNotComeWhole) {
  Reading reading;
  reading.reader = CommandReader{CommandReader::Limits{.unfinished_bytes_max = 1000}};
  reading.receive(unfinished(1, 481)).receive(unfinished(2, 481));
  EXPECT_TRUE(reading.failures.empty());
  reading.receive(unfinished(3, 2));
  EXPECT_EQ(reading.failures,
            Texts{"0 506 more than 1000 bytes of messages that have not come whole"});
}

TEST(CommandReader, AMessageThatIsTheOnlyOneMayBeAsLargeAsAny) {
  Reading reading;
  reading.reader = CommandReader{CommandReader::Limits{.unfinished_bytes_max = 10}};
  reading.receive(unfinished(1, 501)).receive(body_frame(1, "x"));
  EXPECT_TRUE(reading.failures.empty());
  EXPECT_EQ(reading.commands.size(), 1U);
}

TEST(CommandReader, WhatIsWholeOrGivenUpDoesNotCount) {
  Reading reading;
  reading.reader = CommandReader{CommandReader::Limits{.unfinished_bytes_max = 1000}};
  for (int i = 0; i < 5; ++i) {
    reading.receive(unfinished(1, 400)).receive(unfinished(2, 400));
    reading.receive(body_frame(1, "x"));
    reading.receive(method_frame(2, amqp::channel::CloseOk{}));
  }
  EXPECT_TRUE(reading.failures.empty());
}

}  // namespace
}  // namespace leveret::net
