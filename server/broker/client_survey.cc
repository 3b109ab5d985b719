#include "broker/client_survey.h"

#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// Of one queue, in one turn.
constexpr std::size_t consumers_at_once = 200;

}  // namespace

std::string channel_name(std::string_view connection, std::uint16_t number) {
  return std::string{connection} + " (" + std::to_string(number) + ")";
}

ConnectionSurvey::ConnectionSurvey(const Vhost& vhost, SurveySearch search)
    : search_(std::move(search)),
      window_(search_.limit, search_.from_end),
      end_(vhost.all_connections().end()) {}

bool ConnectionSurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0; --count) {
    const Connection* connection = vhost.all_connections().next(place_, end_);
    if (connection == nullptr) return false;
    const ConnectionInfo& info = connection->info();
    if (!search_.shows(info.user)) continue;
    ++total_;
    if (!search_.finds(info.name)) continue;
    ++matched_;
    window_.offer(std::string_view{info.name}, [&] { return view_of(*connection); });
  }
  return place_ < end_;
}

ChannelWalk::ChannelWalk(const Vhost& vhost) : end_(vhost.all_connections().end()) {}

const Channel* ChannelWalk::next(const Vhost& vhost, std::size_t& count) {
  while (count > 0) {
    --count;
    if (left_.empty()) {
      const Connection* connection = vhost.all_connections().next(place_, end_);
      if (connection == nullptr) return nullptr;
      connection->for_each_channel(
          [&](const Channel& channel) { left_.push_back(channel.number()); });
      continue;
    }
    const Connection* connection = vhost.all_connections().find(place_);
    if (connection == nullptr) {
      left_.clear();
      continue;
    }
    number_ = left_.back();
    left_.pop_back();
    if (const Channel* channel = connection->find_channel(number_)) {
      serial_ = channel->serial();
      return channel;
    }
  }
  return nullptr;
}

const Channel* ChannelWalk::current(const Vhost& vhost) const {
  const Connection* connection = vhost.all_connections().find(place_);
  return connection ? connection->find_channel(number_, serial_) : nullptr;
}

ChannelSurvey::ChannelSurvey(const Vhost& vhost, SurveySearch search, std::string connection)
    : search_(std::move(search)),
      connection_(std::move(connection)),
      window_(search_.limit, search_.from_end),
      walk_(vhost) {}

bool ChannelSurvey::look(const Vhost& vhost, std::size_t count) {
  while (const Channel* channel = walk_.next(vhost, count)) add(*channel);
  return walk_.has_more();
}

void ChannelSurvey::add(const Channel& channel) {
  const ConnectionInfo& info = channel.connection().info();
  if (!connection_.empty() && connection_ != info.name) return;
  if (!search_.shows(info.user)) return;
  ++total_;
  if (search_.matches && !search_.matches(channel_name(info.name, channel.number()))) return;
  ++matched_;
  window_.offer(ChannelKey{info.name, channel.number()}, [&] { return view_of(channel); });
}

ConsumerSurvey::ConsumerSurvey(const Vhost& vhost, SurveySearch search, std::string queue)
    : search_(std::move(search)),
      queue_(std::move(queue)),
      window_(search_.limit, search_.from_end) {
  if (queue_.empty())
    walk_ = ChannelWalk{vhost};
  else
    narrow(vhost);
}

/// Which of a queue's consumers come first changes all the time: many of them are found at their
/// channels, as they would be met twice or never where they stand.
void ConsumerSurvey::narrow(const Vhost& vhost) {
  const Queue* queue = vhost.find_queue(std::string_view{queue_});
  if (queue == nullptr) return;
  if (queue->consumers().size() > consumers_at_once)
    walk_ = ChannelWalk{vhost};
  else
    for (const Consumer* consumer : queue->consumers()) add(*consumer);
}

bool ConsumerSurvey::look(const Vhost& vhost, std::size_t count) {
  while (count > 0) {
    if (left_.empty()) {
      const Channel* channel = walk_.next(vhost, count);
      if (channel == nullptr) break;
      for (const auto& [tag, consumer] : channel->consumers()) left_.push_back(consumer->tag);
      continue;
    }
    const Channel* channel = walk_.current(vhost);
    for (; count > 0 && !left_.empty(); --count, left_.pop_back()) {
      if (channel == nullptr) continue;
      const auto it = channel->consumers().find(left_.back()->view());
      if (it != channel->consumers().end()) add(*it->second);
    }
  }
  return !left_.empty() || walk_.has_more();
}

void ConsumerSurvey::add(const Consumer& consumer) {
  if (!queue_.empty() && consumer.queue->name() != queue_) return;
  const ConnectionInfo& info = consumer.channel->connection().info();
  if (!search_.shows(info.user)) return;
  ++total_;
  if (!search_.finds("")) return;
  ++matched_;
  window_.offer(ConsumerKey{consumer.queue->name(), info.name, consumer.channel->number(),
                            consumer.tag->view()},
                [&] { return view_of(consumer); });
}

}  // namespace leveret::broker
