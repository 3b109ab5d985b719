#include "broker/access.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using Lines = std::vector<std::string>;

std::shared_ptr<const Access> make_access(const std::string& configure, const std::string& write,
                                          const std::string& read,
                                          std::vector<auth::TopicPermission> topics = {},
                                          std::vector<std::string> tags = {}) {
  return std::make_shared<const Access>(auth::User{"alice", {}, std::move(tags), {}},
                                        auth::Permission{"alice", "/", configure, write, read},
                                        topics);
}

TEST(Access, APatternFindsAPartOfTheNameAndAnEmptyOneNothing) {
  const auto access = make_access("b", "", "^a");
  EXPECT_TRUE(access->allows(Right::configure, "abc"));
  EXPECT_FALSE(access->allows(Right::configure, "ac"));
  EXPECT_FALSE(access->allows(Right::write, "abc"));
  EXPECT_TRUE(access->allows(Right::read, "abc"));
  EXPECT_FALSE(access->allows(Right::read, "ba"));
}

TEST(Access, TheDefaultExchangeHasANameHere) {
  EXPECT_TRUE(make_access("", "^amq[.]default$", "")->allows(Right::write, ""));
  EXPECT_FALSE(make_access("", "^$", "")->allows(Right::write, ""));
}

TEST(Access, WithoutPermissionNothingIsAllowed) {
  const Access access{auth::User{"alice", {}, {}, {}}, std::nullopt, {}};
  for (const Right right : {Right::configure, Right::write, Right::read})
    EXPECT_FALSE(access.allows(right, "x"));
}

TEST(Access, NamesInTopicPermissionsAreTakenLiterally) {
  const Access access{auth::User{"a.*", {}, {}, {}},
                      auth::Permission{"a.*", "v+", ".*", ".*", ".*"},
                      {{"a.*", "v+", "logs", "^{vhost}/{username}$", ""}}};
  EXPECT_TRUE(access.allows_topic(Right::write, "logs", "v+/a.*"));
  EXPECT_FALSE(access.allows_topic(Right::write, "logs", "v+/abc"));
  EXPECT_FALSE(access.allows_topic(Right::write, "logs", "vv/a.*"));
  EXPECT_FALSE(access.allows_topic(Right::read, "logs", "v+/a.*"));
  EXPECT_TRUE(access.allows_topic(Right::read, "others", "anything"));
}

/// A client whose user may do what a test says.
struct AccessTest : testing::Test {
  TestBroker broker;
  TestClient admin{broker};

  AccessTest() {
    admin.declare("q").exchange("e", "topic").exchange("f", "fanout").bind("q", "e", "k");
    admin.ignore();
  }

  void allow(const std::shared_ptr<const Access>& access) {
    broker.turn([&](Vhost& vhost) { vhost.set_access("alice", access, 0); });
  }
  /// What a new client hears when it sends `method` with these rights.
  Lines answers(const std::shared_ptr<const Access>& access, const amqp::Method& method) {
    allow(access);
    TestClient client{broker, {.user = "alice"}};
    client.received();
    if (const auto* publish = std::get_if<amqp::basic::Publish>(&method))
      client.publish(std::string{publish->exchange}, std::string{publish->routing_key}, "x");
    else
      client.method(method);
    return client.received();
  }
  void expect_any_to_do(const struct Row& row, const std::string& name);
};

/// What a method needs, in the order in which it is asked. "amq.default" is the default exchange.
struct Need {
  Right right;
  std::string what;  // "queue 'q'"
  std::string name;
};
using Needs = std::vector<Need>;

const Need write_q{Right::write, "queue 'q'", "q"};
const Need read_q{Right::read, "queue 'q'", "q"};
const Need configure_q{Right::configure, "queue 'q'", "q"};
const Need configure_f{Right::configure, "exchange 'f'", "f"};
const Need write_f{Right::write, "exchange 'f'", "f"};
const Need configure_e{Right::configure, "exchange 'e'", "e"};
const Need write_e{Right::write, "exchange 'e'", "e"};
const Need read_e{Right::read, "exchange 'e'", "e"};

/// One call of a method. The key of the method names the row, so that none can be forgotten.
struct Row {
  amqp::Method method;
  Needs needs;
  bool any_will_do = false;
};

amqp::Table dead_letters_to(const std::string& exchange) {
  return {{"x-dead-letter-exchange", exchange}};
}

std::vector<Row> rows() {
  namespace m = amqp;
  return {
      {m::channel::Open{}, {}},
      {m::channel::Flow{.active = true}, {}},
      {m::channel::FlowOk{}, {}},
      {m::channel::Close{}, {}},
      {m::channel::CloseOk{}, {}},
      {m::access::Request{}, {}},
      {m::exchange::Declare{.exchange = "f", .type = "fanout"}, {configure_f}},
      {m::exchange::Declare{.exchange = "e", .passive = true},
       {configure_e, write_e, read_e},
       true},
      {m::exchange::Declare{
           .exchange = "new", .type = "fanout", .arguments = {{"alternate-exchange", "f"}}},
       {{Right::configure, "exchange 'new'", "new"},
        {Right::read, "exchange 'new'", "new"},
        write_f}},
      {m::exchange::Delete{.exchange = "f"}, {configure_f}},
      {m::exchange::Bind{.destination = "f", .source = "e"}, {write_f, read_e}},
      {m::exchange::Unbind{.destination = "f", .source = "e"}, {write_f, read_e}},
      {m::queue::Declare{.queue = "q"}, {configure_q}},
      {m::queue::Declare{.queue = "q", .passive = true}, {configure_q, write_q, read_q}, true},
      {m::queue::Declare{.queue = "new", .arguments = dead_letters_to("f")},
       {{Right::configure, "queue 'new'", "new"}, {Right::read, "queue 'new'", "new"}, write_f}},
      {m::queue::Bind{.queue = "q", .exchange = "e"}, {write_q, read_e}},
      {m::queue::Unbind{.queue = "q", .exchange = "e"}, {write_q, read_e}},
      {m::queue::Purge{.queue = "q"}, {read_q}},
      {m::queue::Delete{.queue = "q"}, {configure_q}},
      {m::basic::Qos{}, {}},
      {m::basic::Consume{.queue = "q"}, {read_q}},
      {m::basic::Cancel{}, {}},
      {m::basic::CancelOk{}, {}},
      {m::basic::Publish{.exchange = "f"}, {write_f}},
      {m::basic::Publish{.exchange = ""},
       {{Right::write, "exchange 'amq.default'", "amq.default"}}},
      {m::basic::Get{.queue = "q"}, {read_q}},
      {m::basic::Ack{.delivery_tag = 0, .multiple = true}, {}},
      {m::basic::Reject{.delivery_tag = 1}, {}},
      {m::basic::Nack{.delivery_tag = 0, .multiple = true}, {}},
      {m::basic::RecoverAsync{.requeue = true}, {}},
      {m::basic::Recover{.requeue = true}, {}},
      {m::confirm::Select{}, {}},
      {m::tx::Select{}, {}},
      {m::tx::Commit{}, {}},
      {m::tx::Rollback{}, {}},
  };
}

/// Methods that a server sends, or that no channel is concerned with.
const std::set<std::string> others{"connection.start",
                                   "connection.start-ok",
                                   "connection.secure",
                                   "connection.secure-ok",
                                   "connection.tune",
                                   "connection.tune-ok",
                                   "connection.open",
                                   "connection.open-ok",
                                   "connection.close",
                                   "connection.close-ok",
                                   "connection.blocked",
                                   "connection.unblocked",
                                   "connection.update-secret",
                                   "connection.update-secret-ok",
                                   "channel.open-ok",
                                   "access.request-ok",
                                   "exchange.declare-ok",
                                   "exchange.delete-ok",
                                   "exchange.bind-ok",
                                   "exchange.unbind-ok",
                                   "queue.declare-ok",
                                   "queue.bind-ok",
                                   "queue.purge-ok",
                                   "queue.delete-ok",
                                   "queue.unbind-ok",
                                   "basic.qos-ok",
                                   "basic.consume-ok",
                                   "basic.return",
                                   "basic.deliver",
                                   "basic.get-ok",
                                   "basic.get-empty",
                                   "basic.recover-ok",
                                   "confirm.select-ok",
                                   "tx.select-ok",
                                   "tx.commit-ok",
                                   "tx.rollback-ok"};

template <std::size_t... I>
std::set<std::string> all_methods(std::index_sequence<I...>) {
  return {std::string{
      amqp::key_of(amqp::Method{std::variant_alternative_t<I, amqp::Method>{}}).name}...};
}

TEST(AccessMatrix, NamesEveryMethodThereIs) {
  std::set<std::string> named = others;
  for (const Row& row : rows()) {
    const std::string name{amqp::key_of(row.method).name};
    EXPECT_FALSE(others.contains(name)) << name;
    named.insert(name);
  }
  EXPECT_EQ(named, all_methods(std::make_index_sequence<std::variant_size_v<amqp::Method>>{}));
}

std::string refusal(const Need& need) {
  return "channel.close 403 ACCESS_REFUSED - " + std::string{name_of(need.right)} + " access to " +
         need.what + " in vhost '/' refused for user 'alice'";
}

/// Everything but this.
std::shared_ptr<const Access> all_but(const Need& need) {
  const auto pattern = [&](Right right) {
    return need.right == right ? "^(?!" + need.name + "$)" : std::string{".*"};
  };
  return make_access(pattern(Right::configure), pattern(Right::write), pattern(Right::read));
}

std::shared_ptr<const Access> only(const Needs& needs) {
  std::map<Right, std::string> patterns;
  for (const Need& need : needs) {
    std::string& pattern = patterns[need.right];
    pattern += (pattern.empty() ? "^" : "|^") + need.name + "$";
  }
  return make_access(patterns[Right::configure], patterns[Right::write], patterns[Right::read]);
}

void AccessTest::expect_any_to_do(const Row& row, const std::string& name) {
  for (const Need& need : row.needs)
    EXPECT_EQ(answers(only({need}), row.method).front().find("ACCESS_REFUSED"), std::string::npos)
        << name;
  const Lines refused{"channel.close 403 ACCESS_REFUSED - access to " + row.needs.front().what +
                      " in vhost '/' refused for user 'alice'"};
  EXPECT_EQ(answers(only({}), row.method), refused) << name;
}

TEST_F(AccessTest, EachMethodNeedsItsRightsAndNoOthers) {
  for (const Row& row : rows()) {
    const std::string name{amqp::key_of(row.method).name};
    if (row.any_will_do) {
      expect_any_to_do(row, name);
      continue;
    }
    for (const Need& need : row.needs)
      EXPECT_EQ(answers(all_but(need), row.method), Lines{refusal(need)}) << name;
    for (const std::string& line : answers(only(row.needs), row.method))
      EXPECT_EQ(line.find("ACCESS_REFUSED"), std::string::npos) << name << ": " << line;
    admin.declare("q").exchange("e", "topic").exchange("f", "fanout");  // for the next one
    admin.delete_queue("new").delete_exchange("new");
  }
}

TEST_F(AccessTest, ADeniedMethodChangesNothing) {
  answers(make_access("", "", ""), amqp::queue::Delete{.queue = "q"});
  answers(make_access("", "", ""), amqp::exchange::Delete{.exchange = "e"});
  answers(make_access("^new$", "", "^new$"),
          amqp::queue::Declare{.queue = "new", .arguments = dead_letters_to("f")});
  EXPECT_TRUE(broker.has_queue("q"));
  EXPECT_TRUE(broker.has_exchange("e"));
  EXPECT_FALSE(broker.has_queue("new"));
}

TEST_F(AccessTest, ANameMadeByTheServerNeedsConfigure) {
  const auto refused = answers(make_access("^x", "", ""), amqp::queue::Declare{});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_NE(refused[0].find("configure access to queue 'amq.gen-"), std::string::npos);
  EXPECT_EQ(answers(make_access("^amq[.]gen-", "", ""), amqp::queue::Declare{})[0].rfind(
                "queue.declare-ok 'amq.gen-", 0),
            0U);
}

TEST_F(AccessTest, AChangeCountsFromTheNextCommandOn) {
  allow(make_access("", ".*", ""));
  TestClient alice{broker, {.user = "alice"}};
  alice.publish("f", "", "one");
  alice.publish("f", "", "two");
  alice.ignore();
  allow(make_access("", "^e$", ""));
  alice.publish("f", "", "three");
  EXPECT_EQ(alice.received(), Lines{refusal(write_f)});
}

TEST_F(AccessTest, AConsumerThatMayNotReadAnyMoreIsCancelled) {
  allow(make_access("", "", ".*"));
  TestClient alice{broker, {.user = "alice"}};
  alice.consume("q");
  alice.ignore();
  allow(make_access("", "", "^other$"));
  admin.send("q", "job");
  EXPECT_EQ(alice.received(), Lines{"basic.cancel 'c' true"});
  EXPECT_EQ(broker.ready("q"), 1U);
}

TEST_F(AccessTest, WhoeverComesAfterAChangeHasWhatItSays) {
  allow(make_access("", "", ""));
  TestClient alice{broker, {.user = "alice"}};
  alice.ignore();
  alice.get("q");
  EXPECT_EQ(alice.received(), Lines{refusal(read_q)});
}

TEST_F(AccessTest, TopicsLimitKeysAtTopicExchangesOnly) {
  const auto access =
      make_access("", ".*", ".*", {{"alice", "/", "e", "^a", "^b"}, {"alice", "/", "f", "", ""}});
  EXPECT_TRUE(answers(access, amqp::basic::Publish{.exchange = "e", .routing_key = "a"}).empty());
  EXPECT_EQ(answers(access, amqp::basic::Publish{.exchange = "e", .routing_key = "b"}),
            Lines{"channel.close 403 ACCESS_REFUSED - write access to topic 'b' in exchange 'e' in "
                  "vhost '/' refused for user 'alice'"});
  EXPECT_TRUE(answers(access, amqp::basic::Publish{.exchange = "f", .routing_key = "b"}).empty());
  EXPECT_EQ(answers(access, amqp::queue::Bind{.queue = "q", .exchange = "e", .routing_key = "b"}),
            Lines{"queue.bind-ok"});
  EXPECT_EQ(answers(access, amqp::queue::Bind{.queue = "q", .exchange = "e", .routing_key = "a"}),
            Lines{"channel.close 403 ACCESS_REFUSED - read access to topic 'a' in exchange 'e' in "
                  "vhost '/' refused for user 'alice'"});
}

TEST_F(AccessTest, TopicsLimitTheKeysInCCToo) {
  allow(make_access("", ".*", ".*", {{"alice", "/", "e", "^a", ""}}));
  TestClient alice{broker, {.user = "alice"}};
  alice.ignore();
  alice.publish("e", "a", "x", with_headers({{"CC", amqp::Array{"b"}}}));
  ASSERT_EQ(alice.received().size(), 1U);
}

TEST_F(AccessTest, AnImpersonatorPublishesInOthersNames) {
  amqp::Properties bobs;
  bobs.user_id = "bob";
  for (const bool may : {false, true}) {
    const std::vector<std::string> tags =
        may ? std::vector<std::string>{"impersonator"} : std::vector<std::string>{};
    allow(make_access("", ".*", "", {}, tags));
    TestClient alice{broker, {.user = "alice"}};
    alice.ignore();
    alice.publish("f", "", "x", bobs);
    EXPECT_EQ(alice.received().empty(), may);
  }
}

TEST_F(AccessTest, AUserWhoIsGoneIsSentAway) {
  TestClient alice{broker, {.user = "alice"}};
  alice.ignore();
  broker.turn([](Vhost& vhost) { vhost.close_user("alice", "user 'alice' is deleted"); });
  EXPECT_EQ(alice.received(),
            Lines{"connection.close 320 CONNECTION_FORCED - user 'alice' is deleted"});
}

TEST_F(AccessTest, AVhostThatGoesLetsNobodyIn) {
  broker.turn([](Vhost& vhost) { vhost.refuse_connections("vhost '/' is deleted"); });
  TestClient late{broker, {.user = "alice"}};
  ASSERT_FALSE(late.outbox().records.empty());
  EXPECT_TRUE(std::holds_alternative<CloseConnection>(late.outbox().records.front()));
}

TEST_F(AccessTest, ChannelsOfAUserAreCountedOverConnections) {
  broker.turn([](Vhost& vhost) { vhost.set_access("alice", make_access("", "", ""), 2); });
  TestClient first{broker, {.user = "alice"}};
  TestClient second{broker, {.user = "alice"}};
  first.ignore();
  first.open(2);
  EXPECT_EQ(first.received(),
            Lines{"connection.close 530 NOT_ALLOWED - number of channels opened for user 'alice' "
                  "has reached the maximum allowed user limit of (2)"});
}

TEST_F(AccessTest, QueuesAreLimitedButForThoseThereAre) {
  broker.turn(
      [](Vhost& vhost) { vhost.set_settings({.default_queue_type = "", .queues_max = 1}); });
  admin.declare("q");
  EXPECT_EQ(admin.received(), Lines{"queue.declare-ok 'q' 0 0"});
  admin.declare("more");
  EXPECT_EQ(
      admin.received(),
      Lines{"channel.close 406 PRECONDITION_FAILED - cannot declare queue 'more': queue limit "
            "in vhost '/' (1) is reached"});
}

TEST_F(AccessTest, DurableQueuesHaveTheDefaultType) {
  broker.turn(
      [](Vhost& vhost) { vhost.set_settings({.default_queue_type = "quorum", .queues_max = {}}); });
  admin.declare("d", {.durable = true}).declare("d", {.durable = true});
  admin.declare("x", {.exclusive = true});
  EXPECT_EQ(*broker.queue("d").arguments.find("x-queue-type")->as_string(), "quorum");
  EXPECT_EQ(broker.queue("x").arguments.find("x-queue-type"), nullptr);
}

}  // namespace
}  // namespace leveret::broker::test
