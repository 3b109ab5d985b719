#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace leveret::broker {

class Vhost;

/// A virtual host together with the loop that it lives on: the only way in from any other thread.
class Core {
 public:
  virtual ~Core() = default;

  /// Runs `turn` on the core's loop between Vhost::begin_turn and end_turn: at once when called on
  /// that loop, else posted. What one turn does to the store is indivisible. `turn` must not throw.
  /// Any thread.
  virtual void run(std::function<void(Vhost&)> turn) = 0;
  /// Always posted, never inside the call; any thread.
  virtual void post(std::function<void(Vhost&)> turn) = 0;
  /// The core's clock; any thread.
  virtual TimeMs now() const = 0;
  virtual const std::string& vhost_name() const = 0;
};

/// Finds cores by the name of their virtual host. Any thread.
class CoreDirectory {
 public:
  virtual ~CoreDirectory() = default;
  /// Null when there is no such virtual host.
  virtual std::shared_ptr<Core> find(std::string_view vhost) const = 0;
  virtual std::vector<std::shared_ptr<Core>> all() const = 0;
};

}  // namespace leveret::broker
