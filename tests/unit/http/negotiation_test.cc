#include "http/negotiation.h"

#include <gtest/gtest.h>

namespace leveret::http {
namespace {

TEST(AcceptEncoding, GzipWhenItIsWelcome) {
  for (const char* header :
       {"gzip", "gzip, deflate, br, zstd", "deflate, GZIP", "*", "br;q=1.0, gzip;q=0.8",
        "gzip;q=0.001", "x-gzip", "gzip;q=1, identity;q=0.5", "*;q=0.1", "gzip ; q=0.5"})
    EXPECT_TRUE(prefers_gzip(header)) << header;
}

TEST(AcceptEncoding, PlainWhenItIsNot) {
  for (const char* header :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzip;q=0.000",
        "gzip;q=0.2, identity;q=0.8", "gzip;q=x", "gzipped", ",,;"})
    EXPECT_FALSE(prefers_gzip(header)) << header;
}

TEST(IfNoneMatch, FindsTheTagInAList) {
  EXPECT_TRUE(matches_etag("\"a\"", "\"a\""));
  EXPECT_TRUE(matches_etag("\"x\", W/\"a\" ,\"y\"", "\"a\""));
  EXPECT_TRUE(matches_etag("*", "\"a\""));
  EXPECT_FALSE(matches_etag("", "\"a\""));
  EXPECT_FALSE(matches_etag("\"b\"", "\"a\""));
  EXPECT_FALSE(matches_etag("a", "\"a\""));
  EXPECT_FALSE(matches_etag("\"a-gzip\"", "\"a\""));
}

TEST(Host, LoopbackNamesOnly) {
  for (const char* host : {"localhost", "LOCALHOST:15672", "127.0.0.1", "127.0.0.1:1", "127.9.9.9",
                           "[::1]:15672", "[::1]"})
    EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host : {"", "evil.example", "127.0.0.1.evil.example",
                           "localhost.evil.example:80", "10.0.0.1", "[::2]", "127.evil"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(Origin, OnlyOurOwnPages) {
  EXPECT_TRUE(is_own_origin("http://localhost:15672", "localhost:15672"));
  EXPECT_TRUE(is_own_origin("https://Broker.example", "broker.example"));
  for (const char* origin :
       {"null", "", "http://", "http://localhost", "http://localhost:15673", "http://evil.example",
        "file://localhost:15672", "http://localhost:15672.evil.example"})
    EXPECT_FALSE(is_own_origin(origin, "localhost:15672")) << origin;
}

}  // namespace
}  // namespace leveret::http
