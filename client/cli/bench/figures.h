#pragma once

#include <string>
#include <vector>

#include "cli/bench/plan.h"
#include "cli/bench/run.h"

namespace leveret::cli::bench {

enum class Unit { per_second, microseconds, bytes, bytes_per_second, percent, ratio };
/// "1/s", "us", "bytes", …, for JSON.
const char* name_of(Unit unit);
/// The value with its unit, for people.
std::string to_text(Unit unit, double value);

/// One number that a run showed, by a name that is the same for every broker.
struct Figure {
  std::string name;
  Unit unit;
  double value;
};

/// All the numbers of one run that have a meaning for its plan.
std::vector<Figure> figures_of(const Plan& plan, const Result& result);

/// A figure over several runs.
struct Spread {
  std::string name;
  Unit unit;
  double median;
  double min;
  double max;
  std::vector<double> values;
};

/// Those figures that every run has, in order.
std::vector<Spread> spreads_of(const Plan& plan, const std::vector<Result>& results);

}  // namespace leveret::cli::bench
