#include "http/rate_history.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "http/sampler.h"

namespace leveret::http {

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
  for (HistoryBudget* budget :
       {&queue_histories_, &channel_histories_, &connection_histories_, &exchange_histories_})
    budget->begin_round();
  broker::MessageStats sum;
  broker::ChurnStats churn;
  Lengths lengths;
  TimeMs time = 0;
  for (const VhostSample& sample : samples) {
    sum += sample.overview.stats;
    churn += sample.overview.churn;
    lengths.ready += sample.overview.ready;
    lengths.unacked += sample.overview.unacked;
    time = std::max(time, sample.time);
    keep_queues(sample);
    keep_others(sample);
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

void RateHistory::keep_queues(const VhostSample& sample) {
  Queues& queues = vhosts_[sample.vhost];
  for (const broker::QueueView& queue : sample.queues) {
    QueueTrack& kept = queues[queue.name];
    queue_histories_.note(kept.track, sample.time,
                          column_values(queue.stats, {queue.ready, queue.unacked}));
    kept.round = round_;
    note_consumers(kept, queue);
  }
  std::erase_if(queues, [this](const auto& entry) { return entry.second.round != round_; });
}

namespace {

/// Moves the tracks of those that are there now over, so that the others go.
template <class Tracks, class Each, class Values>
void keep_present(Tracks& tracks, HistoryBudget& budget, TimeMs now,
                  const std::vector<Each>& present, Values values) {
  Tracks kept;
  kept.reserve(present.size());
  for (const Each& each : present) {
    auto& track = kept[each.serial];
    if (const auto known = tracks.find(each.serial); known != tracks.end())
      track = std::move(known->second);
    budget.note(track, now, values(each));
  }
  tracks = std::move(kept);
}

template <class Vhosts, class Tracks>
auto find_in(const Vhosts& vhosts, std::string_view vhost, Tracks tracks, std::uint64_t serial)
    -> const typename std::remove_cvref_t<decltype(vhosts.begin()->second.*tracks)>::mapped_type* {
  const auto others = vhosts.find(vhost);
  if (others == vhosts.end()) return nullptr;
  const auto track = (others->second.*tracks).find(serial);
  return track == (others->second.*tracks).end() ? nullptr : &track->second;
}

}  // namespace

void RateHistory::keep_others(const VhostSample& sample) {
  Others& others = others_[sample.vhost];
  const broker::Activity& activity = sample.activity;
  keep_present(others.connections, connection_histories_, sample.time, activity.connections,
               [](const auto& each) {
                 return PairWindow::Values{each.traffic.received_octets, each.traffic.sent_octets};
               });
  keep_present(others.exchanges, exchange_histories_, sample.time, activity.exchanges,
               [](const auto& each) {
                 return PairWindow::Values{each.publish_in, each.publish_out};
               });
  keep_present(others.channels, channel_histories_, sample.time, activity.channels,
               [](const auto& each) { return column_values(each.stats, {}); });
}

const PairTrack* RateHistory::find_connection(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::connections, serial);
}

const PairTrack* RateHistory::find_exchange(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::exchanges, serial);
}

const MessageTrack* RateHistory::find_channel(std::string_view vhost, std::uint64_t serial) const {
  return find_in(others_, vhost, &Others::channels, serial);
}

/// Messages that are ready though there are consumers say that these cannot take any: else they
/// would have them. What is seen now counts a fifth, what was before the rest.
void RateHistory::note_consumers(QueueTrack& track, const broker::QueueView& queue) {
  constexpr double weight = 0.2;
  const double now = queue.consumers > 0 && queue.ready == 0 ? 1 : 0;
  track.consumer_capacity =
      queue.consumers == 0 ? 0 : (1 - weight) * track.consumer_capacity + weight * now;
}

double RateHistory::consumer_capacity(std::string_view vhost, std::string_view queue) const {
  const QueueTrack* kept = find_queue(vhost, queue);
  return kept ? kept->consumer_capacity : 0;
}

void RateHistory::add(TimeMs now, const MachineView& machine, std::uint64_t sockets) {
  std::array<std::uint64_t, node_figure_count> values{};
  for (std::size_t i = 0; i < node_figure_count; ++i) values[i] = node_figures[i].read(machine);
  values.back() = sockets;
  node_history_.add(now, values);
}

const RateHistory::QueueTrack* RateHistory::find_queue(std::string_view vhost,
                                                       std::string_view queue) const {
  const auto queues = vhosts_.find(vhost);
  if (queues == vhosts_.end()) return nullptr;
  const auto kept = queues->second.find(queue);
  return kept == queues->second.end() ? nullptr : &kept->second;
}

const MessageTrack* RateHistory::find(std::string_view vhost, std::string_view queue) const {
  const QueueTrack* kept = find_queue(vhost, queue);
  return kept ? &kept->track : nullptr;
}

}  // namespace leveret::http
