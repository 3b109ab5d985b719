#include "net/last_words.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace leveret::net {
namespace {

constexpr std::uint32_t frame_max = 131072;

const std::string close_ok = method_frame(0, amqp::connection::CloseOk{});

TEST(LastWordsTest, SkipsWhatWasUnderWay) {
  const std::string sent =
      publish_frames(1, "", "q", "late") + heartbeat_frame() + close_ok + "what follows";
  std::string_view input = sent;
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::close_ok);
  EXPECT_EQ(input, "what follows");
}

TEST(LastWordsTest, LeavesAnUnfinishedFrame) {
  const std::string_view part = std::string_view{close_ok}.substr(0, close_ok.size() - 1);
  const std::string sent = heartbeat_frame() + std::string{part};
  std::string_view input = sent;
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::nothing);
  EXPECT_EQ(input, part);
}

TEST(LastWordsTest, HearsThatThePeerClosesToo) {
  const std::string sent = method_frame(0, amqp::connection::Close{}) + close_ok;
  std::string_view input = sent;
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::close);
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::close_ok);
  EXPECT_TRUE(input.empty());
}

TEST(LastWordsTest, ACloseOkOfAChannelIsNone) {
  const std::string sent = method_frame(1, amqp::channel::CloseOk{});
  std::string_view input = sent;
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::nothing);
}

TEST(LastWordsTest, KnowsNonsense) {
  std::string_view input{"\x01\0\0\xff\xff\xff\xff nonsense", 16};
  EXPECT_EQ(hear_last_word(input, frame_max), LastWord::nonsense);
}

}  // namespace
}  // namespace leveret::net
