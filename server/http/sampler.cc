#include "http/sampler.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <chrono>
#include <type_traits>
#include <utility>

#include "broker/queue_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/cpu_time.h"
#include "http/error.h"

namespace leveret::http {

namespace asio = boost::asio;

/// A core spends at most one fiftieth of its time on being looked at.
constexpr int pause_per_cost = 50;
/// Some tenth of a millisecond's work.
constexpr std::size_t queues_per_turn = 20;
constexpr std::size_t finds_per_turn = 500;

const std::array<NodeFigure, node_figure_count> node_figures{{
    {"mem_used", [](const MachineView& m) { return m.memory_used; }},
    {"disk_free", [](const MachineView& m) { return m.disk_free; }},
    {"fd_used", [](const MachineView& m) { return m.files_used; }},
    {"proc_used", [](const MachineView& m) { return m.threads; }},
    {"context_switches", [](const MachineView& m) { return m.context_switches; }},
    {"sockets_used", [](const MachineView&) { return std::uint64_t{0}; }},
}};

void RateHistory::add(const std::vector<VhostSample>& samples) {
  ++round_;
  broker::MessageStats sum;
  broker::ChurnStats churn;
  Lengths lengths;
  TimeMs time = 0;
  history_count_ = 0;
  for (const VhostSample& sample : samples) {
    sum += sample.overview.stats;
    churn += sample.overview.churn;
    lengths.ready += sample.overview.ready;
    lengths.unacked += sample.overview.unacked;
    time = std::max(time, sample.time);
    Queues& queues = vhosts_[sample.vhost];
    for (const broker::QueueView& queue : sample.queues) {
      QueueWindow& window = queues[queue.name];
      keep(window, sample.time, column_values(queue.stats, {queue.ready, queue.unacked}));
      window.round = round_;
      note_consumers(window, queue);
    }
    keep_others(sample);
    std::erase_if(queues, [this](const auto& entry) { return entry.second.round != round_; });
  }
  const auto has_gone = [&](const auto& entry) {
    return std::ranges::find(samples, entry.first, &VhostSample::vhost) == samples.end();
  };
  std::erase_if(vhosts_, has_gone);
  std::erase_if(others_, has_gone);
  const ColumnValues values = column_values(sum, lengths);
  overall_.add(time, values);
  overall_history_.add(time, values);
  std::array<std::uint64_t, churn_counter_count> comings{};
  for (std::size_t i = 0; i < churn_counter_count; ++i) comings[i] = churn_counters[i].read(churn);
  churn_history_.add(time, comings);
}

namespace {

/// Moves the windows of those that are there now over, so that the others go.
template <class Windows, class Each, class Values>
void keep_present(Windows& windows, TimeMs now, const std::vector<Each>& present, Values values) {
  Windows kept;
  kept.reserve(present.size());
  for (const Each& each : present) {
    auto& window = kept[each.serial];
    if (const auto known = windows.find(each.serial); known != windows.end())
      window = std::move(known->second);
    window.add(now, values(each));
  }
  windows = std::move(kept);
}

template <class Vhosts, class Windows>
auto find_in(const Vhosts& vhosts, std::string_view vhost, Windows windows, std::uint64_t serial)
    -> const typename std::remove_cvref_t<decltype(vhosts.begin()->second.*windows)>::mapped_type* {
  const auto others = vhosts.find(vhost);
  if (others == vhosts.end()) return nullptr;
  const auto window = (others->second.*windows).find(serial);
  return window == (others->second.*windows).end() ? nullptr : &window->second;
}

}  // namespace

void RateHistory::keep_others(const VhostSample& sample) {
  Others& others = others_[sample.vhost];
  keep_present(others.connections, sample.time, sample.activity.connections, [](const auto& each) {
    return PairWindow::Values{each.traffic.received_octets, each.traffic.sent_octets};
  });
  keep_present(others.exchanges, sample.time, sample.activity.exchanges, [](const auto& each) {
    return PairWindow::Values{each.publish_in, each.publish_out};
  });
  keep_present(others.channels, sample.time, sample.activity.channels,
               [](const auto& each) { return column_values(each.stats, {}); });
}

const PairWindow* RateHistory::find_connection(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::connections, serial);
}

const PairWindow* RateHistory::find_exchange(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::exchanges, serial);
}

const RateWindow* RateHistory::find_channel(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::channels, serial);
}

/// Messages that are ready though there are consumers say that these cannot take any: else they
/// would have them. What is seen now counts a fifth, what was before the rest.
void RateHistory::note_consumers(QueueWindow& window, const broker::QueueView& queue) {
  constexpr double weight = 0.2;
  const double now = queue.consumers > 0 && queue.ready == 0 ? 1 : 0;
  window.consumer_capacity =
      queue.consumers == 0 ? 0 : (1 - weight) * window.consumer_capacity + weight * now;
}

double RateHistory::consumer_capacity(std::string_view vhost, std::string_view queue) const {
  const QueueWindow* window = find_window(vhost, queue);
  return window ? window->consumer_capacity : 0;
}

void RateHistory::keep(QueueWindow& window, TimeMs now, const ColumnValues& values) {
  window.rates.add(now, values);
  // One that is quiet needs no history: it has been as it is for all that time.
  if (window.history && window.history->sample_count() == 1 && window.rates.sample_count() == 1)
    window.history.reset();
  if (!window.history && window.rates.sample_count() > 1 && history_count_ < histories_max)
    window.history = std::make_unique<History>(column_count, History::Resolution{});
  if (!window.history) return;
  ++history_count_;
  window.history->add(now, values);
}

void RateHistory::add(TimeMs now, const MachineView& machine, std::uint64_t sockets) {
  std::array<std::uint64_t, node_figure_count> values{};
  for (std::size_t i = 0; i < node_figure_count; ++i) values[i] = node_figures[i].read(machine);
  values.back() = sockets;
  node_history_.add(now, values);
}

const RateHistory::QueueWindow* RateHistory::find_window(std::string_view vhost,
                                                         std::string_view queue) const {
  const auto queues = vhosts_.find(vhost);
  if (queues == vhosts_.end()) return nullptr;
  const auto window = queues->second.find(queue);
  return window == queues->second.end() ? nullptr : &window->second;
}

const RateWindow* RateHistory::find(std::string_view vhost, std::string_view queue) const {
  const QueueWindow* window = find_window(vhost, queue);
  return window ? &window->rates : nullptr;
}

const History* RateHistory::find_history(std::string_view vhost, std::string_view queue) const {
  const QueueWindow* window = find_window(vhost, queue);
  return window ? window->history.get() : nullptr;
}

namespace {

constexpr std::size_t others_per_turn = 500;

struct BegunSample {
  VhostSample sample;
  broker::ActivitySurvey activity;
  broker::QueueSurvey survey;
  broker::VhostCounters counters;
};

/// In several turns of the core, since one that looked at 10,000 queues would hold up every message
/// for some 30 ms.
asio::awaitable<VhostSample> take_sample(ContextPtr context, std::shared_ptr<broker::Core> core,
                                         std::vector<Topic> topics) {
  auto begin = [](const broker::Vhost& vhost) {
    const auto start = thread_cpu_time();
    auto begun = std::make_shared<BegunSample>(
        BegunSample{{vhost.name(), vhost.now(), view_overview(vhost), {}, {}, {}, {}},
                    broker::ActivitySurvey{vhost},
                    broker::QueueSurvey{vhost},
                    vhost.counters()});
    begun->sample.cost = thread_cpu_time() - start;
    return begun;
  };
  const std::shared_ptr<BegunSample> begun = co_await ask(context, core, begin);
  context->archive.note(core, begun->counters);
  auto find = [begun](const broker::Vhost& vhost) {
    const auto start = thread_cpu_time();
    const bool has_more = begun->survey.find(vhost, finds_per_turn);
    begun->sample.cost += thread_cpu_time() - start;
    return has_more;
  };
  while (co_await ask(context, core, find)) {
  }
  for (const Topic& topic : topics) {
    if (topic.kind != Topic::Kind::queue || topic.vhost != core->vhost_name()) continue;
    auto look = [begun, name = topic.queue](const broker::Vhost& vhost) {
      return view_queue_detail(vhost, begun->survey, name);
    };
    if (auto detail = co_await ask(context, core, std::move(look)))
      begun->sample.details.push_back(std::move(*detail));
  }
  std::vector<broker::QueueKey> keys = begun->survey.take_keys();
  std::ranges::sort(keys, {}, &broker::QueueKey::name);
  std::vector<QueueId> ids;
  for (const broker::QueueKey& key : keys) ids.push_back(key.id);
  begun->survey.choose(std::move(ids));
  auto view = [begun](const broker::Vhost& vhost) {
    const auto start = thread_cpu_time();
    std::ranges::move(begun->survey.view(vhost, queues_per_turn),
                      std::back_inserter(begun->sample.queues));
    begun->sample.cost += thread_cpu_time() - start;
    return begun->survey.has_more();
  };
  while (co_await ask(context, core, view)) {
  }
  auto look = [begun](const broker::Vhost& vhost) {
    const auto start = thread_cpu_time();
    const bool has_more = begun->activity.look(vhost, others_per_turn);
    begun->sample.cost += thread_cpu_time() - start;
    return has_more;
  };
  while (co_await ask(context, core, look)) {
  }
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
  std::uint64_t generation = context->users->generation();
  while (!context->is_stopping) {
    context->loop_lag->probe();
    std::vector<Topic> topics = context->feed.topics();
    const auto samples = co_await take_samples(context, std::move(topics));
    // Who sees what has been decided when the streams were opened: all open them again.
    if (const auto now = context->users->generation(); now != generation) {
      generation = now;
      context->feed.close();
    }
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
