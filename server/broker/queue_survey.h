#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "broker/inspect.h"

namespace leveret::broker {

/// A number that queues are put in order by.
enum class QueueNumber : std::uint8_t { none, messages, ready, unacked, bytes, consumers };

/// Which queues are looked for, and by what they are put in order.
struct QueueSearch {
  /// Whether a queue of this name is; empty for all. Called in turns of the core.
  std::function<bool(std::string_view)> matches = {};
  QueueNumber number = QueueNumber::none;
  /// Only those that others dead-letter to.
  bool only_dead_letter_queues = false;
  /// Only queues that hold messages, ready or unacked.
  bool non_empty = false;
};

struct QueueKey {
  QueueId id;
  std::string name;
  std::uint64_t number = 0;
};

/// Looks at the queues of a virtual host a few at a time, so that with many of them no turn takes
/// long, and copies only those that somebody wants to see: begun in one turn, first all are found
/// by their keys, in later turns, then the chosen ones are viewed. A queue that is deleted or made
/// meanwhile may be missing.
class QueueSurvey {
 public:
  explicit QueueSurvey(const Vhost& vhost, QueueSearch search = {});
  ~QueueSurvey();
  QueueSurvey(QueueSurvey&&) noexcept;

  /// Looks at up to `count` more; returns whether there are more.
  bool look(const Vhost& vhost, std::size_t count);
  /// How many queues it has met, found or not.
  std::size_t total() const;
  /// What has been found, in no order. Any thread, between turns.
  std::vector<QueueKey> take_keys();

  /// Those to view, in that order. Any thread, between turns.
  void choose(std::vector<QueueId> ids);
  /// Up to `count` more of them.
  std::vector<QueueView> view(const Vhost& vhost, std::size_t count);
  bool has_more() const;
  /// Any one queue; it tells who dead-letters to it when all have been looked for.
  std::optional<QueueView> view(const Vhost& vhost, std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::broker
