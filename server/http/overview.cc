#include "http/overview.h"

#include "broker/overview_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"

namespace leveret::http {

namespace asio = boost::asio;

asio::awaitable<broker::OverviewView> view_overview(ContextPtr context,
                                                    std::shared_ptr<broker::Core> core) {
  auto begin = [](const broker::Vhost& vhost) {
    auto survey = std::make_shared<broker::OverviewSurvey>(vhost);
    const bool has_more = survey->look(vhost, counts_per_turn);
    return std::pair{std::move(survey), has_more};
  };
  auto [survey, has_more] = co_await ask(context, core, begin);
  auto look = [found = survey](const broker::Vhost& vhost) {
    return found->look(vhost, counts_per_turn);
  };
  while (has_more) has_more = co_await ask(context, core, look);
  co_return survey->view();
}

broker::OverviewView& operator+=(broker::OverviewView& sum, const broker::OverviewView& view) {
  sum.connections += view.connections;
  sum.channels += view.channels;
  sum.exchanges += view.exchanges;
  sum.queues += view.queues;
  sum.consumers += view.consumers;
  sum.ready += view.ready;
  sum.unacked += view.unacked;
  sum.alarms |= view.alarms;
  sum.stats += view.stats;
  sum.churn += view.churn;
  return sum;
}

asio::awaitable<broker::OverviewView> view_overview(
    ContextPtr context, std::vector<std::shared_ptr<broker::Core>> cores) {
  broker::OverviewView sum;
  for (const auto& core : cores) {
    const broker::OverviewView view = co_await view_overview(context, core);
    sum += view;
  }
  co_return sum;
}

}  // namespace leveret::http
