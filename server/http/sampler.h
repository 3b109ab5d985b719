#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/activity.h"
#include "broker/inspect.h"
#include "http/history.h"
#include "http/machine.h"
#include "http/rates.h"
#include "http/render.h"
#include "http/topic.h"

namespace leveret::http {

struct Context;

/// One virtual host as it was at one moment.
struct VhostSample {
  std::string vhost;
  TimeMs time = 0;
  broker::OverviewView overview;
  std::vector<broker::QueueView> queues;
  broker::Activity activity;
  /// Of the queues that somebody watches.
  std::vector<QueueDetail> details;
  /// The processor time that it took of the core.
  std::chrono::nanoseconds cost{};
};

/// A figure of the node that has a past, by RabbitMQ's name.
struct NodeFigure {
  std::string_view name;
  std::uint64_t (*read)(const MachineView&);
};
inline constexpr std::size_t node_figure_count = 6;
/// The last one are sockets, which are not the machine's to tell.
extern const std::array<NodeFigure, node_figure_count> node_figures;

/// What rates and charts are computed from: a few seconds of counters per queue; ten minutes of
/// them, some 13 KB, for at most `histories_max` queues that anything happens in; a day of them for
/// the whole and for the node.
class RateHistory {
 public:
  /// Takes over a round of samples, one per virtual host; queues that are not in it are forgotten.
  void add(const std::vector<VhostSample>& samples);

  /// Null when the queue is newer than the last sample.
  const RateWindow* find(std::string_view vhost, std::string_view queue) const;
  const RateWindow& overall() const { return overall_; }

  /// Null when it is newer than the last sample; by the serials of broker::Activity.
  const PairWindow* find_connection(std::string_view vhost, std::uint64_t serial) const;
  const PairWindow* find_exchange(std::string_view vhost, std::uint64_t serial) const;
  const RateWindow* find_channel(std::string_view vhost, std::uint64_t serial) const;
  /// The share of the time that a queue could have handed a message over at once, as it has been of
  /// late; 0 without consumers (RabbitMQ, consumer_capacity).
  double consumer_capacity(std::string_view vhost, std::string_view queue) const;

  /// Null for a queue that nothing has happened in lately, or beyond the most that are kept.
  const History* find_history(std::string_view vhost, std::string_view queue) const;
  const LongHistory& overall_history() const { return overall_history_; }

  /// Of churn_counters, for the whole.
  const History& churn_history() const { return churn_history_; }

  /// What the node's figures were, in the order of node_figures().
  void add(TimeMs now, const MachineView& machine, std::uint64_t sockets);
  const LongHistory& node_history() const { return node_history_; }

 private:
  static constexpr std::size_t histories_max = 2000;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct QueueWindow {
    RateWindow rates;
    std::unique_ptr<History> history;
    std::uint64_t round = 0;
    double consumer_capacity = 0;
  };
  using Queues = std::unordered_map<std::string, QueueWindow, Hash, std::equal_to<>>;

  template <class Window>
  using BySerial = std::unordered_map<std::uint64_t, Window>;
  struct Others {
    BySerial<PairWindow> connections;
    BySerial<PairWindow> exchanges;
    BySerial<RateWindow> channels;
  };

  std::unordered_map<std::string, Queues, Hash, std::equal_to<>> vhosts_;
  std::unordered_map<std::string, Others, Hash, std::equal_to<>> others_;
  void keep_others(const VhostSample& sample);
  static void note_consumers(QueueWindow& window, const broker::QueueView& queue);
  void keep(QueueWindow& window, TimeMs now, const ColumnValues& values);
  const QueueWindow* find_window(std::string_view vhost, std::string_view queue) const;

  RateWindow overall_;
  LongHistory overall_history_{column_count};
  LongHistory node_history_{node_figure_count};
  History churn_history_{churn_counter_count, History::Resolution{}};
  std::size_t history_count_ = 0;
  std::uint64_t round_ = 0;
};

/// Samples every core once a second, keeps the rates and feeds the live events, until the server
/// stops. A round that costs a core much makes the next one wait fifty times as long: watching
/// takes at most two per cent of a core's time.
boost::asio::awaitable<void> sample_forever(std::shared_ptr<Context> context);

/// One round, with the details of the queues among `topics`.
boost::asio::awaitable<std::vector<VhostSample>> take_samples(std::shared_ptr<Context> context,
                                                              std::vector<Topic> topics);

}  // namespace leveret::http
