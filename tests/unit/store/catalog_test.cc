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
    EXPECT_EQ(catalog.put_vhost({.name = "/"}), 1);
    EXPECT_EQ(catalog.put_vhost({.name = "../../etc/passwd"}), 2);
    EXPECT_EQ(catalog.put_vhost({.name = "/",
                                 .description = "the first",
                                 .tags = {"a", "b"},
                                 .default_queue_type = "quorum"}),
              1);
    catalog.put_vhost_limit("/", "max-queues", 7);
    catalog.put_vhost_limit("/", "max-connections", 5);
    catalog.drop_vhost_limit("/", "max-connections");
    catalog.put_user({"guest", "hash", {"administrator", "monitoring"}, {}});
    catalog.put_user({"guest", "other hash", {"administrator", "monitoring"}, {}});
    catalog.put_user({"worker", "hash", {}, {}});
    catalog.put_user({"gone", "hash", {}, {}});
    catalog.drop_user("gone");
  }
  Catalog catalog(dir.file("leveret.db"));
  const auto vhosts = catalog.vhosts();
  ASSERT_EQ(vhosts.size(), 2U);
  EXPECT_EQ(vhosts[0].info.description, "the first");
  EXPECT_EQ(vhosts[0].info.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(vhosts[0].info.default_queue_type, "quorum");
  EXPECT_EQ(vhosts[0].info.limits, (auth::Limits{{"max-queues", 7}}));
  EXPECT_EQ(vhosts[1].info.name, "../../etc/passwd");
  const auto users = catalog.users();
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].password_hash, "other hash");
  EXPECT_EQ(users[0].tags, (std::vector<std::string>{"administrator", "monitoring"}));
  EXPECT_TRUE(users[1].tags.empty());
}

TEST(Catalog, NeverUsesAVhostsIdAgain) {
  const TempDir dir;
  Catalog catalog(dir.file("leveret.db"));
  const auto first = catalog.put_vhost({.name = "a"});
  catalog.drop_vhost("a");
  EXPECT_EQ(catalog.last_vhost_id(), first);
  EXPECT_GT(catalog.put_vhost({.name = "a"}), first);
}

TEST(Catalog, KeepsWhatUsersMayDo) {
  const TempDir dir;
  {
    Catalog catalog(dir.file("leveret.db"));
    for (const char* vhost : {"/", "b"}) catalog.put_vhost({.name = vhost});
    for (const char* user : {"x", "y"}) catalog.put_user({user, "hash", {}, {}});
    catalog.put_permission({"x", "/", "c", "w", "r"});
    catalog.put_permission({"x", "b", "", "", ""});
    catalog.put_permission({"y", "/", ".*", ".*", ".*"});
    catalog.drop_permission("y", "/");
    catalog.put_topic_permission({"x", "/", "amq.topic", "^a", "^b"});
    catalog.put_topic_permission({"x", "/", "logs", "", ""});
    catalog.drop_topic_permission("x", "/", "logs");
    catalog.put_user_limit("x", "max-channels", 3);
    catalog.put_user({"x", "another hash", {}, {}});  // takes nothing away
  }
  Catalog catalog(dir.file("leveret.db"));
  ASSERT_EQ(catalog.permissions().size(), 2U);
  EXPECT_EQ(catalog.permissions()[0].write, "w");
  ASSERT_EQ(catalog.topic_permissions().size(), 1U);
  EXPECT_EQ(catalog.topic_permissions()[0].write, "^a");
  EXPECT_EQ(catalog.users()[0].limits, (auth::Limits{{"max-channels", 3}}));
}

TEST(Catalog, WhatBelongsToAUserOrAVhostGoesWithIt) {
  const TempDir dir;
  Catalog catalog(dir.file("leveret.db"));
  for (const char* vhost : {"/", "b"}) catalog.put_vhost({.name = vhost});
  for (const char* user : {"x", "y"}) catalog.put_user({user, "hash", {}, {}});
  catalog.put_permission({"x", "/", "", "", ""});
  catalog.put_permission({"y", "b", "", "", ""});
  catalog.put_topic_permission({"y", "b", "logs", "", ""});
  catalog.put_user_limit("x", "max-channels", 3);
  catalog.put_vhost_limit("b", "max-queues", 3);
  catalog.drop_user("x");
  catalog.drop_vhost("b");
  EXPECT_TRUE(catalog.permissions().empty());
  EXPECT_TRUE(catalog.topic_permissions().empty());
  catalog.put_user({"x", "hash", {}, {}});
  catalog.put_vhost({.name = "b"});
  EXPECT_TRUE(catalog.users()[0].limits.empty());
  EXPECT_TRUE(catalog.vhosts()[1].info.limits.empty());
}

TEST(Catalog, KeepsParametersAsLongAsTheirVhost) {
  const TempDir dir;
  {
    Catalog catalog(dir.file("leveret.db"));
    catalog.put_vhost({.name = "a"});
    catalog.put_parameters({{"a", "shovel", "s", "{}"}, {"", "", "cluster_name", "\"x\""}});
    catalog.put_parameters({{"a", "shovel", "s", "[1]"}, {"a", "shovel", "gone", "2"}});
    catalog.drop_parameter({"a", "shovel", "gone", {}});
    EXPECT_THROW(catalog.put_parameters({{"", "", "not kept", "1"}, {"absent", "c", "n", "1"}}),
                 StoreError);
  }
  Catalog catalog(dir.file("leveret.db"));
  EXPECT_EQ(catalog.parameters(), (std::vector<broker::Parameter>{{"", "", "cluster_name", "\"x\""},
                                                                  {"a", "shovel", "s", "[1]"}}));
  catalog.drop_vhost("a");
  EXPECT_EQ(catalog.parameters().size(), 1U);
  catalog.drop_parameter(catalog.parameters()[0]);
  EXPECT_TRUE(catalog.parameters().empty());
}

TEST(Catalog, WhoCouldDoEverythingInVersion1Still) {
  const TempDir dir;
  {
    Connection old(dir.file("leveret.db"), {});
    old.execute(
        "CREATE TABLE vhost (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
        "CREATE TABLE user (name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, tags TEXT NOT NULL)"
        " WITHOUT ROWID;"
        "INSERT INTO vhost (name) VALUES ('/');"
        "INSERT INTO user VALUES ('guest', 'hash', 'administrator');"
        "PRAGMA application_id = 0x4c767243; PRAGMA user_version = 1");
  }
  Catalog catalog(dir.file("leveret.db"));
  EXPECT_EQ(catalog.vhosts()[0].info.description, "Default virtual host");
  ASSERT_EQ(catalog.permissions().size(), 1U);
  EXPECT_EQ(catalog.permissions()[0].configure, ".*");
  catalog.drop_user("guest");
  EXPECT_TRUE(catalog.permissions().empty());
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
        catalog.put_vhost({.name = name});
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
