#include "http/list.h"

#include <gtest/gtest.h>

#include "http/error.h"

namespace leveret::http {
namespace {

Json three() {
  return Json::parse(
      R"([{"name": "b", "n": 1, "s": {"rate": 2.5}}, {"name": "ab", "n": 3, "s": {"rate": 0.5}},
                         {"name": "c", "n": 2}])");
}

Json apply(const char* query) {
  return apply_list_options(three(), read_list_options(Query{query}));
}

Json names(const Json& items) {
  Json all = Json::array();
  for (const Json& item : items) all.push_back(item.at("name"));
  return all;
}

std::string error_of(const char* query) {
  try {
    apply(query);
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status, 400);
    return error.error;
  }
  return "";
}

TEST(List, StaysAsItIsWithoutParameters) {
  EXPECT_EQ(apply(""), three());
}

TEST(List, SortsByAPath) {
  EXPECT_EQ(names(apply("sort=name")), (Json{"ab", "b", "c"}));
  EXPECT_EQ(names(apply("sort=n&sort_reverse=true")), (Json{"ab", "c", "b"}));
  EXPECT_EQ(names(apply("sort=s.rate")), (Json{"c", "ab", "b"}));
  EXPECT_EQ(names(apply("sort=nonsense")), (Json{"b", "ab", "c"}));
}

TEST(List, KeepsColumns) {
  EXPECT_EQ(apply("columns=name,s.rate")[0], (Json{{"name", "b"}, {"s", {{"rate", 2.5}}}}));
  EXPECT_EQ(apply("columns=name,s.rate")[2], (Json{{"name", "c"}}));
}

TEST(List, PagesSayHowManyThereAre) {
  const Json page = apply("page=1&page_size=1&name=b");
  EXPECT_EQ(page, (Json{{"filtered_count", 2},
                        {"item_count", 1},
                        {"items", Json::array({three()[0]})},
                        {"page", 1},
                        {"page_count", 2},
                        {"page_size", 1},
                        {"total_count", 3}}));
  EXPECT_EQ(names(apply("page=2&page_size=2").at("items")), (Json::array({"c"})));
}

TEST(List, AnEmptyListHasAFirstPage) {
  EXPECT_EQ(apply("page=1&name=zzz").at("items"), Json::array());
}

TEST(List, RefusesWhatRabbitMqRefuses) {
  EXPECT_EQ(error_of("page=9"), "page_out_of_range");
  EXPECT_EQ(error_of("page=0"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=1&page_size=501"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=1&page_size=1000000000000000000"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=1&page_size=99999999999999999999"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=99999999999999999999"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=9000000000000000000&page_size=500"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=1&page_size=-5"), "invalid_pagination_parameters");
  EXPECT_EQ(error_of("page=a"), "bad_request");
  EXPECT_EQ(error_of("page="), "bad_request");
  EXPECT_EQ(error_of("page=1&name=(&use_regex=true"), "bad_request");
}

TEST(List, APageJustBehindTheLastIsEmpty) {
  EXPECT_EQ(apply("page=2&page_size=3").at("items"), Json::array());
  EXPECT_EQ(apply("page=1&name=zzz").at("page_count"), 0);
}

TEST(List, NamesAreFoundWithoutRegardToCase) {
  EXPECT_EQ(names(apply("name=B")), (Json{"b", "ab"}));
  EXPECT_EQ(names(apply("name=^A%3F[B]$&use_regex=true")), (Json{"b", "ab"}));
  EXPECT_EQ(names(apply("name=^b$|c&use_regex=true")), (Json{"b", "c"}));
  EXPECT_EQ(names(apply("name=^b&use_regex=maybe")), Json::array());
}

TEST(List, ColumnsReachIntoListsAndAWholeColumnWins) {
  Json item = Json::parse(R"({"a": [{"b": 1, "c": 2}, {"b": 3}], "d": {"e": 1, "f": 2}})");
  Columns{{"a.b", "d.e", "d"}}.keep(item);
  EXPECT_EQ(item, Json::parse(R"({"a": [{"b": 1}, {"b": 3}], "d": {"e": 1, "f": 2}})"));
  Columns{{"d", "d.e"}}.keep(item);
  EXPECT_EQ(item, Json::parse(R"({"d": {"e": 1, "f": 2}})"));
}

TEST(List, APathMayBeOfAnyLengthAndIsFollowedAsFarAsAnythingGoes) {
  std::string path = "s";
  for (int i = 0; i < 200'000; ++i) path += ".s";
  const Columns columns{{"name", path}};
  Columns copy;
  copy = columns;
  Json item = three()[0];
  copy.keep(item);
  EXPECT_EQ(item.at("name"), "b");
  EXPECT_FALSE(item.contains("n"));
}

}  // namespace
}  // namespace leveret::http
