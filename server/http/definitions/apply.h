#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "http/definitions/definitions.h"
#include "http/definitions/plan.h"
#include "http/server.h"

namespace leveret::http {

/// Definitions that have been checked, and what they come to.
struct Work {
  Definitions definitions;
  Plan plan;
};

/// Makes what the plan adds and changes; returns when all is on disk. Doing it again changes
/// nothing more. Returns what could not be made because clients have changed things meanwhile.
/// Throws what the stores throw, and as await() does; part of it is done then.
std::vector<std::string> apply(const std::shared_ptr<const Work>& work,
                               const Directories& directories,
                               const std::atomic<bool>& is_stopping);

}  // namespace leveret::http
