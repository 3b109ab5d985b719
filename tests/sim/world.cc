#include "sim/world.h"

#include <algorithm>

#include "broker/journal.h"

namespace leveret::sim {
namespace {

/// More than any run needs until nothing is under way: whoever goes on longer never ends.
constexpr int patience = 20'000;

std::uint64_t all_dropped(const broker::MessageStats& stats) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : stats.dropped) sum += count;
  return sum;
}

}  // namespace

Outcome run(const Script& script, const Plant& plant) {
  plant.chances = 0;
  World world(script, plant);
  for (const Step& step : script.steps) {
    world.execute(step);
    if (world.has_failed()) return world.outcome();
  }
  world.finish();
  return world.outcome();
}

World::World(const Script& script, const Plant& plant)
    : setup_(script.setup), plant_(plant), model_(setup_.rules()), disk_(script.setup) {
  if (plant.fault == Fault::lying_disk) disk_.ignore_syncs();
  start();
}

World::~World() {
  disk_.stop();
  disk_.on_operation = {};
}

Outcome World::outcome() const {
  return {.violation = model_.violation(),
          .steps = steps_,
          .crashes = crashes_,
          .published = model_.published(),
          .deliveries = model_.deliveries(),
          .disk_operations = disk_.operations(),
          .trace = hash_of(disk_.hash(), trace_)};
}

void World::execute(const Step& step) {
  ++steps_;
  note(hash_of(name_of(step.kind)));
  if (!is_set_up_) set_up();
  if (!is_set_up_ || has_failed()) return;
  switch (step.kind) {
    case StepKind::to_broker: to_broker(step.a, step.b); break;
    case StepKind::to_client: to_client(step.a, step.b); break;
    case StepKind::cut:
      if (Client* client = clients_[step.a % client_count].get(); client && !client->is_closing())
        cut(*client, step.b % 2 == 0);
      break;
    case StepKind::turn:
      server_->turn();
      if (step.b % 2 == 0) reap();
      break;
    case StepKind::writer: step_store(store::StorePart::writer, step.a); break;
    case StepKind::reader: step_store(store::StorePart::reader, step.a); break;
    case StepKind::checkpointer: step_store(store::StorePart::checkpointer, step.a); break;
    case StepKind::wait: wait(step.a % 4 == 0 ? step.b % 200 : step.b % 5); break;
    case StepKind::set_wall_clock: clock_.wall_offset += (std::int64_t{step.a} - 500) * 7200; break;
    case StepKind::kill: crash(false, step.a); break;
    case StepKind::power_cut: crash(true, step.a); break;
    case StepKind::stop_at: disk_.stop_at(1 + step.a % 40); break;
    case StepKind::fail_write: disk_.fail_write_at(1 + step.a % 20); break;
    case StepKind::fail_sync: disk_.fail_sync_at(1 + step.a % 8); break;
    case StepKind::disk_full:
      disk_.set_capacity(disk_.used_bytes() + step.a * 40);
      is_limited_ = true;
      break;
    case StepKind::disk_free:
      disk_.set_capacity(0);
      is_limited_ = false;
      break;
    case StepKind::restart: stop_and_start(); break;
    case StepKind::memory_alarm: server_->set_memory_alarm(step.a % 3 == 0); break;
    case StepKind::settle: settle(); break;
    default: act(step, *client(step.a)); break;
  }
  if (server_died()) crash(step.c % 2 == 0, step.c);
}

// The broker's life.

bool World::server_died() {
  return server_->is_dead() || disk_.is_stopped();
}

void World::start() {
  is_set_up_ = false;
  const Server::Options options = setup_.server;
  server_ = std::make_unique<Server>(options, disk_, clock_, plant_);
  if (server_->is_dead()) return;
  model_.at(server_->now());
  recovered_.clear();
  for (const Setup::Queue& queue : setup_.queues)
    if (const auto view = server_->queue(queue.rules.name))
      recovered_[queue.rules.name] =
          view->ready + view->stats.all_dead_lettered() + all_dropped(view->stats);
}

/// Declares everything, and waits for it; a crash may come between.
void World::set_up() {
  connect(admin, false);
  clients_[admin]->declare_all();
  Client& client = *clients_[admin];
  const bool is_done =
      go_on_until_quiet([&] { return client.is_ready() && client.is_awaiting_nothing(); });
  if (server_died()) return crash(steps_ % 2 == 0, static_cast<std::uint32_t>(steps_));
  if (!is_done && !is_limited_) model_.fail("STUCK", "declaring: " + client.state());
  is_set_up_ = is_done;
}

void World::crash(bool is_power_cut, std::uint32_t seed) {
  // The disk may stop again before the broker is up.
  do {
    ++crashes_;
    note(server_->death());
    disk_.stop();
    server_.reset();
    for (const auto& client : clients_)
      if (client) client->lost();
    wires_.clear();
    // The administrator sees to the room before he starts it again.
    disk_.set_capacity(0);
    is_limited_ = false;
    is_power_cut ? disk_.restart_after_power_cut(seed) : disk_.restart_after_kill();
    model_.crashed();
    // One in eight is hit again while it starts.
    if (seed % 8 == 1) disk_.stop_at(1 + seed % 30);
    start();
    seed /= 2;
    if (server_->is_dead() && !disk_.is_stopped()) {
      return model_.fail("START", server_->death());
    }
  } while (server_died());
  audit(true);
  if (server_died()) crash(is_power_cut, seed);
}

void World::stop_and_start() {
  server_->set_memory_alarm(false);
  settle();
  if (has_failed() || server_died() || is_limited_) return;
  ++crashes_;
  server_->stop();
  if (server_died()) return;
  for (const auto& client : clients_)
    if (client) client->lost();
  wires_.clear();
  disk_.stop();
  server_.reset();
  disk_.restart_after_power_cut(1);
  model_.crashed();
  start();
  if (server_->is_dead()) return model_.fail("START", server_->death());
  audit(true);
}

/// While a thread of the store is at the disk, all others may go on.
void World::step_store(store::StorePart part, std::uint32_t seed) {
  Random random(seed);
  if (seed % 4 != 0 && part != store::StorePart::reader)
    disk_.on_operation = [this, &random] { run_beside(random); };
  server_->step(part);
  disk_.on_operation = {};
}

void World::run_beside(Random& random) {
  if (is_beside_ || !random.one_in(4)) return;
  is_beside_ = true;
  switch (random.below(6)) {
    case 0: server_->turn(); break;
    case 1: server_->step(store::StorePart::reader); break;
    case 2: to_client(random.below(1000), random.below(1000)); break;
    case 3: to_broker(random.below(1000), random.below(1000)); break;
    default: to_broker(random.below(1000), 0); break;
  }
  is_beside_ = false;
}

void World::wait(std::uint32_t ms) {
  clock_.monotonic += ms;
  model_.at(server_->now());
}

// Until nothing is under way.

bool World::do_something() {
  reap();
  for (const auto& wire : wires_) {
    if (wire->client) wire->to_broker += std::exchange(wire->client->output, {});
    if (!wire->to_broker.empty()) {
      deliver_to_broker(*wire, wire->to_broker.size());
      return true;
    }
    if (const std::size_t size = server_->output(wire->id).bytes.size(); size > 0) {
      deliver_to_client(*wire, size);
      return true;
    }
  }
  if (server_->turn()) return true;
  using store::StorePart;
  for (const StorePart part : {StorePart::writer, StorePart::reader, StorePart::checkpointer})
    if (server_->step(part)) return true;
  // What waits for a moment only.
  if (server_->next_deadline() > server_->now() + 2) return false;
  wait(static_cast<std::uint32_t>(server_->next_deadline() - server_->now()));
  return true;
}

bool World::go_on_until_quiet(const std::function<bool()>& is_done) {
  for (int i = 0; i < patience; ++i) {
    if (server_died() || has_failed()) return false;
    if (is_done && is_done()) return true;
    if (!do_something()) return !is_done;
  }
  model_.fail("ENDLESS", "there is always something left to do");
  return false;
}

void World::settle() {
  if (!go_on_until_quiet()) return;
  if (!is_limited_ && server_->has_disk_alarm()) {  // The writer tries again after a while.
    wait(300);
    if (!go_on_until_quiet()) return;
  }
  if (is_limited_ || server_->has_disk_alarm()) return;
  check_clients();
  check_counters();
  if (!has_failed() && !server_->has_memory_alarm()) audit(false);
}

/// While memory is low, who publishes waits with all else that he has sent; nobody else does.
void World::check_clients() {
  const bool is_low = server_->has_memory_alarm();
  const bool is_certain = !is_low || std::ranges::none_of(clients_, [](const auto& client) {
    return client && client->has_given_back() &&
           (client->is_closing() || client->is_blocked() || !client->is_awaiting_nothing());
  });
  for (const auto& client : clients_) {
    if (!client || client->is_closing()) continue;
    const bool may_be_blocked = client->is_blocked() || !client->is_awaiting_nothing();
    if (may_be_blocked && is_low) continue;
    if (!client->is_awaiting_nothing() || client->is_blocked())
      model_.fail("STUCK", client->state());
    client->all_processed();
    for (int queue = 0; queue < model_.queue_count(); ++queue)
      if (is_certain && client->could_take(queue) && model_.must_have_ready(queue) &&
          !model_.rules(queue).may_refuse)
        model_.fail("STARVED", "a consumer of queue '" + model_.rules(queue).name +
                                   "' gets nothing, and there is something");
  }
}

/// Nothing disappears without being counted.
void World::check_counters() {
  for (const Setup::Queue& queue : setup_.queues) {
    const QueueRules& rules = queue.rules;
    const auto view = server_->queue(rules.name);
    if (rules.may_refuse || rules.may_lose) continue;  // Counted as well, but elsewhere.
    if (!view) return model_.fail("TOPOLOGY", "queue '" + rules.name + "' is gone");
    const broker::MessageStats& stats = view->stats;
    const std::uint64_t came = recovered_[rules.name] + stats.publish;
    const std::uint64_t went = view->ready + view->unacked + stats.ack + stats.deliver_no_ack +
                               stats.get_no_ack + stats.purged + all_dropped(stats) +
                               stats.all_dead_lettered();
    if (came != went)
      model_.fail("COUNT", "queue '" + rules.name + "': " + std::to_string(came) +
                               " came, and what is known of comes to " + std::to_string(went));
  }
}

// Looking into the queues.

std::vector<Model::Found> World::browse(const std::string& queue) {
  std::vector<Model::Found> found;
  broker::Seq after = 0;
  do {
    bool is_done = false;
    server_->run([&](broker::Vhost& vhost) {
      vhost.browse(queue, after, 40, [&](const broker::BrowsePage& page) {
        for (const broker::BrowsedMessage& each : page.messages)
          found.push_back({std::string(each.message->body())});
        after = page.next;
        is_done = true;
      });
    });
    for (int i = 0; !is_done && !server_died(); ++i) {
      bool goes_on = server_->turn();
      goes_on = server_->step(store::StorePart::writer) || goes_on;
      goes_on = server_->step(store::StorePart::reader) || goes_on;
      if (goes_on) continue;
      model_.fail("STUCK", "browsing queue '" + queue + "' does not end");
      return found;
    }
    if (server_died()) return found;
  } while (after != 0);
  return found;
}

void World::audit(bool is_after_crash) {
  // What a start has found to be over goes first: it would be seen in one queue, and dead in
  // another.
  while (!server_died() &&
         ((server_->has_posted() && server_->turn()) || server_->step(store::StorePart::writer) ||
          server_->step(store::StorePart::reader))) {
  }
  if (server_died()) return;
  std::vector<std::vector<Model::Found>> found;
  for (const Setup::Queue& queue : setup_.queues) {
    found.emplace_back();
    if (server_->queue(queue.rules.name)) found.back() = browse(queue.rules.name);
    if (server_died() || has_failed()) return;
  }
  model_.at(server_->now());
  model_.audit(found, is_after_crash);
}

void World::finish() {
  disk_.set_capacity(0);
  is_limited_ = false;
  if (!is_set_up_) set_up();
  if (has_failed()) return;
  server_->set_memory_alarm(false);
  settle();
  if (has_failed()) return;
  crash(true, static_cast<std::uint32_t>(steps_));
}

}  // namespace leveret::sim
