#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/definitions/definitions.h"
#include "http/definitions/snapshot.h"
#include "http/json.h"

namespace leveret::http {

/// In the order in which they are applied.
enum class ObjectKind : std::uint8_t {
  vhost,
  user,
  permission,
  topic_permission,
  global_parameter,
  parameter,
  vhost_limits,
  exchange,
  policy,
  operator_policy,
  queue,
  binding,
};

enum class Action : std::uint8_t {
  add,
  change,
  same,
  /// There is one with other properties, which cannot be changed: as if a client had declared it.
  conflict,
};

/// What one object of the definitions means for what there is.
struct Step {
  ObjectKind kind = ObjectKind::vhost;
  Action action = Action::same;
  /// Where it stands in the list of its kind in Definitions.
  std::size_t index = 0;
  std::string vhost = {};
  std::string name = {};
  /// [{"field", "is", "wanted"}]
  Json differences = nullptr;
};

struct Plan {
  std::vector<Step> steps;
  std::size_t count(Action action) const;
};

/// Compares. What refers to something that is neither there nor wanted, what stands there twice and
/// what is beyond a limit goes to `errors`.
Plan make_plan(const Definitions& wanted, const Snapshot& current, ImportErrors& errors);

/// {"counts": {"add", ...}, "objects": [...], "notes": [...], "dry_run"}: written object by object,
/// since there may be a million.
std::string plan_report(const Plan& plan, const Definitions& definitions, bool is_dry_run);
/// One of its objects.
Json step_json(const Step& step);
/// The word for a person: "queue", "topic permission".
std::string_view kind_name(ObjectKind kind);

}  // namespace leveret::http
