#include "http/feed.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/context.h"
#include "http/cpu_time.h"
#include "http/overview.h"
#include "http/render.h"
#include "http/sampler.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds ping_interval{15};

EventText event_text(std::uint64_t tick, std::string_view name, const Json& data) {
  return std::make_shared<const std::string>("id: " + std::to_string(tick) + "\nevent: " +
                                             std::string{name} + "\ndata: " + dump(data) + "\n\n");
}

}  // namespace

EventStream::EventStream(asio::any_io_executor executor, std::vector<Topic> topics,
                         std::uint64_t generation)
    : topics_(std::move(topics)), generation_(generation), wake_(std::move(executor)) {}

void EventStream::put(std::size_t index, EventText event) {
  if (!event) return;
  pending_[index] = std::move(event);
  wake_.cancel();
}

asio::awaitable<std::vector<EventText>> EventStream::next() {
  if (pending_.empty() && !is_closed_) {
    wake_.expires_after(ping_interval);
    boost::system::error_code error;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  std::vector<EventText> events;
  if (is_closed_) co_return events;
  for (auto& [index, event] : pending_) events.push_back(std::move(event));
  pending_.clear();
  if (events.empty()) events.push_back(std::make_shared<const std::string>(": ping\n\n"));
  co_return events;
}

void EventStream::close() {
  is_closed_ = true;
  wake_.cancel();
}

void Feed::subscribe(const std::shared_ptr<EventStream>& stream) {
  streams_.push_back(stream);
}

std::vector<Topic> Feed::topics() {
  std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
  std::vector<Topic> all;
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock())
      for (const Topic& topic : stream->topics())
        if (std::ranges::find(all, topic) == all.end()) all.push_back(topic);
  return all;
}

void Feed::publish(const Context& context, const std::vector<VhostSample>& samples) {
  ++tick_;
  const std::vector<Topic> wanted = topics();
  std::vector<EventText> events;
  for (const Topic& topic : wanted) {
    const auto start = thread_cpu_time();
    const bool is_list = topic.kind == Topic::Kind::queues;
    const bool is_due = !is_list || Steady::now() >= queues_due_;
    events.push_back(is_due ? make_event(context, samples, topic) : nullptr);
    if (is_list && is_due) queues_due_ = Steady::now() + (thread_cpu_time() - start) * 10;
  }
  for (const auto& weak : streams_) {
    const auto stream = weak.lock();
    if (!stream) continue;
    for (std::size_t i = 0; i < stream->topics().size(); ++i) {
      const auto it = std::ranges::find(wanted, stream->topics()[i]);
      stream->put(i, events[static_cast<std::size_t>(it - wanted.begin())]);
    }
  }
}

void Feed::fill(const Context& context, const std::vector<VhostSample>& samples,
                EventStream& stream) {
  for (std::size_t i = 0; i < stream.topics().size(); ++i)
    stream.put(i, make_event(context, samples, stream.topics()[i]));
}

void Feed::close_others(std::uint64_t generation) {
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock(); stream && stream->generation() != generation)
      stream->close();
}

void Feed::close() {
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock()) stream->close();
}

EventText Feed::make_event(const Context& context, const std::vector<VhostSample>& samples,
                           const Topic& topic) const {
  switch (topic.kind) {
    case Topic::Kind::overview: {
      broker::OverviewView sum;
      for (const VhostSample& sample : samples)
        if (covers(topic, sample.vhost)) sum += sample.overview;
      return event_text(tick_, "overview", overview_json(context, sum));
    }
    case Topic::Kind::queues: {
      Json items = Json::array();
      for (const VhostSample& sample : samples) {
        if (!covers(topic, sample.vhost)) continue;
        for (const broker::QueueView& queue : sample.queues)
          items.push_back(queue_item_json(context, sample.vhost, queue));
      }
      return event_text(tick_, "queues", items);
    }
    case Topic::Kind::queue: break;
  }
  for (const VhostSample& sample : samples) {
    if (sample.vhost != topic.vhost) continue;
    for (const QueueDetail& detail : sample.details)
      if (detail.queue.name == topic.queue)
        return event_text(tick_, "queue", queue_detail_json(context, sample.vhost, detail));
  }
  return event_text(tick_, "gone", {{"vhost", topic.vhost}, {"name", topic.queue}});
}

std::size_t Feed::stream_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(streams_, [](const auto& stream) { return !stream.expired(); }));
}

}  // namespace leveret::http
