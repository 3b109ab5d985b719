#include "broker/queue_survey.h"

#include <utility>

#include "amqp/properties.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/dead_letter_map.h"
#include "broker/queue.h"
#include "broker/roster.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// Reads the properties only of a message that has one.
std::optional<std::uint64_t> timestamp_of(const Message& message) {
  constexpr unsigned has_timestamp =
      0x40;  // of the second octet of the flags (AMQP 0-9-1, 4.2.6.1)
  const std::string_view raw = message.properties();
  if (raw.size() < 2 || (static_cast<unsigned char>(raw[1]) & has_timestamp) == 0)
    return std::nullopt;
  try {
    const auto timestamp = amqp::read_properties(raw).timestamp;
    return timestamp ? std::optional{timestamp->seconds} : std::nullopt;
  } catch (const amqp::Error&) {
    return std::nullopt;  // its headers cannot be read
  }
}

QueueView view_of(const Vhost& vhost, const Queue& queue, const DeadLetterMap& dead_letters) {
  QueueView view;
  view.name = queue.name();
  view.durable = queue.is_durable();
  view.exclusive = queue.is_exclusive();
  view.auto_delete = queue.is_auto_delete();
  view.arguments = queue.arguments();
  view.policy = queue.policy();
  if (const Connection* owner = vhost.find_connection(queue.owner())) {
    view.owner = owner->info().name;
    view.owner_host = owner->info().peer_host;
    view.owner_port = owner->info().peer_port;
  }
  view.ready = queue.ready().count();
  view.unacked = queue.unacked_count();
  view.ready_bytes = queue.ready().bytes();
  view.unacked_bytes = queue.unacked_bytes();
  view.ready_in_memory = queue.ready().in_memory();
  view.in_memory = view.ready_in_memory + queue.unacked_count();
  view.consumers = queue.consumers().size();
  if (!queue.consumers().empty()) {
    const Consumer& first = *queue.consumers().front();
    const std::string tag{first.tag->view()};
    if (first.exclusive) view.exclusive_consumer = tag;
    if (queue.parsed().single_active_consumer) view.single_active_consumer = tag;
  }
  view.last_seq = queue.last_seq();
  if (const PriorityLevel* level = queue.ready().next_loaded()) {
    const Message& head = *level->window.head().message;
    view.head_published_at = head.published_at();
    view.head_timestamp = timestamp_of(head);
  }
  view.dead_letter_exchange = queue.parsed().dead_letter_exchange;
  view.dead_letter_routing_key = queue.parsed().dead_letter_routing_key;
  view.dead_letter_targets = dead_letters.targets(queue);
  view.dead_letter_sources = dead_letters.sources(queue);
  view.stats = queue.stats;
  return view;
}

std::uint64_t number_of(const Queue& queue, QueueNumber number) {
  switch (number) {
    case QueueNumber::none: return 0;
    case QueueNumber::messages: return queue.ready().count() + queue.unacked_count();
    case QueueNumber::ready: return queue.ready().count();
    case QueueNumber::unacked: return queue.unacked_count();
    case QueueNumber::bytes: return queue.ready().bytes() + queue.unacked_bytes();
    case QueueNumber::consumers: return queue.consumers().size();
  }
  return 0;
}

}  // namespace

struct QueueSurvey::State {
  State(const Vhost& vhost, QueueSearch search_in)
      : search(std::move(search_in)), end(vhost.all_queues().end()) {}

  void look_at(const Queue& queue) {
    if (search.only_dead_letter_queues && !dead_letters.has_sources(queue)) return;
    if (search.non_empty && number_of(queue, QueueNumber::messages) == 0) return;
    if (!search.matches || search.matches(queue.name()))
      keys.push_back({queue.id(), queue.name(), number_of(queue, search.number)});
  }

  QueueSearch search;
  DeadLetterMap dead_letters;
  RosterPlace end;
  /// Those up to here have told where their dead letters go, and those up to here been looked at:
  /// at once, unless it takes all of the former to know who is wanted.
  RosterPlace mapped = 0;
  RosterPlace looked_at = 0;
  std::size_t total = 0;
  std::vector<QueueKey> keys;
  std::vector<QueueId> chosen;
  std::size_t viewed = 0;  // in `chosen`
};

QueueSurvey::QueueSurvey(const Vhost& vhost, QueueSearch search)
    : state_(std::make_unique<State>(vhost, std::move(search))) {}
QueueSurvey::~QueueSurvey() = default;
QueueSurvey::QueueSurvey(QueueSurvey&&) noexcept = default;

bool QueueSurvey::look(const Vhost& vhost, std::size_t count) {
  State& state = *state_;
  const bool is_twice = state.search.only_dead_letter_queues;
  for (; count > 0 && state.mapped < state.end; --count) {
    const Queue* queue = vhost.all_queues().next(state.mapped, state.end);
    if (queue == nullptr) break;
    ++state.total;
    state.dead_letters.add(vhost, *queue);
    if (!is_twice) state.look_at(*queue);
  }
  if (state.mapped < state.end) return true;
  if (!is_twice) return false;
  for (; count > 0 && state.looked_at < state.end; --count)
    if (const Queue* queue = vhost.all_queues().next(state.looked_at, state.end))
      state.look_at(*queue);
  return state.looked_at < state.end;
}

std::size_t QueueSurvey::total() const {
  return state_->total;
}

std::vector<QueueKey> QueueSurvey::take_keys() {
  return std::move(state_->keys);
}

void QueueSurvey::choose(std::vector<QueueId> ids) {
  state_->chosen = std::move(ids);
  state_->viewed = 0;
}

std::vector<QueueView> QueueSurvey::view(const Vhost& vhost, std::size_t count) {
  State& state = *state_;
  std::vector<QueueView> views;
  for (; count > 0 && state.viewed < state.chosen.size(); --count)
    if (const Queue* queue = vhost.find_queue(state.chosen[state.viewed++]))
      views.push_back(view_of(vhost, *queue, state.dead_letters));
  return views;
}

bool QueueSurvey::has_more() const {
  return state_->viewed < state_->chosen.size();
}

std::optional<QueueView> QueueSurvey::view(const Vhost& vhost, std::string_view name) const {
  const Queue* queue = vhost.find_queue(name);
  if (queue == nullptr) return std::nullopt;
  return view_of(vhost, *queue, state_->dead_letters);
}

}  // namespace leveret::broker
