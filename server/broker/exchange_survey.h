#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "broker/inspect.h"
#include "broker/roster.h"
#include "broker/survey.h"
#include "broker/window.h"

namespace leveret::broker {

/// By name.
inline std::string_view sort_key(const ExchangeView& view) {
  return view.name;
}

/// Looks at the exchanges of a virtual host, see survey.h.
class ExchangeSurvey {
 public:
  using View = ExchangeView;

  ExchangeSurvey(const Vhost& vhost, SurveySearch search);
  bool look(const Vhost& vhost, std::size_t count);
  std::vector<ExchangeView> take() { return window_.take(); }
  std::size_t total() const { return total_; }
  std::size_t matched() const { return matched_; }

 private:
  SurveySearch search_;
  Window<ExchangeView> window_;
  RosterPlace place_ = 0;
  RosterPlace end_;
  std::size_t total_ = 0;
  std::size_t matched_ = 0;
};

}  // namespace leveret::broker
