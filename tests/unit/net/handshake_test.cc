#include "net/handshake.h"

#include <gtest/gtest.h>

#include <memory>
#include <tuple>
#include <vector>

#include "amqp/methods.h"
#include "unit/net/wire.h"

namespace leveret::net {
namespace {

using Next = Handshake::Next;

amqp::Table client_properties() {
  return {{"product", "test"},
          {"connection_name", "worker 7"},
          {"capabilities", amqp::Table{{"authentication_failure_close", true},
                                       {"consumer_cancel_notify", true},
                                       {"connection.blocked", true}}}};
}

std::string start_ok(std::string_view mechanism = "PLAIN",
                     std::string_view response = {"\0guest\0secret", 13},
                     const amqp::Table& properties = client_properties()) {
  return method_frame(0, amqp::connection::StartOk{.client_properties = properties,
                                                   .mechanism = mechanism,
                                                   .response = {response},
                                                   .locale = "en_US"});
}

std::string tune_ok(std::uint16_t channel_max = 100, std::uint32_t frame_max = 8192,
                    std::uint16_t heartbeat = 30) {
  return method_frame(0, amqp::connection::TuneOk{channel_max, frame_max, heartbeat});
}

std::string open(std::string_view vhost = "/") {
  return method_frame(0, amqp::connection::Open{.virtual_host = vhost});
}

const std::string header{amqp::protocol_header};

/// A server that lets `guest` with `secret` in and has the virtual host "/". Feeds `bytes` in
/// pieces.
struct Dialogue {
  Handshake handshake{Tuning{}, "1.2.3"};
  std::string input;
  std::string out;
  Next last = Next::need_bytes;

  Dialogue& send(std::string_view bytes, std::size_t piece_bytes = 1U << 20U) {
    while (!bytes.empty() && last == Next::need_bytes) {
      input += bytes.substr(0, piece_bytes);
      bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
      run();
    }
    return *this;
  }

  void run() {
    for (bool is_waiting = false; !is_waiting;) {
      std::string_view rest = input;
      last = handshake.receive(rest, out);
      input = rest;
      is_waiting = true;
      if (last == Next::check_login) {
        const Credentials& given = handshake.credentials();
        const bool is_allowed =
            given.user == "guest" && (given.is_proved || given.password == "secret");
        last = handshake.login_result(is_allowed, out);
        is_waiting = last != Next::need_bytes;
      } else if (last == Next::find_vhost) {
        last = handshake.vhost_result(handshake.hello().vhost == "/", out);
      }
    }
  }

  /// What was answered, method by method.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (std::string_view rest = out; !rest.empty();) {
      const auto frame = amqp::read_frame(rest, 0);
      if (!frame) return {"garbage"};
      names.emplace_back(amqp::key_of(amqp::read_method(frame->payload)).name);
      rest.remove_prefix(frame->total_bytes());
    }
    return names;
  }

  template <class M>
  M last_method() const {
    std::string_view rest = out;
    for (;;) {
      const auto frame = amqp::read_frame(rest, 0);
      if (!frame) {
        ADD_FAILURE() << "nothing was answered";
        return {};
      }
      rest.remove_prefix(frame->total_bytes());
      if (!rest.empty()) continue;
      const amqp::Method method = amqp::read_method(frame->payload);
      EXPECT_TRUE(std::holds_alternative<M>(method)) << amqp::key_of(method).name;
      return std::holds_alternative<M>(method) ? std::get<M>(method) : M{};
    }
  }

  void expect_close(std::uint16_t code, std::string_view text, amqp::MethodKey cause) {
    EXPECT_EQ(last, Next::closing);
    const auto close = last_method<amqp::connection::Close>();
    EXPECT_EQ(close.reply_code, code);
    EXPECT_EQ(close.reply_text, text);
    EXPECT_EQ(close.class_id, cause.class_id);
    EXPECT_EQ(close.method_id, cause.method_id);
    EXPECT_FALSE(handshake.failure().empty());
  }
};

constexpr amqp::MethodKey no_cause{0, 0, ""};

TEST(Handshake, OpensAConnection) {
  Dialogue dialogue;
  dialogue.send(header + start_ok() + tune_ok() + open());
  EXPECT_TRUE(dialogue.handshake.is_open());
  EXPECT_EQ(dialogue.names(), (std::vector<std::string>{"connection.start", "connection.tune",
                                                        "connection.open-ok"}));
  const ClientHello& hello = dialogue.handshake.hello();
  EXPECT_EQ(hello.vhost, "/");
  EXPECT_EQ(hello.connection_name, "worker 7");
  EXPECT_EQ(hello.tuned.channel_max, 100);
  EXPECT_EQ(hello.tuned.frame_max, 8192U);
  EXPECT_EQ(hello.tuned.heartbeat_s, 30);
  EXPECT_TRUE(hello.consumer_cancel_notify);
  EXPECT_TRUE(hello.connection_blocked);
  EXPECT_EQ(dialogue.handshake.credentials().user, "guest");
  EXPECT_EQ(dialogue.handshake.credentials().password, "");
}

TEST(Handshake, AnswersTheSameWhenEveryByteComesAlone) {
  const std::string bytes = header + start_ok() + tune_ok() + open();
  Dialogue whole;
  whole.send(bytes);
  Dialogue split;
  split.send(bytes, 1);
  EXPECT_TRUE(split.handshake.is_open());
  EXPECT_EQ(split.out, whole.out);
}

TEST(Handshake, LeavesWhatFollowsTheOpenAlone) {
  Dialogue dialogue;
  const std::string channel_open = method_frame(1, amqp::channel::Open{});
  dialogue.send(header + start_ok() + tune_ok() + open() + channel_open);
  EXPECT_TRUE(dialogue.handshake.is_open());
  EXPECT_EQ(dialogue.input, channel_open);
}

TEST(Handshake, AnnouncesWhatClientsSwitchFeaturesOn) {
  Dialogue dialogue;
  dialogue.send(header);
  const auto start = dialogue.last_method<amqp::connection::Start>();
  EXPECT_EQ(start.mechanisms.value, "PLAIN AMQPLAIN");
  EXPECT_EQ(*start.server_properties.find("product")->as_string(), "Leveret");
  EXPECT_EQ(*start.server_properties.find("version")->as_string(), "1.2.3");
  const auto* capabilities = start.server_properties.find("capabilities")->get_if<amqp::Table>();
  ASSERT_NE(capabilities, nullptr);
  for (const char* name : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                           "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                           "authentication_failure_close", "per_consumer_qos", "direct_reply_to"})
    EXPECT_TRUE(capabilities->contains(name)) << name;
}

TEST(Handshake, AnswersAWrongProtocolHeaderWithTheRightOne) {
  for (const std::string_view wrong :
       {std::string_view{"AMQP\0\1\0\0", 8}, std::string_view{"AMQP\0\0\x08\0", 8},
        std::string_view{"GET / HTTP/1.1\r\n"}, std::string_view{"\x16\x03\x01\x02\x00\x01", 6},
        std::string_view{"x"}}) {
    Dialogue dialogue;
    dialogue.send(wrong);
    EXPECT_EQ(dialogue.last, Next::end);
    EXPECT_EQ(dialogue.out, amqp::protocol_header);
  }
}

TEST(Handshake, WaitsForARightHeaderToEnd) {
  Dialogue dialogue;
  dialogue.send("AMQP");
  EXPECT_EQ(dialogue.last, Next::need_bytes);
  EXPECT_TRUE(dialogue.out.empty());
}

TEST(Handshake, AcceptsTheHeaderInTheLayoutOf09) {
  Dialogue dialogue;
  dialogue.send({"AMQP\1\1\0\x09", 8});
  EXPECT_EQ(dialogue.names(), std::vector<std::string>{"connection.start"});
}

TEST(Handshake, TakesAmqplain) {
  std::string response;
  amqp::Writer writer{response};
  amqp::write_table(writer, {{"LOGIN", "guest"}, {"PASSWORD", "secret"}});
  Dialogue dialogue;
  dialogue.send(header + start_ok("AMQPLAIN", std::string_view{response}.substr(4)));
  EXPECT_EQ(dialogue.names().back(), "connection.tune");
}

TEST(Handshake, RefusesABadLoginWith403WhenTheClientUnderstands) {
  const std::string text =
      "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see "
      "the "
      "broker logfile.";
  for (const std::string_view response :
       {std::string_view{"\0guest\0wrong", 12}, std::string_view{"guest"}, std::string_view{},
        std::string_view{"\0guest\0secret\0", 14}}) {
    Dialogue dialogue;
    dialogue.send(header + start_ok("PLAIN", response));
    dialogue.expect_close(403, text, no_cause);
    EXPECT_EQ(dialogue.handshake.failure().find("wrong"), std::string::npos);
  }
}

TEST(Handshake, JustEndsAfterABadLoginOtherwise) {
  Dialogue dialogue;
  dialogue.send(header + start_ok("PLAIN", {"\0guest\0wrong", 12}, {}));
  EXPECT_EQ(dialogue.last, Next::end);
  EXPECT_EQ(dialogue.names(), std::vector<std::string>{"connection.start"});
}

TEST(Handshake, RefusesAnUnknownMechanism) {
  Dialogue dialogue;
  dialogue.send(header + start_ok("MAGIC"));
  dialogue.expect_close(503, "COMMAND_INVALID - unknown authentication mechanism 'MAGIC'",
                        no_cause);
}

TEST(Handshake, LogsInTheUserOfACertificateByExternal) {
  Dialogue dialogue;
  dialogue.handshake.use_tls(ClientCertificate{"guest"});
  dialogue.send(header);
  EXPECT_EQ(dialogue.last_method<amqp::connection::Start>().mechanisms.value,
            "PLAIN AMQPLAIN EXTERNAL");
  dialogue.send(start_ok("EXTERNAL", "somebody else"));
  EXPECT_EQ(dialogue.names().back(), "connection.tune");
}

TEST(Handshake, StillTakesAPasswordFromWhoHasACertificate) {
  Dialogue dialogue;
  dialogue.handshake.use_tls(ClientCertificate{"nobody"});
  dialogue.send(header + start_ok());
  EXPECT_EQ(dialogue.names().back(), "connection.tune");
}

TEST(Handshake, RefusesExternalToWhoIsUnknownOrHasNoNameOrNoCertificate) {
  for (const auto& certificate :
       {std::optional{ClientCertificate{"nobody"}}, std::optional{ClientCertificate{}},
        std::optional<ClientCertificate>{}}) {
    Dialogue dialogue;
    dialogue.handshake.use_tls(certificate);
    dialogue.send(header + start_ok("EXTERNAL", ""));
    dialogue.expect_close(403,
                          "ACCESS_REFUSED - Login was refused using authentication mechanism "
                          "EXTERNAL. For details see the broker logfile.",
                          no_cause);
  }
}

TEST(Handshake, DoesNotKnowExternalWithoutTls) {
  Dialogue dialogue;
  dialogue.send(header + start_ok("EXTERNAL", ""));
  dialogue.expect_close(503, "COMMAND_INVALID - unknown authentication mechanism 'EXTERNAL'",
                        no_cause);
}

TEST(Handshake, RefusesLimitsBeyondItsOwn) {
  struct Case {
    std::uint16_t channel_max;
    std::uint32_t frame_max;
    std::string_view text;
  };
  for (const Case& refused :
       {Case{2048, 8192,
             "NOT_ALLOWED - negotiated channel_max = 2048 is higher than the maximum allowed value "
             "(2047)"},
        Case{0, 8192,
             "NOT_ALLOWED - negotiated channel_max = no limit is higher than the maximum allowed "
             "value (2047)"},
        Case{1, 131073,
             "NOT_ALLOWED - negotiated frame_max = 131073 is higher than the maximum allowed value "
             "(131072)"},
        Case{1, 0,
             "NOT_ALLOWED - negotiated frame_max = no limit is higher than the maximum allowed "
             "value (131072)"},
        Case{1, 4095,
             "NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value "
             "(4096)"}}) {
    Dialogue dialogue;
    dialogue.send(header + start_ok() + tune_ok(refused.channel_max, refused.frame_max));
    dialogue.expect_close(530, refused.text, amqp::connection::TuneOk::key);
  }
}

TEST(Handshake, AcceptsTheSmallestFrameAndAnyHeartbeat) {
  Dialogue dialogue;
  dialogue.send(header + start_ok() + tune_ok(2047, 4096, 65535) + open());
  EXPECT_TRUE(dialogue.handshake.is_open());
}

TEST(Handshake, RefusesAnUnknownVhost) {
  Dialogue dialogue;
  dialogue.send(header + start_ok() + tune_ok() + open("nowhere"));
  dialogue.expect_close(530, "NOT_ALLOWED - vhost nowhere not found", amqp::connection::Open::key);
}

TEST(Handshake, RefusesAMethodOutOfTurn) {
  Dialogue dialogue;
  dialogue.send(header + open());
  dialogue.expect_close(504,
                        "CHANNEL_ERROR - connection.open is not expected at this point of the "
                        "handshake",
                        amqp::connection::Open::key);
}

TEST(Handshake, RefusesContentAndChannelsBeforeTheOpen) {
  for (const std::string& frame :
       {header_frame(0, 1), body_frame(0, "x"), method_frame(1, amqp::channel::Open{})}) {
    Dialogue dialogue;
    dialogue.send(header + frame);
    EXPECT_EQ(dialogue.last_method<amqp::connection::Close>().reply_code, 505);
  }
}

TEST(Handshake, RefusesALargeFrameByItsHeader) {
  Dialogue dialogue;
  dialogue.send(header + std::string("\x01\0\0\x7F\xFF\xFF\xFF", 7));
  EXPECT_EQ(dialogue.last_method<amqp::connection::Close>().reply_code, 501);
}

TEST(Handshake, RefusesEndlessHeartbeats) {
  Dialogue dialogue;
  dialogue.send(header);
  for (int i = 0; i < 10'000 && dialogue.last == Next::need_bytes; ++i)
    dialogue.send(heartbeat_frame());
  EXPECT_EQ(dialogue.last_method<amqp::connection::Close>().reply_code, 501);
}

TEST(Handshake, RefusesATableThatIsDeeperOrLongerThanAllowed) {
  amqp::Table nested;
  for (int depth = 0; depth < 100; ++depth) nested = amqp::Table{{"t", nested}};
  Dialogue dialogue;
  dialogue.send(header + start_ok("PLAIN", {"\0guest\0secret", 13}, nested));
  EXPECT_EQ(dialogue.last_method<amqp::connection::Close>().reply_code, 502);
}

TEST(Handshake, RefusesWhatWouldTakeMuchMemoryUntilTheLogin) {
  const amqp::Table properties{{"a", amqp::Array(1000)}};  // A thousand octets.
  Dialogue dialogue;
  dialogue.send(header + start_ok("PLAIN", {"\0guest\0secret", 13}, properties));
  const auto close = dialogue.last_method<amqp::connection::Close>();
  EXPECT_EQ(close.reply_code, 502);
  EXPECT_NE(close.reply_text.find("32768 are allowed"), std::string_view::npos);
}

TEST(Handshake, RefusesMoreValuesThanAllowedHoweverSmallTheFrame) {
  const auto properties = [](int count) {
    return amqp::Table{{"a", amqp::Array(static_cast<std::size_t>(count))}};  // An octet each.
  };
  Dialogue fitting;
  fitting.send(header + start_ok("PLAIN", {"\0guest\0secret", 13}, properties(500)));
  fitting.last_method<amqp::connection::Tune>();
  // The array itself is a value too.
  Dialogue dialogue;
  const std::string frame = start_ok("PLAIN", {"\0guest\0secret", 13},
                                     properties(amqp::default_peer_table_limits.values));
  EXPECT_LT(frame.size(), 8192U);
  dialogue.send(header + frame);
  EXPECT_EQ(dialogue.last_method<amqp::connection::Close>().reply_code, 502);
}

TEST(Handshake, AnswersAClientThatLeaves) {
  Dialogue dialogue;
  dialogue.send(header + method_frame(0, amqp::connection::Close{.reply_code = 200}));
  EXPECT_EQ(dialogue.last, Next::end);
  EXPECT_EQ(dialogue.names().back(), "connection.close-ok");
}

}  // namespace
}  // namespace leveret::net
