#include "http/metrics/own.h"

#include <array>
#include <memory>
#include <utility>

#include "base/limit_counts.h"

namespace leveret::http::metrics {
namespace {

using broker::VhostCounts;
using enum Type;

constexpr std::string_view prefix = "leveret_";

/// In the order of broker::DeathReason.
constexpr std::array<std::string_view, broker::death_reason_count> reasons{
    "rejected", "expired", "maxlen", "delivery_limit"};

void add_by_reason(Sections& sections, const Family& family, const std::uint64_t* counts) {
  const std::vector<std::uint64_t> values{counts, counts + reasons.size()};
  sections.add(prefix, family, values.size(), [values](Exposition& out, std::size_t index) {
    out.sample(label_text({{"reason", reasons[index]}}), values[index]);
  });
}

void add_store(Sections& sections, const VhostCounts& sum) {
  const broker::JournalStats& journal = sum.counters.journal;
  sections.one(prefix,
               {"store_commit_seconds", histogram,
                "Time that a transaction, or a record of the redo log, takes to be on disk"},
               journal.commit_seconds);
  sections.one(prefix,
               {"store_commit_wait_seconds", histogram,
                "Time from the moment that the writer is given the first turn of a batch until "
                "that batch is on disk: what a confirm waits for"},
               journal.wait_seconds);
  sections.one(prefix, {"store_batch_messages", histogram, "Messages that are written at once"},
               journal.batch_messages);
  sections.one(prefix,
               {"store_messages_recorded_total", counter,
                "Total number of persistent messages that were recorded for durable queues"},
               journal.messages_recorded);
  sections.one(prefix,
               {"store_messages_settled_unwritten_total", counter,
                "Total number of recorded messages that were settled before they were written, and "
                "never were"},
               journal.messages_settled_unwritten);
  sections.one(prefix,
               {"store_log_bytes", gauge, "Size of the write-ahead logs as of their last commit"},
               journal.log_bytes);
  sections.one(prefix, {"store_pending_bytes", gauge, "Bytes recorded and not on disk yet"},
               sum.pending_bytes);
}

void add_loops(Sections& sections, const Snapshot& snapshot) {
  auto loops =
      std::make_shared<const std::vector<std::pair<std::string, Histogram>>>(snapshot.loop_lags);
  sections.add(prefix,
               {"loop_lag_seconds", histogram,
                "Time that work waits for its turn on a loop, measured about once a second"},
               loops->size(), [loops](Exposition& out, std::size_t index) {
                 const auto& [name, lag] = (*loops)[index];
                 out.sample(label_text({{"loop", name}}), lag);
               });
}

void add_process(Sections& sections, const MachineView& node) {
  sections.one(
      "", {"process_cpu_seconds_total", counter, "Total user and system CPU time spent in seconds"},
      node.cpu_seconds);
  sections.one("",
               {"process_start_time_seconds", gauge,
                "Start time of the process since unix epoch in seconds."},
               node.started_at_seconds);
  sections.one("", {"process_resident_memory_bytes", gauge, "Resident memory size in bytes"},
               node.memory_used);
  sections.one("", {"process_virtual_memory_bytes", gauge, "Virtual memory size in bytes"},
               node.memory_virtual);
  sections.one("", {"process_open_fds", gauge, "Number of open file descriptors"}, node.files_used);
  sections.one("", {"process_max_fds", gauge, "Maximum number of open file descriptors"},
               node.files_limit);
}

}  // namespace

void add_own(Sections& sections, const Snapshot& snapshot) {
  const VhostCounts& sum = snapshot.sum;
  const broker::MessageStats all = sum.counters.all_messages();
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    sections.one(prefix, {name, gauge, help}, value);
  };
  sections.add(prefix, {"build_info", gauge, "Version of Leveret"}, 1,
               [labels = label_text({{"version", snapshot.version}})](
                   Exposition& out, std::size_t) { out.sample(labels, std::uint64_t{1}); });
  add("virtual_hosts", "Virtual hosts", snapshot.vhosts.size());
  add("exchanges", "Exchanges of all virtual hosts", sum.exchange_count);
  add("connections_blocked", "Connections that must not publish: memory or disk is short",
      sum.blocked_connections);
  add("operations_running", "Replays and removals of messages that are going on",
      sum.running_operations);
  add("http_connections", "Open connections to the HTTP ports", snapshot.http_connections);
  add("http_event_streams", "Open streams of live events", snapshot.event_streams);
  add_by_reason(sections,
                {"messages_dropped_total", counter,
                 "Total number of messages that are gone for good, by reason: no dead-letter "
                 "exchange took them"},
                all.dropped);
  add_by_reason(sections,
                {"messages_dead_lettered_total", counter,
                 "Total number of messages that went to another queue by a dead-letter exchange, "
                 "by reason"},
                all.dead_lettered);
  sections.add(
      prefix,
      {"limit_reached_total", counter,
       "How often a limit has been reached, by its setting: what it refuses gets its error"},
      limit_names.size(), [](Exposition& out, std::size_t index) {
        out.sample(label_text({{"limit", limit_names[index]}}), limits_reached.at(index));
      });
  add_store(sections, sum);
  add_loops(sections, snapshot);
  add_process(sections, snapshot.node);
}

void add_own_per_object(Sections& sections, const SnapshotPtr& snapshot) {
  auto samples = std::make_shared<std::vector<std::pair<std::string, std::uint64_t>>>();
  for (const VhostCounts& vhost : snapshot->vhosts)
    for (const broker::QueueCounts& queue : vhost.queues)
      for (std::size_t i = 0; i < reasons.size(); ++i)
        if (queue.stats.dropped[i] > 0)
          samples->emplace_back(
              label_text({{"vhost", vhost.vhost}, {"queue", queue.name}, {"reason", reasons[i]}}),
              queue.stats.dropped[i]);
  sections.add(prefix,
               {"queue_messages_dropped_total", counter,
                "Total number of messages of a queue that are gone for good, by reason; a queue "
                "without any is left out"},
               samples->size(), [samples](Exposition& out, std::size_t index) {
                 out.sample((*samples)[index].first, (*samples)[index].second);
               });
  auto heads = std::make_shared<std::vector<std::pair<std::string, double>>>();
  for (const VhostCounts& vhost : snapshot->vhosts)
    for (const broker::QueueCounts& queue : vhost.queues)
      if (queue.head_published_at)
        heads->emplace_back(label_text({{"vhost", vhost.vhost}, {"queue", queue.name}}),
                            static_cast<double>(*queue.head_published_at) / 1000.0);
  sections.add(prefix,
               {"queue_head_published_timestamp_seconds", gauge,
                "When the next message of a queue was published, since unix epoch in seconds; a "
                "queue without messages is left out"},
               heads->size(), [heads](Exposition& out, std::size_t index) {
                 out.sample((*heads)[index].first, (*heads)[index].second);
               });
}

}  // namespace leveret::http::metrics
