#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "broker/binding.h"
#include "broker/binding_walk.h"
#include "broker/inspect.h"
#include "broker/survey.h"
#include "broker/window.h"

namespace leveret::broker {

/// By source, destination, routing key and arguments; of two destinations of one name first the
/// queue.
using BindingKey =
    std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, bool>;
inline BindingKey sort_key(const BindingView& view) {
  return {view.source, view.destination, view.routing_key, view.arguments_key, view.to_exchange};
}

/// Which bindings of a virtual host are meant; what is not set may be anything.
struct BindingFilter {
  std::optional<std::string> source = std::nullopt;
  std::optional<std::string> destination = std::nullopt;
  std::optional<bool> to_exchange = std::nullopt;
};

/// Tells the arguments of a binding apart, the same whenever and wherever; empty for none.
std::string arguments_key(const amqp::Table& arguments);

/// Looks at the bindings of a virtual host, see survey.h: every binding, the default exchange's
/// implicit ones (source "") included. One that is there all along is counted twice when others
/// of its destination are removed meanwhile, perhaps, but never shown twice.
class BindingSurvey {
 public:
  using View = BindingView;

  BindingSurvey(const Vhost& vhost, BindingFilter filter, SurveySearch search);
  bool look(const Vhost& vhost, std::size_t count);
  std::vector<BindingView> take() { return window_.take(); }
  std::size_t total() const { return total_; }
  std::size_t matched() const { return matched_; }

 private:
  bool wants_source(std::string_view source) const;
  void narrow(const Vhost& vhost);
  void begin(const Queue& queue);
  void add(const Binding& binding);
  void add(const BindingKey& key, const amqp::Table& arguments);

  BindingFilter filter_;
  SurveySearch search_;
  Window<BindingView> window_;
  /// First those of queues, then those of exchanges.
  BindingWalk to_queues_;
  BindingWalk to_exchanges_;
  bool are_queues_done_ = false;
  std::size_t total_ = 0;
  std::size_t matched_ = 0;
};

}  // namespace leveret::broker
