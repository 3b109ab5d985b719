#pragma once

#include "sim/world.h"

namespace leveret::sim {

/// A shorter script that ends with the same kind of violation: steps that are not needed are taken
/// out, and numbers made small, as long as it still does. `script` must end with one.
Script shrink(const Script& script, const Plant& plant = {});

}  // namespace leveret::sim
