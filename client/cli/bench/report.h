#pragma once

#include <string>
#include <vector>

#include "cli/bench/plan.h"
#include "cli/bench/run.h"
#include "cli/json.h"

namespace leveret::cli::bench {

/// One broker's runs of a plan.
struct Series {
  /// Without credentials.
  std::string server;
  std::vector<Result> results;
};

/// The run whose delivery rate (or publish rate, without consumers) is the median.
const Result& median_of(const Series& series);

std::string to_text(const Plan& plan, const Series& series);
Json to_json(const Plan& plan, const Series& series);
/// The first over the second: above 1, the first is better in rates; below 1, in latencies.
std::string ratios_text(const Plan& plan, const Series& first, const Series& second);
Json ratios_json(const Plan& plan, const Series& first, const Series& second);

}  // namespace leveret::cli::bench
