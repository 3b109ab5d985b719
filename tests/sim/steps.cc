#include "sim/steps.h"

#include <array>
#include <istream>
#include <sstream>
#include <stdexcept>

#include "sim/random.h"

namespace leveret::sim {
namespace {

struct KindRow {
  std::string_view name;
  /// How often it comes in comparison to others.
  std::uint32_t weight;
};

constexpr std::array<KindRow, step_kind_count> rows{{
    {"publish", 140},    {"barrier", 12},      {"consume", 44},  {"cancel", 5},
    {"get", 24},         {"ack", 70},          {"nack", 24},     {"reject", 16},
    {"recover", 3},      {"purge", 3},         {"redeclare", 3}, {"commit", 16},
    {"rollback", 3},     {"close_channel", 4}, {"close", 3},     {"to_broker", 220},
    {"to_client", 180},  {"cut", 7},           {"turn", 90},     {"writer", 90},
    {"reader", 30},      {"checkpointer", 20}, {"wait", 34},     {"set_wall_clock", 2},
    {"kill", 2},         {"power_cut", 3},     {"stop_at", 3},   {"fail_write", 1},
    {"fail_sync", 1},    {"disk_full", 1},     {"disk_free", 2}, {"restart", 1},
    {"memory_alarm", 4}, {"settle", 4},
}};

constexpr std::uint32_t total_weight = [] {
  std::uint32_t total = 0;
  for (const KindRow& row : rows) total += row.weight;
  return total;
}();

StepKind pick(Random& random) {
  std::uint32_t at = random.below(total_weight);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (at < rows[i].weight) return static_cast<StepKind>(i);
    at -= rows[i].weight;
  }
  return StepKind::turn;
}

}  // namespace

std::string_view name_of(StepKind kind) {
  return rows.at(static_cast<std::size_t>(kind)).name;
}

Script Script::from_seed(std::uint64_t seed) {
  Random random(seed);
  Script script;
  script.setup = random.next() % 1'000'000;
  static constexpr std::uint32_t lengths[] = {40, 120, 120, 300, 300, 800};
  const std::uint32_t length = lengths[random.below(6)];
  for (std::uint32_t i = 0; i < length; ++i) {
    const StepKind kind = pick(random);
    script.steps.push_back({kind, random.below(1000), random.below(1000), random.below(1000)});
  }
  return script;
}

std::string Script::to_text() const {
  std::ostringstream text;
  text << "setup " << setup << '\n';
  for (const Step& step : steps)
    text << name_of(step.kind) << ' ' << step.a << ' ' << step.b << ' ' << step.c << '\n';
  return text.str();
}

Script Script::from_text(std::istream& text) {
  Script script;
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name) || name.starts_with('#')) continue;
    Step step;
    bool is_known = name == "setup";
    if (is_known) {
      words >> script.setup;
    } else {
      for (std::size_t i = 0; i < rows.size() && !is_known; ++i) {
        is_known = rows[i].name == name;
        if (is_known) step.kind = static_cast<StepKind>(i);
      }
      words >> step.a >> step.b >> step.c;
      script.steps.push_back(step);
    }
    if (!is_known || !words)
      throw std::runtime_error("line " + std::to_string(number) + ": '" + line +
                               "' is no step with three numbers");
  }
  return script;
}

}  // namespace leveret::sim
