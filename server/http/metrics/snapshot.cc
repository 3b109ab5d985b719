#include "http/metrics/snapshot.h"

#include <algorithm>

#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/error.h"

namespace leveret::http::metrics {
namespace {

namespace asio = boost::asio;

/// Some hundredth of a millisecond's work.
constexpr std::size_t objects_per_turn = 50;

void add(broker::VhostCounts& sum, const broker::VhostCounts& counts) {
  sum.counters += counts.counters;
  sum.publishers += counts.publishers;
  sum.pending_bytes += counts.pending_bytes;
  sum.running_operations += counts.running_operations;
  sum.alarms |= counts.alarms;
  sum.connection_count += counts.connection_count;
  sum.channel_count += counts.channel_count;
  sum.queue_count += counts.queue_count;
  sum.exchange_count += counts.exchange_count;
  sum.blocked_connections += counts.blocked_connections;
  sum.open_traffic += counts.open_traffic;
  sum.all_queues += counts.all_queues;
  sum.all_channels += counts.all_channels;
}

}  // namespace

asio::awaitable<SnapshotPtr> take_snapshot(ContextPtr context, broker::CountDetail detail,
                                           std::vector<std::string> vhosts) {
  auto snapshot = std::make_shared<Snapshot>();
  const auto cores = context->cores->all();
  std::vector<std::shared_ptr<broker::Core>> counted;
  for (const auto& core : cores) {
    const bool is_meant =
        vhosts.empty() || std::ranges::find(vhosts, core->vhost_name()) != vhosts.end();
    try {
      auto survey =
          std::make_shared<broker::CountSurvey>(is_meant ? detail : broker::CountDetail{});
      auto look = [survey](const broker::Vhost& vhost) {
        return survey->look(vhost, objects_per_turn);
      };
      while (co_await ask(context, core, look)) {
      }
      broker::VhostCounts counts = survey->take();
      context->archive.note(core, counts.counters);
      counted.push_back(core);
      add(snapshot->sum, counts);
      if (is_meant) snapshot->vhosts.push_back(std::move(counts));
    } catch (const HttpError&) {
      // Deleted meanwhile.
    }
  }
  // One that has gone after it was counted is part of the sum already.
  const auto present = context->cores->all();
  counted.insert(counted.end(), present.begin(), present.end());
  snapshot->sum.counters += context->archive.retired(counted);
  snapshot->node = view_machine(context->options.data_dir);
  snapshot->marks = context->options.resource_marks();
  snapshot->node_name = context->node;
  snapshot->cluster_name = cluster_name(*context);
  snapshot->version = context->listeners.version;
  snapshot->uptime_seconds =
      static_cast<double>(context->clock.now() - context->started_at) / 1000.0;
  snapshot->http_connections = context->sessions.size();
  for (const auto& total : context->users->attempts())
    snapshot->login_attempts.emplace_back(auth::name_of(total.protocol), total.counts);
  snapshot->event_streams = context->feed.stream_count();
  for (const LoopLag::Loop& loop : context->loop_lag->loops())
    snapshot->loop_lags.emplace_back(loop.handle.name, loop.lag_seconds);
  co_return snapshot;
}

}  // namespace leveret::http::metrics
