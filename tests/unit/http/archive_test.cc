#include "http/metrics/archive.h"

#include <gtest/gtest.h>

namespace leveret::http::metrics {
namespace {

class FakeCore final : public broker::Core {
 public:
  void run(std::function<void(broker::Vhost&)>) override {}
  void post(std::function<void(broker::Vhost&)>) override {}
  TimeMs now() const override { return 0; }
  const std::string& vhost_name() const override { return name_; }

 private:
  std::string name_ = "v";
};

broker::VhostCounters routed(std::uint64_t count) {
  broker::VhostCounters counters;
  counters.routed = count;
  counters.journal.log_bytes = 100;
  return counters;
}

TEST(Archive, KeepsWhatADeletedVirtualHostHadCounted) {
  Archive archive;
  auto stays = std::make_shared<FakeCore>();
  auto goes = std::make_shared<FakeCore>();
  archive.note(stays, routed(1));
  archive.note(goes, routed(5));
  archive.note(goes, routed(7));
  EXPECT_EQ(archive.retired({stays, goes}).routed, 0U);
  goes.reset();
  EXPECT_EQ(archive.retired({stays}).routed, 7U);
  EXPECT_EQ(archive.retired({stays}).routed, 7U);
  EXPECT_EQ(archive.retired({stays}).journal.log_bytes, 0U);
}

TEST(Archive, ANewOneOfTheSameNameIsAnother) {
  Archive archive;
  auto first = std::make_shared<FakeCore>();
  archive.note(first, routed(7));
  first = std::make_shared<FakeCore>();
  archive.note(first, routed(2));
  EXPECT_EQ(archive.retired({first}).routed, 7U);
}

}  // namespace
}  // namespace leveret::http::metrics
