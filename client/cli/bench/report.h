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

struct ReportOptions {
  /// Show every percentile, not only the usual four.
  bool has_histogram = false;
};

/// The run whose delivery rate (or publish rate, without consumers) is the median.
const Result& median_of(const Series& series);

std::string to_text(const Plan& plan, const Series& series, const ReportOptions& options);
/// With the median run whole, every figure's median and spread, and the runs. Histograms are those
/// of all runs together: {"percentiles": {"50": us, …}, "buckets": [[us at most, count], …]}.
Json to_json(const Plan& plan, const Series& series, const ReportOptions& options);
/// The medians of the first over those of the second: above 1, the first is better in rates; below
/// 1, in latencies.
std::string ratios_text(const Plan& plan, const Series& first, const Series& second);
Json ratios_json(const Plan& plan, const Series& first, const Series& second);

}  // namespace leveret::cli::bench
