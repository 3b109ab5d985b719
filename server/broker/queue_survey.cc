#include "broker/queue_survey.h"

#include <algorithm>
#include <map>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// Where each queue's dead letters go, by the dead-letter exchanges and bindings of now.
class DeadLetterMap {
 public:
  void add(const Vhost& vhost, const Queue& queue) {
    const QueueArguments& arguments = queue.parsed();
    if (!arguments.dead_letter_exchange) return;
    const Exchange* exchange = vhost.find_exchange(*arguments.dead_letter_exchange);
    if (exchange == nullptr) return;
    for (const std::string& target : targets_of(vhost, *exchange, arguments)) {
      targets_[queue.name()].push_back(target);
      sources_[target].push_back(queue.name());
    }
  }
  std::vector<std::string> targets(const std::string& queue) const { return get(targets_, queue); }
  std::vector<std::string> sources(const std::string& queue) const { return get(sources_, queue); }

 private:
  using Lists = std::map<std::string, std::vector<std::string>>;

  static std::vector<std::string> get(const Lists& lists, const std::string& queue) {
    const auto it = lists.find(queue);
    return it == lists.end() ? std::vector<std::string>{} : it->second;
  }

  static std::vector<std::string> targets_of(const Vhost& vhost, const Exchange& exchange,
                                             const QueueArguments& arguments) {
    std::vector<std::string> names;
    const auto& key = arguments.dead_letter_routing_key;
    if (exchange.is_default()) {
      if (key && vhost.find_queue(std::string_view{*key})) names.push_back(*key);
      return names;
    }
    const auto add = [&](const Binding& binding) {
      if (binding.queue) names.push_back(binding.queue->name());
    };
    if (key) {
      Matches matches;
      exchange.match(RoutingSubject{*key, {}}, matches);
      for (const Binding* binding : matches) add(*binding);
    } else {  // the messages keep their own keys: any binding may be the one
      exchange.for_each_binding(add);
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  Lists targets_;
  Lists sources_;
};

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
  if (const PriorityLevel* level = queue.ready().next_loaded())
    view.head_published_at = level->window.head().message->published_at();
  view.dead_letter_exchange = queue.parsed().dead_letter_exchange;
  view.dead_letter_routing_key = queue.parsed().dead_letter_routing_key;
  view.dead_letter_targets = dead_letters.targets(queue.name());
  view.dead_letter_sources = dead_letters.sources(queue.name());
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
  State(const Vhost& vhost, QueueSearch search_in) : search(std::move(search_in)) {
    vhost.for_each_queue([&](const Queue& queue) { all.push_back(queue.id()); });
  }

  void find(const Vhost& vhost, QueueId id) {
    const Queue* queue = vhost.find_queue(id);
    if (queue == nullptr) return;
    dead_letters.add(vhost, *queue);
    if (!search.matches || search.matches(queue->name()))
      keys.push_back({id, queue->name(), number_of(*queue, search.number)});
  }

  QueueSearch search;
  DeadLetterMap dead_letters;
  std::vector<QueueId> all;
  std::size_t found = 0;  // in `all`: those before it have been searched
  std::vector<QueueKey> keys;
  std::vector<QueueId> chosen;
  std::size_t viewed = 0;  // in `chosen`
};

QueueSurvey::QueueSurvey(const Vhost& vhost, QueueSearch search)
    : state_(std::make_unique<State>(vhost, std::move(search))) {}
QueueSurvey::~QueueSurvey() = default;
QueueSurvey::QueueSurvey(QueueSurvey&&) noexcept = default;

bool QueueSurvey::find(const Vhost& vhost, std::size_t count) {
  State& state = *state_;
  for (; count > 0 && state.found < state.all.size(); --count)
    state.find(vhost, state.all[state.found++]);
  return state.found < state.all.size();
}

std::size_t QueueSurvey::total() const {
  return state_->all.size();
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

std::optional<QueueView> view_queue(const Vhost& vhost, std::string_view name) {
  const Queue* queue = vhost.find_queue(name);
  if (queue == nullptr) return std::nullopt;
  DeadLetterMap dead_letters;
  vhost.for_each_queue([&](const Queue& each) { dead_letters.add(vhost, each); });
  return view_of(vhost, *queue, dead_letters);
}

}  // namespace leveret::broker
