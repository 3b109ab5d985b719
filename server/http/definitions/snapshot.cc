#include "http/definitions/snapshot.h"

#include <memory>

#include "http/definitions/blocking.h"

namespace leveret::http {
namespace {

/// Queues, exchanges and bindings that a turn copies: some tenths of a millisecond.
constexpr std::size_t slice = 200;

broker::Topology survey(broker::Core& core, const std::atomic<bool>& is_stopping) {
  auto begin = [](const broker::Vhost& vhost) {
    return std::make_shared<broker::TopologySurvey>(vhost);
  };
  const std::shared_ptr<broker::TopologySurvey> survey = ask_blocking(core, is_stopping, begin);
  const auto go_on = [survey](const broker::Vhost& vhost) { return survey->look(vhost, slice); };
  while (ask_blocking(core, is_stopping, go_on)) continue;
  return survey->take();
}

}  // namespace

Snapshot take_snapshot(const Directories& directories,
                       const std::function<bool(const std::string& vhost)>& wants,
                       const std::atomic<bool>& is_stopping) {
  Snapshot snapshot;
  snapshot.users = directories.users->users();
  snapshot.permissions = directories.users->permissions();
  snapshot.topic_permissions = directories.users->topic_permissions();
  snapshot.parameters = directories.parameters->all();
  for (const auto& core : directories.cores->all()) {
    const auto info = directories.cores->describe(core->vhost_name());
    if (!info) continue;
    snapshot.vhosts.emplace(info->name, *info);
    if (wants(info->name)) snapshot.topologies.emplace(info->name, survey(*core, is_stopping));
  }
  return snapshot;
}

}  // namespace leveret::http
