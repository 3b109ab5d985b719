#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/topic.h"

namespace leveret::http {

struct Context;
struct VhostSample;

/// Events as text/event-stream, made once and shared by every stream that sends them.
using EventText = std::shared_ptr<const std::string>;

/// One client's stream of events. Holds the newest event of each topic that has not been sent,
/// nothing older: every event is a whole snapshot, so a slow reader misses some and its memory
/// stays bounded.
class EventStream {
 public:
  /// `generation` is the users' (auth::Users) by which it was decided who sees what.
  EventStream(boost::asio::any_io_executor executor, std::vector<Topic> topics,
              std::uint64_t generation);

  std::uint64_t generation() const { return generation_; }
  const std::vector<Topic>& topics() const { return topics_; }
  /// Replaces an unsent event of the topic at `index`; an empty one is ignored.
  void put(std::size_t index, EventText event);
  /// Waits for events, or for the time of a ping; nothing when the stream has been closed.
  boost::asio::awaitable<std::vector<EventText>> next();
  void close();

 private:
  std::vector<Topic> topics_;
  std::uint64_t generation_;
  std::map<std::size_t, EventText> pending_;
  boost::asio::steady_timer wake_;
  bool is_closed_ = false;
};

/// Turns samples into events: each topic is serialised once per round, whoever watches it.
class Feed {
 public:
  void subscribe(const std::shared_ptr<EventStream>& stream);
  /// What the open streams are about, each topic once.
  std::vector<Topic> topics();
  void publish(const Context& context, const std::vector<VhostSample>& samples);
  /// The first events of a new stream.
  void fill(const Context& context, const std::vector<VhostSample>& samples, EventStream& stream);
  /// Those whose generation is another one: whoever still may will open them again.
  void close_others(std::uint64_t generation);
  void close();
  std::size_t stream_count() const;

 private:
  EventText make_event(const Context& context, const std::vector<VhostSample>& samples,
                       const Topic& topic) const;

  std::vector<std::weak_ptr<EventStream>> streams_;
  std::uint64_t tick_ = 0;
  /// A list that takes long to write is written less often, so that it takes a tenth of the loop at
  /// most.
  std::chrono::steady_clock::time_point queues_due_{};
};

}  // namespace leveret::http
