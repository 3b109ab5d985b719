#include "broker/inspect.h"

#include <algorithm>
#include <limits>
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
  explicit DeadLetterMap(const Vhost& vhost) {
    vhost.for_each_queue([&](const Queue& queue) { add(vhost, queue); });
  }
  std::vector<std::string> targets(const std::string& queue) const { return get(targets_, queue); }
  std::vector<std::string> sources(const std::string& queue) const { return get(sources_, queue); }

 private:
  using Lists = std::map<std::string, std::vector<std::string>>;

  static std::vector<std::string> get(const Lists& lists, const std::string& queue) {
    const auto it = lists.find(queue);
    return it == lists.end() ? std::vector<std::string>{} : it->second;
  }

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
  if (const Connection* owner = vhost.find_connection(queue.owner()))
    view.owner = owner->info().name;
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

ExchangeView view_of(const Exchange& exchange) {
  return {.name = exchange.name(),
          .type = exchange.type(),
          .durable = exchange.is_durable(),
          .auto_delete = exchange.is_auto_delete(),
          .internal = exchange.is_internal(),
          .arguments = exchange.arguments(),
          .policy = exchange.policy(),
          .publish_in = exchange.publish_in,
          .publish_out = exchange.publish_out};
}

/// The same for the same arguments, whenever and wherever: it stands in paths that clients keep.
std::string arguments_key_of(const amqp::Table& arguments) {
  if (arguments.is_empty()) return {};
  std::string bytes;
  amqp::Writer writer{bytes};
  amqp::write_table(writer, arguments);
  // FNV-1a, 64 bits.
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) text += digits[(hash >> (shift - 4)) & 15U];
  return text;
}

ConnectionView view_of(const Connection& connection) {
  const ConnectionInfo& info = connection.info();
  return {.id = connection.id(),
          .name = info.name,
          .user = info.user,
          .auth_mechanism = info.auth_mechanism,
          .peer_host = info.peer_host,
          .peer_port = info.peer_port,
          .host = info.host,
          .port = info.port,
          .client_properties = info.client_properties,
          .connected_at = info.connected_at,
          .channel_max = info.channel_max,
          .frame_max = info.frame_max,
          .heartbeat_s = info.heartbeat_s,
          .tls = info.tls,
          .channels = connection.channel_count(),
          .is_suspended = connection.is_suspended(),
          .is_blocked = connection.is_blocked(),
          .waiting_octets = connection.output_bytes(),
          .traffic = connection.traffic};
}

ChannelView view_of(const Channel& channel) {
  return {.number = channel.number(),
          .connection = channel.connection().info().name,
          .user = channel.connection().info().user,
          .confirm = channel.is_confirm_mode(),
          .transactional = channel.is_transactional(),
          .prefetch = channel.prefetch(),
          .global_prefetch = channel.global_prefetch(),
          .unacked = channel.unacked().count(),
          .unconfirmed = channel.unconfirmed_count(),
          .publishes_uncommitted = channel.uncommitted_publishes(),
          .settled_uncommitted = channel.uncommitted_settlements(),
          .consumers = channel.consumers().size()};
}

ConsumerView view_of(const Consumer& consumer) {
  return {.tag = std::string{consumer.tag->view()},
          .queue = consumer.queue->name(),
          .connection = consumer.channel->connection().info().name,
          .channel = consumer.channel->number(),
          .no_ack = consumer.no_ack,
          .exclusive = consumer.exclusive,
          .active = !consumer.queue->parsed().single_active_consumer ||
                    consumer.queue->consumers().front() == &consumer,
          .prefetch = consumer.prefetch,
          .unacked = consumer.unacked,
          .arguments = consumer.arguments};
}

template <class View>
std::vector<View> sorted_by_name(std::vector<View> views) {
  std::ranges::sort(views, {}, &View::name);
  return views;
}

}  // namespace

OverviewView view_overview(const Vhost& vhost) {
  OverviewView view;
  vhost.for_each_connection([&](const Connection& connection) {
    ++view.connections;
    view.channels += connection.channel_count();
  });
  vhost.for_each_exchange([&](const Exchange&) { ++view.exchanges; });
  vhost.for_each_queue([&](const Queue& queue) {
    ++view.queues;
    view.consumers += queue.consumers().size();
    view.ready += queue.ready().count();
    view.unacked += queue.unacked_count();
  });
  view.has_disk_alarm = vhost.has_disk_alarm();
  view.stats = vhost.all_messages();
  return view;
}

struct QueueSurvey::State {
  explicit State(const Vhost& vhost) : dead_letters(vhost) {
    vhost.for_each_queue([&](const Queue& queue) { left.push_back(queue.id()); });
  }
  DeadLetterMap dead_letters;
  std::vector<QueueId> left;
  std::vector<QueueView> views;
};

QueueSurvey::QueueSurvey(const Vhost& vhost) : state_(std::make_unique<State>(vhost)) {}
QueueSurvey::~QueueSurvey() = default;
QueueSurvey::QueueSurvey(QueueSurvey&&) noexcept = default;

bool QueueSurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0 && !state_->left.empty(); --count) {
    const Queue* queue = vhost.find_queue(state_->left.back());
    state_->left.pop_back();
    if (queue) state_->views.push_back(view_of(vhost, *queue, state_->dead_letters));
  }
  return !state_->left.empty();
}

std::vector<QueueView> QueueSurvey::take() {
  return sorted_by_name(std::move(state_->views));
}

std::vector<QueueView> view_queues(const Vhost& vhost) {
  QueueSurvey survey{vhost};
  survey.look(vhost, std::numeric_limits<std::size_t>::max());
  return survey.take();
}

std::optional<QueueView> view_queue(const Vhost& vhost, std::string_view name) {
  const Queue* queue = vhost.find_queue(name);
  if (queue == nullptr) return std::nullopt;
  return view_of(vhost, *queue, DeadLetterMap{vhost});
}

std::vector<ExchangeView> view_exchanges(const Vhost& vhost) {
  std::vector<ExchangeView> views;
  vhost.for_each_exchange([&](const Exchange& exchange) { views.push_back(view_of(exchange)); });
  return sorted_by_name(std::move(views));
}

std::optional<ExchangeView> view_exchange(const Vhost& vhost, std::string_view name) {
  const Exchange* exchange = vhost.find_exchange(name);
  if (exchange == nullptr) return std::nullopt;
  return view_of(*exchange);
}

std::vector<BindingView> view_bindings(const Vhost& vhost) {
  std::vector<BindingView> views;
  vhost.for_each_queue([&](const Queue& queue) {
    views.push_back({.source = "",
                     .destination = queue.name(),
                     .to_exchange = false,
                     .routing_key = queue.name(),
                     .arguments = {},
                     .arguments_key = {}});
  });
  vhost.for_each_exchange([&](const Exchange& exchange) {
    exchange.for_each_binding([&](const Binding& binding) {
      views.push_back(
          {.source = exchange.name(),
           .destination = binding.queue ? binding.queue->name() : binding.exchange->name(),
           .to_exchange = binding.queue == nullptr,
           .routing_key = binding.routing_key,
           .arguments = binding.arguments,
           .arguments_key = arguments_key_of(binding.arguments)});
    });
  });
  std::ranges::sort(views, [](const BindingView& a, const BindingView& b) {
    return std::tie(a.source, a.destination, a.routing_key, a.arguments_key) <
           std::tie(b.source, b.destination, b.routing_key, b.arguments_key);
  });
  return views;
}

std::vector<ConnectionView> view_connections(const Vhost& vhost) {
  std::vector<ConnectionView> views;
  vhost.for_each_connection(
      [&](const Connection& connection) { views.push_back(view_of(connection)); });
  return sorted_by_name(std::move(views));
}

std::vector<ChannelView> view_channels(const Vhost& vhost) {
  std::vector<ChannelView> views;
  vhost.for_each_connection([&](const Connection& connection) {
    connection.for_each_channel([&](const Channel& channel) { views.push_back(view_of(channel)); });
  });
  return views;
}

std::vector<ConsumerView> view_consumers(const Vhost& vhost, std::string_view queue_name) {
  std::vector<ConsumerView> views;
  vhost.for_each_queue([&](const Queue& queue) {
    if (!queue_name.empty() && queue.name() != queue_name) return;
    for (const Consumer* consumer : queue.consumers()) views.push_back(view_of(*consumer));
  });
  return views;
}

}  // namespace leveret::broker
