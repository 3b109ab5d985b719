#include "cli/bench/plan.h"

#include <algorithm>

#include "cli/bench/ledger.h"
#include "cli/exit_code.h"
#include "cli/text.h"

namespace leveret::cli::bench {

const std::vector<Plan>& scenarios() {
  static const std::vector<Plan> all = [] {
    Plan transient;
    transient.name = "transient";
    transient.description =
        "smallest messages, kept in memory, no confirms, no acknowledgements: the upper bound";
    transient.body_bytes = stamp_bytes;
    transient.is_persistent = transient.is_durable = false;

    Plan jobs;
    jobs.name = "jobs";
    jobs.description =
        "a job queue: durable, persistent, 1 KiB, confirm window 256, prefetch 100, single acks";
    jobs.producers = jobs.consumers = 2;
    jobs.confirm_window = 256;
    jobs.prefetch = 100;

    // Nobody consumes, so that no confirm is due before the message is on disk.
    Plan latency;
    latency.name = "latency";
    latency.description =
        "submitting one at a time: durable, persistent, 1 KiB, the next when the last is confirmed";
    latency.consumers = 0;
    latency.confirm_window = 1;

    Plan roundtrip;
    roundtrip.name = "roundtrip";
    roundtrip.description =
        "the same with a consumer; what is acknowledged quickly may be confirmed without the disk";
    roundtrip.confirm_window = 1;
    roundtrip.prefetch = 10;

    Plan fanout;
    fanout.name = "fanout";
    fanout.description = "a fanout exchange to 10 queues, 100 bytes, in memory, no confirms";
    fanout.queues = 10;
    fanout.body_bytes = 100;
    fanout.is_persistent = fanout.is_durable = false;

    Plan workers;
    workers.name = "workers";
    workers.description =
        "100 workers on one durable queue, 1 KiB, persistent, confirm window 1000, prefetch 10";
    workers.consumers = 100;
    workers.confirm_window = 1000;
    workers.prefetch = 10;

    Plan submit;
    submit.name = "submit";
    submit.description = "submitting only: durable, persistent, 1 KiB, confirm window 1000";
    submit.producers = 2;
    submit.consumers = 0;
    submit.confirm_window = 1000;
    return std::vector{transient, jobs, submit, latency, roundtrip, fanout, workers};
  }();
  return all;
}

const Plan& scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Plan::name);
  if (found != scenarios().end()) return *found;
  std::vector<std::string> names;
  for (const Plan& plan : scenarios()) names.push_back(plan.name);
  const auto meant = nearest(name, names);
  throw Failure{Exit::usage, "unknown scenario '" + name + "'",
                meant ? "did you mean: " + *meant : "see: leveret bench --list"};
}

}  // namespace leveret::cli::bench
