#include "http/assets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace leveret::http {
namespace {

constexpr std::array<Asset, 3> assets{{
    {"assets/main-Ab12.js", "text/javascript", true, "plain script", "packed", "e1"},
    {"assets/small-Cd34.css", "text/css", true, "plain style", {}, "e2"},
    {"index.html", "text/html", false, "<html>", "packed html", "e3"},
}};

std::string header(const AssetAnswer& answer, std::string_view name) {
  const auto it = std::ranges::find(answer.headers, name,
                                    [](const auto& h) { return std::string_view{h.first}; });
  return it == answer.headers.end() ? "" : it->second;
}

std::string path_of(const std::vector<std::string>& segments) {
  const Asset* asset = find_asset(assets, segments);
  return asset ? std::string{asset->path} : "";
}

TEST(Assets, ThePagesOfTheDashboardAreItsIndex) {
  EXPECT_EQ(path_of({}), "index.html");
  EXPECT_EQ(path_of({"ui"}), "index.html");
  EXPECT_EQ(path_of({"ui", "queues"}), "index.html");
  EXPECT_EQ(path_of({"index.html"}), "index.html");
  EXPECT_EQ(path_of({"assets", "main-Ab12.js"}), "assets/main-Ab12.js");
}

TEST(Assets, NothingElseExists) {
  using Segments = std::vector<std::string>;
  for (const Segments& segments :
       {Segments{"nothing"}, Segments{"assets"}, Segments{"assets", "main-Old.js"},
        Segments{"..", "etc", "passwd"}, Segments{"assets", "..", "..", "etc", "passwd"},
        Segments{"../../etc/passwd"}, Segments{"/etc/passwd"},
        Segments{"assets", "..", "index.html"}, Segments{"", "index.html"},
        Segments{"index.html", ""}})
    EXPECT_EQ(path_of(segments), "");
}

TEST(Assets, HashedFilesAreKeptForEver) {
  EXPECT_EQ(header(answer_asset(assets[0], "", ""), "Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(header(answer_asset(assets[2], "", ""), "Cache-Control"), "no-cache");
}

TEST(Assets, TheEncodingHasItsOwnTag) {
  const AssetAnswer plain = answer_asset(assets[0], "br", "");
  EXPECT_EQ(plain.body, "plain script");
  EXPECT_EQ(header(plain, "ETag"), "\"e1\"");
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  const AssetAnswer packed = answer_asset(assets[0], "gzip", "");
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(header(packed, "ETag"), "\"e1-gzip\"");
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_EQ(answer_asset(assets[1], "gzip", "").body, "plain style");
}

TEST(Assets, NotModified) {
  const AssetAnswer answer = answer_asset(assets[2], "gzip", "\"x\", \"e3-gzip\"");
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer_asset(assets[2], "gzip", "\"e3\"").status, 200);
}

TEST(EmbeddedAssets, HoldAnIndexAndAreSorted) {
  const auto embedded = embedded_assets();
  const Asset* index = find_asset(embedded, {});
  ASSERT_TRUE(index);
  EXPECT_EQ(index->mime, "text/html; charset=utf-8");
  EXPECT_NE(index->identity.find("<title>"), std::string_view::npos);
  EXPECT_FALSE(index->is_hashed);
  EXPECT_TRUE(std::ranges::is_sorted(embedded, {}, &Asset::path));
  for (const Asset& asset : embedded)
    if (!asset.gzip.empty()) {
      EXPECT_LT(asset.gzip.size(), asset.identity.size());
      EXPECT_EQ(asset.gzip.substr(0, 2), "\x1F\x8B");
    }
}

}  // namespace
}  // namespace leveret::http
