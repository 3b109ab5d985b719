#include "unit/broker/support/test_broker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "broker/queue.h"
#include "broker/queue_survey.h"

namespace leveret::broker::test {
namespace {

/// A core that wants turn after turn without end is broken.
constexpr int turns_max = 10'000;

}  // namespace

TestBroker::TestBroker(Limits limits)
    : limits_(limits), vhost_(std::make_unique<Vhost>("/", journal, transient_store, limits)) {
  run_turn([](Vhost&) {});
}

TestBroker::~TestBroker() = default;

void TestBroker::run_turn(const std::function<void(Vhost&)>& work) {
  vhost_->begin_turn(now_);
  work(*vhost_);
  vhost_->end_turn();
}

void TestBroker::turn(const std::function<void(Vhost&)>& work) {
  run_turn(work);
  settle();
}

bool TestBroker::commit_one() {
  if (const CommitNumber commit = journal.commit())
    run_turn([&](Vhost& vhost) { vhost.take_commit(commit); });
  else if (const CommitNumber transients = transient_store.commit())
    run_turn([&](Vhost& vhost) { vhost.take_commit(transients, Keeper::transient_store); });
  else
    return false;
  return true;
}

bool TestBroker::answer_one_read() {
  for (FakeJournal* store : {&journal, &transient_store}) {
    if (!store->has_reads()) continue;
    run_turn([&](Vhost&) { store->answer_read(); });
    return true;
  }
  return false;
}

void TestBroker::settle() {
  for (int i = 0; i < turns_max; ++i) {
    if (commits_at_once && commit_one()) continue;
    if (reads_at_once && answer_one_read()) continue;
    if (runs_deadlines && vhost_->next_deadline() <= now_) {
      run_turn([](Vhost&) {});
    } else if (!drain()) {
      return;
    }
  }
  throw std::runtime_error("the core wants turns without end");
}

bool TestBroker::drain() {
  for (Client& client : clients_) {
    if (!client.reads || client.outbox->undrained_bytes == 0) continue;
    const std::size_t bytes = std::exchange(client.outbox->undrained_bytes, 0);
    run_turn([&](Vhost& vhost) { vhost.drained(client.id, bytes); });
    return true;
  }
  return false;
}

void TestBroker::advance(TimeMs ms) {
  now_ += ms;
  turn([](Vhost&) {});
}

void TestBroker::commit() {
  if (commit_one()) settle();
}

void TestBroker::answer_read() {
  answer_one_read();
  settle();
}

void TestBroker::restart() {
  start_again(false);
}

void TestBroker::stop_and_start() {
  turn([](Vhost& vhost) { vhost.prepare_close(); });
  commit();
  start_again(true);
}

void TestBroker::start_again(bool was_closed) {
  clients_.clear();
  vhost_.reset();
  journal.crash();
  transient_store = {};
  Recovered recovered = journal.recovered();
  recovered.was_closed = was_closed;
  vhost_ = std::make_unique<Vhost>("/", journal, transient_store, limits_);
  turn([&](Vhost& vhost) { vhost.recover(recovered); });
}

ConnectionId TestBroker::connect(ConnectionInfo info, std::shared_ptr<RecordingOutbox> outbox) {
  const ConnectionId id{++last_connection_};
  clients_.push_back({id, outbox});
  turn([&](Vhost& vhost) { vhost.open_connection(id, std::move(info), std::move(outbox)); });
  return id;
}

void TestBroker::set_reading(ConnectionId id, bool reads) {
  std::ranges::find(clients_, id, &Client::id)->reads = reads;
  settle();
}

void TestBroker::forget(ConnectionId id) {
  std::erase_if(clients_, [&](const Client& client) { return client.id == id; });
}

QueueView TestBroker::queue(std::string_view name) {
  QueueSurvey survey{*vhost_};
  while (survey.look(*vhost_, 1)) {
  }
  return survey.view(*vhost_, name).value();
}

std::uint64_t TestBroker::dropped(std::string_view name, DeathReason reason) {
  return queue(name).stats.dropped[static_cast<int>(reason)];
}

BrowsePage TestBroker::browse_page(const std::string& name, Seq after, std::size_t limit) {
  BrowsePage page;
  turn([&](Vhost& vhost) {
    vhost.browse(name, after, limit, [&](BrowsePage found) { page = std::move(found); });
  });
  return page;
}

std::vector<std::string> TestBroker::browse(const std::string& name, std::size_t page_size) {
  std::vector<std::string> bodies;
  Seq after = 0;
  do {
    const BrowsePage page = browse_page(name, after, page_size);
    for (const BrowsedMessage& message : page.messages)
      bodies.emplace_back(message.message->body());
    after = page.next;
  } while (after != 0);
  return bodies;
}

}  // namespace leveret::broker::test
