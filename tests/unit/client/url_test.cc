#include "lib/url.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leveret::client {
namespace {

std::string fault_of(std::string_view text) {
  try {
    Url::parse(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Url, EveryPartHasADefault) {
  EXPECT_EQ(Url::parse("amqp://"), Url{});
  EXPECT_EQ(Url::parse("amqp://broker").host, "broker");
  EXPECT_EQ(Url::parse("amqp://broker").port, 5672);
  EXPECT_EQ(Url::parse("amqp://broker").user, "guest");
  EXPECT_EQ(Url::parse("amqp://broker/").vhost, "/");
}

TEST(Url, ReadsEveryPart) {
  const Url url = Url::parse("amqp://alice:secret@broker.example:5673/shop?heartbeat=7");
  EXPECT_EQ(url.user, "alice");
  EXPECT_EQ(url.password, "secret");
  EXPECT_EQ(url.host, "broker.example");
  EXPECT_EQ(url.port, 5673);
  EXPECT_EQ(url.vhost, "shop");
  EXPECT_EQ(url.heartbeat_s, 7);
}

TEST(Url, DecodesPercentSignsInEveryPart) {
  const Url url = Url::parse("amqp://a%40b:p%3A%2F%25@host/%2Fmy%20vhost");
  EXPECT_EQ(url.user, "a@b");
  EXPECT_EQ(url.password, "p:/%");
  EXPECT_EQ(url.vhost, "/my vhost");
}

TEST(Url, TakesIpv6InBrackets) {
  const Url url = Url::parse("amqp://[::1]:1234/");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 1234);
  EXPECT_EQ(url.authority(), "[::1]:1234");
}

TEST(Url, RefusesWhatNoHostCanBe) {
  for (const char* text : {"amqp://a%2Fb", "amqp://a b", "amqp://e=%2Fca.pem&certfile",
                           "amqp://a%00b", "amqp://[::1%2F]"})
    EXPECT_EQ(fault_of(text), "the host has a character that no host has") << text;
  EXPECT_EQ(Url::parse("amqp://b%C3%BCro-1.example").host, "b\xC3\xBCro-1.example");
}

TEST(Url, WhatIsShownOfItReadsAsTheSame) {
  const Url url = Url::parse("amqps://a%40b:secret@[fe80::1%25eth0]:5/%2Fv");
  EXPECT_EQ(url.host, "fe80::1%eth0");
  EXPECT_EQ(url.to_string(), "amqps://a%40b@[fe80::1%25eth0]:5/%2Fv");
  EXPECT_EQ(Url::parse(url.to_string()).host, url.host);
}

TEST(Url, UserWithoutPasswordKeepsTheDefault) {
  EXPECT_EQ(Url::parse("amqp://alice@h").password, "guest");
  EXPECT_EQ(Url::parse("amqp://alice:@h").password, "");
}

TEST(Url, ReadsTlsAsRabbitMqNamesIt) {
  EXPECT_EQ(Url::parse("amqps://h").port, 5671);
  EXPECT_TRUE(Url::parse("amqps://h").is_tls);
  EXPECT_TRUE(Url::parse("amqps://h").tls.verifies_peer);
  const Url url = Url::parse(
      "amqps://h:1/v?cacertfile=/ca%20x.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_none"
      "&server_name_indication=other&auth_mechanism=external&heartbeat=3");
  EXPECT_EQ(url.tls.cacertfile, "/ca x.pem");
  EXPECT_EQ(url.tls.certfile, "/c.pem");
  EXPECT_EQ(url.tls.keyfile, "/k.pem");
  EXPECT_FALSE(url.tls.verifies_peer);
  EXPECT_EQ(url.tls.server_name, "other");
  EXPECT_TRUE(url.is_external);
  EXPECT_EQ(url.heartbeat_s, 3);
  EXPECT_EQ(Url::parse("amqps://h?" + url.tls.query()).tls, url.tls);
}

TEST(Url, SaysWhatTlsNeeds) {
  EXPECT_NE(fault_of("amqp://h?cacertfile=/ca").find("write amqps://"), std::string::npos);
  EXPECT_NE(fault_of("amqps://h?auth_mechanism=external").find("needs amqps:// and certfile"),
            std::string::npos);
  EXPECT_NE(fault_of("amqps://h?verify=maybe").find("verify_peer or verify_none"),
            std::string::npos);
}

TEST(Url, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "broker:5672", "http://h", "amqp://h:0", "amqp://h:65536", "amqp://h:x", "amqp://[::1",
        "amqp://h/a/b", "amqp://h/%2", "amqp://h/%zz", "amqp://h?heartbeat=x",
        "amqp://h?heartbeat=70000", "amqp://h?no=1"})
    EXPECT_NE(fault_of(text), "") << text;
}

TEST(Url, NeverRepeatsCredentials) {
  for (const char* text : {"amqp://user:hunter2@h:x", "amqp://user:hunter2@h/a/b",
                           "amqps://user:hunter2@h?verify=x", "amqp://user:hunter2%zz@h"}) {
    EXPECT_NE(fault_of(text), "");
    EXPECT_EQ(fault_of(text).find("hunter2"), std::string::npos) << text;
  }
  EXPECT_EQ(Url::parse("amqp://u:hunter2@h/v").to_string(), "amqp://u@h:5672/v");
}

TEST(PercentEncoding, RoundTripsEveryByte) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  EXPECT_EQ(percent_encode("/a b"), "%2Fa%20b");
}

}  // namespace
}  // namespace leveret::client
