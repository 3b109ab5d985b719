#include "sim/shrink.h"

#include <algorithm>

namespace leveret::sim {
namespace {

class Shrinker {
 public:
  Shrinker(Script script, const Plant& plant) : best_(std::move(script)), plant_(plant) {
    const Outcome outcome = run(best_, plant_);
    kind_ = outcome.violation.value().kind;
    best_.steps.resize(std::min(best_.steps.size(), outcome.steps));
  }

  Script shrink() {
    std::size_t before = 0;
    do {
      before = best_.steps.size();
      for (std::size_t size = std::max<std::size_t>(before / 2, 1); size > 0; size /= 2)
        take_out(size);
    } while (best_.steps.size() < before);
    make_small();
    return best_;
  }

 private:
  bool try_instead(const Script& candidate) {
    const Outcome outcome = run(candidate, plant_);
    if (!outcome.violation || outcome.violation->kind != kind_) return false;
    best_ = candidate;
    return true;
  }

  /// Whole runs of `size` steps, from the end on, since what is last is often not needed.
  void take_out(std::size_t size) {
    for (std::size_t end = best_.steps.size(); end > 0;) {
      const std::size_t begin = end - std::min(size, end);
      Script candidate = best_;
      const auto at = candidate.steps.begin();
      candidate.steps.erase(at + static_cast<std::ptrdiff_t>(begin),
                            at + static_cast<std::ptrdiff_t>(end));
      try_instead(candidate);
      end = begin;
    }
  }

  void make_small() {
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      for (std::uint32_t Step::*number : {&Step::a, &Step::b, &Step::c}) {
        for (const std::uint32_t smaller : {0U, 1U, best_.steps[i].*number % 12}) {
          if (smaller >= best_.steps[i].*number) continue;
          Script candidate = best_;
          candidate.steps[i].*number = smaller;
          if (try_instead(candidate)) break;
        }
      }
    }
  }

  Script best_;
  const Plant& plant_;
  std::string kind_;
};

}  // namespace

Script shrink(const Script& script, const Plant& plant) {
  return Shrinker(script, plant).shrink();
}

}  // namespace leveret::sim
