#include "cli/migrate/report.h"

#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {

std::int64_t QueueOutcome::difference() const {
  return static_cast<std::int64_t>(target_after - before.target) -
         static_cast<std::int64_t>(before.source - source_after);
}

std::string QueueOutcome::explanation() const {
  const std::int64_t more = difference();
  if (!error.empty()) return error;
  if (more == 0) return {};
  if (more > 0)
    return with_commas(static_cast<std::uint64_t>(more)) +
           " more at the target than left the source: published meanwhile, or moved twice by a run "
           "that was interrupted";
  return with_commas(static_cast<std::uint64_t>(-more)) +
         " fewer at the target than left the source: expired, dropped by a limit or consumed "
         "meanwhile";
}

Json report_json(const std::vector<QueueOutcome>& outcomes) {
  Json queues = Json::array();
  for (const QueueOutcome& each : outcomes)
    queues.push_back({{"vhost", each.vhost},
                      {"queue", each.queue},
                      {"source_before", each.before.source},
                      {"moved_before", each.before.source - each.source_at_start},
                      {"moved", each.moved},
                      {"already_arrived", each.skipped},
                      {"in_flight", each.in_flight},
                      {"source_after", each.source_after},
                      {"target_before", each.before.target},
                      {"target_after", each.target_after},
                      {"difference", each.difference()},
                      {"error", each.error.empty() ? Json{} : Json(each.error)}});
  return queues;
}

std::string report_text(const std::vector<QueueOutcome>& outcomes) {
  TextTable table({"QUEUE", "BEFORE", "MOVED", "LEFT", "AT TARGET", ""});
  std::uint64_t before = 0;
  std::uint64_t moved = 0;
  std::uint64_t left = 0;
  std::uint64_t arrived = 0;
  std::size_t empty = 0;
  for (const QueueOutcome& each : outcomes) {
    before += each.before.source;
    moved += each.moved;
    left += each.source_after;
    arrived += each.target_after - each.before.target;
    if (each.before.source == 0 && each.explanation().empty()) {
      ++empty;
      continue;
    }
    std::string target = with_commas(each.target_after);
    if (each.before.target > 0) target += " (" + with_commas(each.before.target) + " before)";
    table.add({each.vhost + ":" + each.queue, with_commas(each.before.source),
               with_commas(each.moved), with_commas(each.source_after), target,
               each.explanation()});
  }
  std::string text = table.is_empty() ? std::string{} : table.to_string();
  text += with_commas(before) + " messages before, " + with_commas(moved) + " moved now, " +
          with_commas(left) + " left, " + with_commas(arrived) + " came to the target";
  if (empty > 0) text += "; " + with_commas(empty) + " queues were empty";
  return text + "\n";
}

}  // namespace leveret::cli
