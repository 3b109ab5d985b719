#include "broker/exchange_survey.h"

#include <utility>

#include "broker/exchange.h"
#include "broker/vhost.h"

namespace leveret::broker {

ExchangeSurvey::ExchangeSurvey(const Vhost& vhost, SurveySearch search)
    : search_(std::move(search)),
      window_(search_.limit, search_.from_end),
      end_(vhost.all_exchanges().end()) {}

bool ExchangeSurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0; --count) {
    const Exchange* exchange = vhost.all_exchanges().next(place_, end_);
    if (exchange == nullptr) return false;
    ++total_;
    if (!search_.finds(exchange->name())) continue;
    ++matched_;
    window_.offer(std::string_view{exchange->name()}, [&] { return view_of(*exchange); });
  }
  return place_ < end_;
}

}  // namespace leveret::broker
