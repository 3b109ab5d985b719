#include "http/topic.h"

#include <gtest/gtest.h>

#include "http/error.h"

namespace leveret::http {
namespace {

const std::vector<Topic> three = {{Topic::Kind::overview, {}, {}},
                                  {Topic::Kind::queues, {}, {}},
                                  {Topic::Kind::queue, "/", "a,b:c"}};

TEST(Topics, NamesMayHoldSeparators) {
  EXPECT_EQ(parse_topics("overview,queues,queue:%2F:a%2Cb%3Ac"), three);
}

TEST(Topics, AreReadWhenTheValueWasEncodedAsAWhole) {
  EXPECT_EQ(parse_topics("overview%2Cqueues%2Cqueue%3A%252F%3Aa%252Cb%253Ac"), three);
}

TEST(Topics, EachCountsOnce) {
  EXPECT_EQ(parse_topics("overview,overview,").size(), 1U);
}

TEST(Topics, RefusesOthers) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += "queue:v:" + std::to_string(i) + ",";
  for (const std::string& text :
       {std::string{}, std::string{","}, std::string{"nonsense"}, std::string{"queue:"},
        std::string{"queue:a"}, std::string{"queue:%zz:a"}, std::string{"%zz"}, many})
    EXPECT_THROW(parse_topics(text), HttpError) << text;
}

}  // namespace
}  // namespace leveret::http
