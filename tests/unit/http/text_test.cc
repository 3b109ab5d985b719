#include "http/text.h"

#include <gtest/gtest.h>

namespace leveret::http {
namespace {

TEST(Utf8, AcceptsEveryLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("abc"));
  EXPECT_TRUE(is_utf8("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x87"));
}

TEST(Utf8, RefusesWhatUnicodeRefuses) {
  for (const char* bytes :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "a\xFF", "\xC3("})
    EXPECT_FALSE(is_utf8(bytes)) << bytes;
}

TEST(CutText, NeverCutsACharacterInTwo) {
  const std::string text = "a\xE2\x82\xAC\xF0\x9F\x90\x87";  // a, euro, hare
  EXPECT_EQ(cut_text(text, 100), text);
  EXPECT_EQ(cut_text(text, 8), text);
  EXPECT_EQ(cut_text(text, 7), "a\xE2\x82\xAC");
  EXPECT_EQ(cut_text(text, 4), "a\xE2\x82\xAC");
  EXPECT_EQ(cut_text(text, 3), "a");
  EXPECT_EQ(cut_text(text, 1), "a");
  EXPECT_EQ(cut_text(text, 0), "");
}

TEST(CutText, CutsBytesThatAreNoTextAnywhere) {
  const std::string bytes(10, '\x80');
  EXPECT_EQ(cut_text(bytes, 5).size(), 5U);
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, RefusesEverythingElse) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Z g=", "Zm9v\n", "Zm-_", "=Zg=", "Zg=A", "===="})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

TEST(Base64, KeepsEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

}  // namespace
}  // namespace leveret::http
