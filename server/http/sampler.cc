#include "http/sampler.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <chrono>
#include <utility>

#include "broker/overview_survey.h"
#include "broker/queue_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/cpu_time.h"
#include "http/error.h"
#include "http/machine.h"
#include "http/overview.h"
#include "http/queue_list.h"

namespace leveret::http {

namespace asio = boost::asio;

/// A core spends at most one fiftieth of its time on being looked at.
constexpr int pause_per_cost = 50;
/// Some tenth of a millisecond's work.
constexpr std::size_t queues_per_turn = 20;
constexpr std::size_t finds_per_turn = 500;

namespace {

constexpr std::size_t others_per_turn = 500;

struct BegunSample {
  VhostSample sample;
  broker::OverviewSurvey overview;
  broker::ActivitySurvey activity;
  broker::QueueSurvey survey;
  broker::VhostCounters counters;
};
using BegunPtr = std::shared_ptr<BegunSample>;

BegunPtr begin_sample(const broker::Vhost& vhost) {
  return std::make_shared<BegunSample>(BegunSample{{vhost.name(), vhost.now(), {}, {}, {}, {}, {}},
                                                   broker::OverviewSurvey{vhost},
                                                   broker::ActivitySurvey{vhost},
                                                   broker::QueueSurvey{vhost},
                                                   vhost.counters()});
}

/// Calls `look(begun, vhost)` in turns of the core, whose time it takes is noted, while that
/// returns true.
template <class Look>
asio::awaitable<void> repeat(ContextPtr context, std::shared_ptr<broker::Core> core, BegunPtr begun,
                             Look look) {
  auto measured = [begun, look](const broker::Vhost& vhost) {
    const auto start = thread_cpu_time();
    const bool has_more = look(*begun, vhost);
    begun->sample.cost += thread_cpu_time() - start;
    return has_more;
  };
  while (co_await ask(context, core, measured)) {
  }
}

asio::awaitable<void> add_details(ContextPtr context, std::shared_ptr<broker::Core> core,
                                  BegunPtr begun, std::vector<Topic> topics) {
  const std::shared_ptr<const broker::QueueSurvey> survey{begun, &begun->survey};
  for (const Topic& topic : topics) {
    if (topic.kind != Topic::Kind::queue || topic.vhost != core->vhost_name()) continue;
    if (auto detail = co_await view_queue_detail(context, core, survey, topic.queue))
      begun->sample.details.push_back(std::move(*detail));
  }
}

/// In several turns of the core, since one that looked at 10,000 queues would hold up every message
/// for some 30 ms.
asio::awaitable<VhostSample> take_sample(ContextPtr context, std::shared_ptr<broker::Core> core,
                                         std::vector<Topic> topics) {
  const BegunPtr begun = co_await ask(context, core, begin_sample);
  context->archive.note(core, begun->counters);
  auto count = [](BegunSample& sample, const broker::Vhost& vhost) {
    return sample.overview.look(vhost, counts_per_turn);
  };
  co_await repeat(context, core, begun, count);
  begun->sample.overview = begun->overview.view();
  auto find = [](BegunSample& sample, const broker::Vhost& vhost) {
    return sample.survey.look(vhost, finds_per_turn);
  };
  co_await repeat(context, core, begun, find);
  co_await add_details(context, core, begun, std::move(topics));
  std::vector<broker::QueueKey> keys = begun->survey.take_keys();
  std::ranges::sort(keys, {}, &broker::QueueKey::name);
  std::vector<QueueId> ids;
  for (const broker::QueueKey& key : keys) ids.push_back(key.id);
  begun->survey.choose(std::move(ids));
  auto view = [](BegunSample& sample, const broker::Vhost& vhost) {
    std::ranges::move(sample.survey.view(vhost, queues_per_turn),
                      std::back_inserter(sample.sample.queues));
    return sample.survey.has_more();
  };
  co_await repeat(context, core, begun, view);
  auto look = [](BegunSample& sample, const broker::Vhost& vhost) {
    return sample.activity.look(vhost, others_per_turn);
  };
  co_await repeat(context, core, begun, look);
  begun->sample.activity = begun->activity.take();
  co_return std::move(begun->sample);
}

}  // namespace

asio::awaitable<std::vector<VhostSample>> take_samples(ContextPtr context,
                                                       std::vector<Topic> topics) {
  std::vector<VhostSample> samples;
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    try {
      VhostSample sample = co_await take_sample(context, core, topics);
      samples.push_back(std::move(sample));
    } catch (const HttpError&) {
      // Deleted meanwhile.
    }
  }
  co_return samples;
}

namespace {

/// Every few seconds: it takes some system calls.
void note_node(Context& context, const std::vector<VhostSample>& samples) {
  constexpr std::chrono::seconds interval{5};
  const auto now = std::chrono::steady_clock::now();
  if (now < context.node_due) return;
  context.node_due = now + interval;
  std::uint64_t sockets = context.sessions.size();
  for (const VhostSample& sample : samples) sockets += sample.overview.connections;
  context.rates.add(context.clock.now(), view_machine(context.options.data_dir), sockets);
}

}  // namespace

asio::awaitable<void> sample_forever(ContextPtr context) {
  while (!context->is_stopping) {
    context->loop_lag->probe();
    std::vector<Topic> topics = context->feed.topics();
    const auto samples = co_await take_samples(context, std::move(topics));
    context->feed.close_others(context->users->generation());
    context->rates.add(samples);
    note_node(*context, samples);
    context->feed.publish(*context, samples);
    std::chrono::nanoseconds cost{};
    for (const VhostSample& sample : samples) cost = std::max(cost, sample.cost);
    if (context->is_stopping) co_return;
    context->sample_timer.expires_after(
        std::max<std::chrono::nanoseconds>(std::chrono::seconds{1}, cost * pause_per_cost));
    boost::system::error_code error;
    co_await context->sample_timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

}  // namespace leveret::http
