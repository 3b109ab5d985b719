#include "store/catalog.h"

#include <gtest/gtest.h>

#include "fault_vfs.h"
#include "harness.h"
#include "store/sqlite.h"

namespace leveret::store::test {
namespace {

TEST(Catalog, KeepsVhostsAndUsers) {
  const TempDir dir;
  {
    Catalog catalog(dir.file("leveret.db"));
    EXPECT_EQ(catalog.put_vhost("/"), 1);
    EXPECT_EQ(catalog.put_vhost("../../etc/passwd"), 2);
    EXPECT_EQ(catalog.put_vhost("/"), 1);
    catalog.put_user({"guest", "hash", {"administrator", "monitoring"}});
    catalog.put_user({"guest", "other hash", {"administrator", "monitoring"}});
    catalog.put_user({"worker", "hash", {}});
    catalog.put_user({"gone", "hash", {}});
    catalog.drop_user("gone");
  }
  Catalog catalog(dir.file("leveret.db"));
  const auto vhosts = catalog.vhosts();
  ASSERT_EQ(vhosts.size(), 2U);
  EXPECT_EQ(vhosts[1].name, "../../etc/passwd");
  const auto users = catalog.users();
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].password_hash, "other hash");
  EXPECT_EQ(users[0].tags, (std::vector<std::string>{"administrator", "monitoring"}));
  EXPECT_TRUE(users[1].tags.empty());
}

TEST(Catalog, NeverUsesAVhostsIdAgain) {
  const TempDir dir;
  Catalog catalog(dir.file("leveret.db"));
  const auto first = catalog.put_vhost("a");
  catalog.drop_vhost("a");
  EXPECT_GT(catalog.put_vhost("a"), first);
}

TEST(Catalog, IsNotTakenForAStore) {
  const TempDir dir;
  { Catalog catalog(dir.file("leveret.db")); }
  EXPECT_THROW(Store({.file = dir.file("leveret.db")}, {}), StoreError);
}

TEST(Catalog, SurvivesAPowerCutAtEveryStep) {
  for (std::uint64_t step = 1; step < 60; ++step) {
    const TempDir dir;
    FaultDisk disk;
    disk.cut_power_at(step);
    int stored = 0;
    try {
      Catalog catalog(dir.file("leveret.db"), disk.vfs_name());
      for (const char* name : {"a", "b", "c"}) {
        catalog.put_vhost(name);
        ++stored;
      }
    } catch (const StoreError&) {
    }
    disk.restart(step);
    Catalog catalog(dir.file("leveret.db"), disk.vfs_name());
    EXPECT_GE(catalog.vhosts().size(), static_cast<std::size_t>(stored)) << "cut at " << step;
  }
}

}  // namespace
}  // namespace leveret::store::test
