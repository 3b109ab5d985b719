#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/blob.h"
#include "broker/command.h"
#include "broker/inspect.h"
#include "broker/roster.h"
#include "broker/survey.h"
#include "broker/window.h"

namespace leveret::broker {

/// By name.
inline std::string_view sort_key(const ConnectionView& view) {
  return view.name;
}
using ChannelKey = std::tuple<std::string_view, std::uint16_t>;
inline ChannelKey sort_key(const ChannelView& view) {
  return {view.connection, view.number};
}
/// By queue, then by whom it belongs to.
using ConsumerKey = std::tuple<std::string_view, std::string_view, std::uint16_t, std::string_view>;
inline ConsumerKey sort_key(const ConsumerView& view) {
  return {view.queue, view.connection, view.channel, view.tag};
}

/// "127.0.0.1:40000 -> 127.0.0.1:5672 (1)", as RabbitMQ calls a channel.
std::string channel_name(std::string_view connection, std::uint16_t number);

/// Looks at the connections of a virtual host, see survey.h.
class ConnectionSurvey {
 public:
  using View = ConnectionView;

  ConnectionSurvey(const Vhost& vhost, SurveySearch search);
  bool look(const Vhost& vhost, std::size_t count);
  std::vector<ConnectionView> take() { return window_.take(); }
  std::size_t total() const { return total_; }
  std::size_t matched() const { return matched_; }

 private:
  SurveySearch search_;
  Window<ConnectionView> window_;
  RosterPlace place_ = 0;
  RosterPlace end_;
  std::size_t total_ = 0;
  std::size_t matched_ = 0;
};

/// A walk over all channels of a virtual host, a few a turn.
class ChannelWalk {
 public:
  /// Over none.
  ChannelWalk() = default;
  explicit ChannelWalk(const Vhost& vhost);
  /// The next one, or null when `count`, which it counts down by what it costs, or all is over.
  const Channel* next(const Vhost& vhost, std::size_t& count);
  /// The one that next() gave last, if it is still there.
  const Channel* current(const Vhost& vhost) const;
  bool has_more() const { return !left_.empty() || place_ < end_; }

 private:
  RosterPlace place_ = 0;
  RosterPlace end_;
  /// Of the connection at the place.
  std::vector<ChannelNumber> left_;
  ChannelNumber number_ = 0;
  std::uint64_t serial_ = 0;
};

/// Looks at the channels of a virtual host, see survey.h; `connection`, when not empty, is the name
/// of whose they are.
class ChannelSurvey {
 public:
  using View = ChannelView;

  ChannelSurvey(const Vhost& vhost, SurveySearch search, std::string connection = {});
  bool look(const Vhost& vhost, std::size_t count);
  std::vector<ChannelView> take() { return window_.take(); }
  std::size_t total() const { return total_; }
  std::size_t matched() const { return matched_; }

 private:
  void add(const Channel& channel);

  SurveySearch search_;
  std::string connection_;
  Window<ChannelView> window_;
  ChannelWalk walk_;
  std::size_t total_ = 0;
  std::size_t matched_ = 0;
};

/// Looks at the consumers of a virtual host, see survey.h; `queue`, when not empty, is the name of
/// the one whose they are.
class ConsumerSurvey {
 public:
  using View = ConsumerView;

  ConsumerSurvey(const Vhost& vhost, SurveySearch search, std::string queue = {});
  bool look(const Vhost& vhost, std::size_t count);
  std::vector<ConsumerView> take() { return window_.take(); }
  std::size_t total() const { return total_; }
  std::size_t matched() const { return matched_; }

 private:
  void narrow(const Vhost& vhost);
  void add(const Consumer& consumer);

  SurveySearch search_;
  std::string queue_;
  Window<ConsumerView> window_;
  ChannelWalk walk_;
  /// Tags of the current channel's that are left.
  std::vector<BlobRef> left_;
  std::size_t total_ = 0;
  std::size_t matched_ = 0;
};

}  // namespace leveret::broker
