#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user.h"
#include "base/clock.h"

namespace leveret::broker {

class Access;
class Vhost;

/// A virtual host together with the loop that it lives on: the only way in from any other thread.
class Core {
 public:
  virtual ~Core() = default;

  /// Runs `turn` on the core's loop between Vhost::begin_turn and end_turn: at once when called on
  /// that loop, else posted. What one turn does to the store is indivisible. `turn` must not throw.
  /// A turn of a virtual host that has been deleted is destroyed without having run. Any thread.
  virtual void run(std::function<void(Vhost&)> turn) = 0;
  /// Always posted, never inside the call; any thread.
  virtual void post(std::function<void(Vhost&)> turn) = 0;
  /// The core's clock; any thread.
  virtual TimeMs now() const = 0;
  virtual const std::string& vhost_name() const = 0;
};

/// What describes a virtual host.
struct VhostInfo {
  std::string name;
  std::string description = {};
  std::vector<std::string> tags = {};
  /// Of durable queues that are declared without x-queue-type; empty for classic.
  std::string default_queue_type = {};
  auth::Limits limits = {};
};

/// What a connection.open comes to.
struct Admission {
  /// Null when it is refused, with the text for reply code 530.
  std::shared_ptr<Core> core;
  std::string refusal;
  std::shared_ptr<const Access> access;
  /// The user's own limit, 0 for none.
  std::uint16_t channels_max = 0;
  /// Counts the connection where connections are limited, until it is destroyed.
  std::shared_ptr<void> place;
};

/// The virtual hosts there are. Any thread.
class CoreDirectory {
 public:
  virtual ~CoreDirectory() = default;
  /// Null when there is no such virtual host.
  virtual std::shared_ptr<Core> find(std::string_view vhost) const = 0;
  /// In the order of their names.
  virtual std::vector<std::shared_ptr<Core>> all() const = 0;
  virtual std::optional<VhostInfo> describe(std::string_view vhost) const = 0;

  /// What `user` may do in `vhost`; null when he may not open it.
  virtual std::shared_ptr<const Access> access(const std::string& user,
                                               const std::string& vhost) const = 0;
  /// Lets a connection in that has logged in (rabbit_reader.erl, connection.open).
  /// `address` is where it comes from.
  virtual Admission admit(const std::string& user, const std::string& vhost,
                          const std::string& address) = 0;

  // Changes. They block until they are on disk: not for the message loops. They throw what the
  // store throws, and nothing has changed then.
  /// Makes the virtual host or changes what describes the one of that name, but for its limits.
  /// Returns whether it is new; it is then found at once.
  virtual bool put(const VhostInfo& info) = 0;
  /// Closes its connections and forgets it; its files go later. Returns whether there was one.
  virtual bool remove(const std::string& vhost) = 0;
  virtual void set_limit(const std::string& vhost, const std::string& name, std::int64_t value) = 0;
  virtual void clear_limit(const std::string& vhost, const std::string& name) = 0;
};

}  // namespace leveret::broker
