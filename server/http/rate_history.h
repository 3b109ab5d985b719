#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/inspect.h"
#include "http/history.h"
#include "http/machine.h"
#include "http/rates.h"

namespace leveret::http {

struct VhostSample;

/// A figure of the node that has a past, by RabbitMQ's name.
struct NodeFigure {
  std::string_view name;
  std::uint64_t (*read)(const MachineView&);
};
inline constexpr std::size_t node_figure_count = 6;
/// The last one are sockets, which are not the machine's to tell.
extern const std::array<NodeFigure, node_figure_count> node_figures;

/// The rates of one object, and what it was before when anything has happened in it lately.
template <class Window>
struct Track {
  Window rates;
  std::unique_ptr<History> history;
};
using MessageTrack = Track<RateWindow>;
using PairTrack = Track<PairWindow>;

/// What was before, for "..._details": each may be missing. Samples are for the ranges that were
/// asked for.
template <class Window>
struct PastOf {
  const Window* rates = nullptr;
  const History* history = nullptr;
  SampleRanges ranges = {};
  TimeMs now = 0;
};
using Past = PastOf<RateWindow>;
using PairPast = PastOf<PairWindow>;
/// What `track`, which may be null, tells at `now`.
template <class Window>
PastOf<Window> past_of(const Track<Window>* track, const SampleRanges& ranges, TimeMs now) {
  if (track == nullptr) return {};
  return {&track->rates, track->history.get(), ranges, now};
}

/// How many objects of one kind have a history, of which there are never more than `most`.
class HistoryBudget {
 public:
  explicit HistoryBudget(std::size_t most) : most_(most), free_(most) {}

  /// In a round all objects are noted once; one that has had its history dropped makes room in the
  /// next.
  void begin_round() {
    free_ = most_ - kept_;
    kept_ = 0;
  }
  /// Adds what is so now.
  template <class Window>
  void note(Track<Window>& track, TimeMs now, const typename Window::Values& values) {
    track.rates.add(now, values);
    const bool is_quiet = track.rates.sample_count() == 1;
    // One that is quiet needs no history: it has been as it is for all that time.
    if (track.history && track.history->sample_count() == 1 && is_quiet) track.history.reset();
    if (!track.history && !is_quiet && free_ > 0) {
      --free_;
      track.history = std::make_unique<History>(values.size(), History::Resolution{});
      track.history->add(track.rates.oldest_time(), track.rates.oldest());
    }
    if (!track.history) return;
    ++kept_;
    track.history->add(now, values);
  }

 private:
  std::size_t most_;
  std::size_t free_;
  std::size_t kept_ = 0;
};

/// What rates and charts are computed from: a few seconds of counters per queue, channel,
/// connection and exchange; ten minutes of them for those that anything happens in, of each kind
/// as many as its budget allows; a day of them for the whole and for the node.
class RateHistory {
 public:
  /// Takes over a round of samples, one per virtual host; what is not in it is forgotten.
  void add(const std::vector<VhostSample>& samples);

  /// Null when the queue is newer than the last sample. Without a history when nothing has happened
  /// in it lately, or beyond the most that are kept; so with the others.
  const MessageTrack* find(std::string_view vhost, std::string_view queue) const;
  /// By the serials of broker::Activity.
  const PairTrack* find_connection(std::string_view vhost, std::uint64_t serial) const;
  const PairTrack* find_exchange(std::string_view vhost, std::uint64_t serial) const;
  const MessageTrack* find_channel(std::string_view vhost, std::uint64_t serial) const;
  /// The share of the time that a queue could have handed a message over at once, as it has been of
  /// late; 0 without consumers (RabbitMQ, consumer_capacity).
  double consumer_capacity(std::string_view vhost, std::string_view queue) const;

  const RateWindow& overall() const { return overall_; }
  const LongHistory& overall_history() const { return overall_history_; }

  /// Of churn_counters, for the whole.
  const History& churn_history() const { return churn_history_; }

  /// What the node's figures were, in the order of node_figures().
  void add(TimeMs now, const MachineView& machine, std::uint64_t sockets);
  const LongHistory& node_history() const { return node_history_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct QueueTrack {
    MessageTrack track;
    std::uint64_t round = 0;
    double consumer_capacity = 0;
  };
  using Queues = std::unordered_map<std::string, QueueTrack, Hash, std::equal_to<>>;

  template <class Window>
  using BySerial = std::unordered_map<std::uint64_t, Track<Window>>;
  struct Others {
    BySerial<PairWindow> connections;
    BySerial<PairWindow> exchanges;
    BySerial<RateWindow> channels;
  };

  void keep_queues(const VhostSample& sample);
  void keep_others(const VhostSample& sample);
  static void note_consumers(QueueTrack& track, const broker::QueueView& queue);
  const QueueTrack* find_queue(std::string_view vhost, std::string_view queue) const;

  std::unordered_map<std::string, Queues, Hash, std::equal_to<>> vhosts_;
  std::unordered_map<std::string, Others, Hash, std::equal_to<>> others_;
  /// Some 16 KB each, and 2 KB of those that count two things.
  HistoryBudget queue_histories_{2000};
  HistoryBudget channel_histories_{1000};
  HistoryBudget connection_histories_{2000};
  HistoryBudget exchange_histories_{2000};

  RateWindow overall_;
  LongHistory overall_history_{column_count};
  LongHistory node_history_{node_figure_count};
  History churn_history_{churn_counter_count, History::Resolution{}};
  std::uint64_t round_ = 0;
};

}  // namespace leveret::http
