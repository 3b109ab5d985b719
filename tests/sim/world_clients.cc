// What clients and the network between them and the broker do.

#include <algorithm>

#include "sim/world.h"

namespace leveret::sim {

Client* World::client(std::uint32_t which) {
  const std::size_t index = which % client_count;
  if (!clients_[index] || clients_[index]->is_closing()) connect(index, index == 3);
  return clients_[index].get();
}

void World::connect(std::size_t which, bool is_transactional) {
  if (clients_[which]) former_clients_.push_back(std::move(clients_[which]));
  const std::uint64_t id = ++last_connection_;
  clients_[which] = std::make_unique<Client>(setup_, model_, id, is_transactional);
  server_->connect(id);
  Wire& wire = *wires_.emplace_back(std::make_unique<Wire>());
  wire.id = id;
  wire.client = clients_[which].get();
}

void World::act(const Step& step, Client& client) {
  const auto queue = static_cast<int>(step.b % setup_.queues.size());
  const bool is_wild = queue == setup_.wild;
  const bool is_read = queue != setup_.sink;
  using Answer = Client::Answer;
  switch (step.kind) {
    case StepKind::publish: return publish(step, client);
    case StepKind::barrier: return client.barrier();
    case StepKind::consume:
      if (is_read)
        client.consume(queue, static_cast<std::uint16_t>(step.c % 4), is_wild && step.c % 3 == 0);
      return;
    case StepKind::cancel: return client.cancel(step.b);
    case StepKind::get:
      if (is_read) client.get(queue, is_wild && step.c % 3 == 0);
      return;
    case StepKind::ack: return client.settle(step.b, step.c % 4 == 0, Answer::ack);
    case StepKind::nack: return client.settle(step.b, step.c % 4 == 0, Answer::requeue);
    case StepKind::reject: return client.settle(step.b, step.c % 4 == 0, Answer::reject);
    case StepKind::recover: return client.recover();
    case StepKind::purge: return client.purge(setup_.wild);
    case StepKind::redeclare: return client.delete_and_declare(setup_.wild);
    case StepKind::commit: return client.commit();
    case StepKind::rollback: return client.roll_back();
    case StepKind::close_channel: return client.close_channel();
    case StepKind::close: return client.close();
    default: return;
  }
}

/// b: where to, c: what kind of message.
void World::publish(const Step& step, Client& client) {
  const auto route =
      static_cast<int>(step.b % static_cast<std::uint32_t>(setup_.direct_routes + 2));
  static constexpr std::size_t sizes[] = {6, 20, 20, 100, 300, 700, 5000, 0};
  Model::Publish publish{.queues = {},
                         .is_persistent = step.c % 5 != 0,
                         .is_mandatory = step.c % 3 == 0,
                         .priority = static_cast<int>(step.c / 5 % 3),
                         .ttl = step.c / 15 % 9 == 0 ? static_cast<Time>(30 + step.c % 40) : -1,
                         .body_bytes = sizes[step.c / 16 % 8]};
  client.publish(route, publish);
}

void World::cut(Client& client, bool loses_octets) {
  const auto wire =
      std::ranges::find_if(wires_, [&](const auto& each) { return each->client == &client; });
  client.lost();
  if (wire == wires_.end()) return;
  (*wire)->client = nullptr;
  (*wire)->is_cut = true;
  if (loses_octets)
    (*wire)->to_broker.clear();
  else
    (*wire)->to_broker += client.output;
}

/// Connections that are cut, and whose octets have all come to the broker.
void World::reap() {
  for (std::size_t i = 0; i < wires_.size();) {
    Wire& wire = *wires_[i];
    const bool is_over = wire.client && wire.client->is_closing() &&
                         server_->output(wire.id).is_ended &&
                         server_->output(wire.id).bytes.empty();
    if (is_over) wire.client->lost();
    if (is_over || (wire.is_cut && wire.to_broker.empty())) {
      server_->drop(wire.id);
      wires_.erase(wires_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

// The network: `share` of 1,000, at least an octet.

void World::to_broker(std::uint32_t which, std::uint32_t share) {
  std::vector<Wire*> waiting;
  for (const auto& wire : wires_)
    if (!wire->to_broker.empty() || (wire->client && !wire->client->output.empty()))
      waiting.push_back(wire.get());
  if (waiting.empty()) return;
  Wire& wire = *waiting[which % waiting.size()];
  if (wire.client) wire.to_broker += std::exchange(wire.client->output, {});
  // One in three comes whole.
  const std::size_t size =
      share % 3 == 0 ? wire.to_broker.size() : wire.to_broker.size() * share / 1000 + 1;
  deliver_to_broker(wire, std::min(size, wire.to_broker.size()));
}

void World::deliver_to_broker(Wire& wire, std::size_t size) {
  const std::string bytes = wire.to_broker.substr(0, size);
  wire.to_broker.erase(0, size);
  note(bytes);
  server_->receive(wire.id, bytes);
}

void World::to_client(std::uint32_t which, std::uint32_t share) {
  std::vector<Wire*> waiting;
  for (const auto& wire : wires_)
    if (!server_->output(wire->id).bytes.empty()) waiting.push_back(wire.get());
  if (waiting.empty()) return;
  Wire& wire = *waiting[which % waiting.size()];
  const std::size_t all = server_->output(wire.id).bytes.size();
  deliver_to_client(wire, share % 3 == 0 ? all : std::min(all, all * share / 1000 + 1));
}

void World::deliver_to_client(Wire& wire, std::size_t size) {
  ServerOutput& output = server_->output(wire.id);
  std::size_t from = 0;
  for (const ServerOutput::Mark& mark : output.marks) {
    if (from >= size) break;
    const std::size_t end = std::min(mark.end, size);
    if (end <= from) continue;
    const std::string_view bytes = std::string_view(output.bytes).substr(from, end - from);
    note(bytes);
    if (wire.client) wire.client->receive(bytes, mark.at);
    from = end;
  }
  server_->taken(wire.id, size);
}

}  // namespace leveret::sim
