#include <algorithm>
#include <array>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/controllers/stranger.h"
#include "http/error.h"
#include "http/list.h"
#include "http/render.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

struct QueueRow {
  std::string vhost;
  broker::QueueView queue;
};

asio::awaitable<std::vector<QueueRow>> read_rows(ContextPtr context,
                                                 std::vector<std::shared_ptr<broker::Core>> cores) {
  std::vector<QueueRow> rows;
  for (const auto& core : cores) {
    auto look = [](const broker::Vhost& vhost) {
      std::vector<QueueRow> found;
      for (broker::QueueView& queue : view_queues(vhost))
        found.push_back({vhost.name(), std::move(queue)});
      return found;
    };
    std::vector<QueueRow> found = co_await ask(context, core, look);
    std::ranges::move(found, std::back_inserter(rows));
  }
  co_return rows;
}

using SortKey = double (*)(const Context&, const QueueRow&);

double rate_of(const Context& context, const QueueRow& row, std::string_view counter) {
  const RateWindow* window = context.rates.find(row.vhost, row.queue.name);
  return window ? window->rate(counter) : 0;
}

/// What queues are usually sorted by, read without making JSON of each. Null for anything else.
SortKey find_sort_key(std::string_view path) {
  struct Entry {
    std::string_view path;
    SortKey key;
  };
  static constexpr std::array<Entry, 8> entries{{
      {"messages",
       [](const Context&, const QueueRow& r) {
         return static_cast<double>(r.queue.ready + r.queue.unacked);
       }},
      {"messages_ready",
       [](const Context&, const QueueRow& r) { return static_cast<double>(r.queue.ready); }},
      {"messages_unacknowledged",
       [](const Context&, const QueueRow& r) { return static_cast<double>(r.queue.unacked); }},
      {"message_bytes",
       [](const Context&, const QueueRow& r) {
         return static_cast<double>(r.queue.ready_bytes + r.queue.unacked_bytes);
       }},
      {"consumers",
       [](const Context&, const QueueRow& r) { return static_cast<double>(r.queue.consumers); }},
      {"message_stats.publish_details.rate",
       [](const Context& c, const QueueRow& r) { return rate_of(c, r, "publish"); }},
      {"message_stats.deliver_get_details.rate",
       [](const Context& c, const QueueRow& r) { return rate_of(c, r, "deliver_get"); }},
      {"message_stats.ack_details.rate",
       [](const Context& c, const QueueRow& r) { return rate_of(c, r, "ack"); }},
  }};
  const auto it = std::ranges::find(entries, path, &Entry::path);
  return it == entries.end() ? nullptr : it->key;
}

void sort_rows(const Context& context, const ListOptions& options, std::vector<QueueRow>& rows) {
  if (options.sort == "name") {
    std::ranges::stable_sort(rows, {},
                             [](const QueueRow& r) -> const std::string& { return r.queue.name; });
  } else if (const SortKey key = find_sort_key(options.sort)) {
    std::ranges::stable_sort(rows, {}, [&](const QueueRow& r) { return key(context, r); });
  }
  if (options.sort_reverse) std::ranges::reverse(rows);
}

/// Only the rows of the page become JSON: a long list costs no more than a short one to show.
Json show_rows(const Context& context, const ListOptions& options, std::vector<QueueRow> rows) {
  const std::size_t total_count = rows.size();
  std::erase_if(rows, [&](const QueueRow& row) { return !options.name.matches(row.queue.name); });
  sort_rows(context, options, rows);
  const PageRange range = page_range(options, rows.size());
  Json items = Json::array();
  for (std::size_t i = range.first; i < range.first + range.count; ++i)
    items.push_back(queue_item_json(context, rows[i].vhost, rows[i].queue));
  Columns{options.columns}.keep(items);
  if (!options.page) return items;
  return page_json(options, std::move(items), rows.size(), total_count);
}

asio::awaitable<Response> answer_list(ContextPtr context, Request request,
                                      std::vector<std::shared_ptr<broker::Core>> cores) {
  const ListOptions options = read_list_options(request.query);
  std::vector<QueueRow> rows = co_await read_rows(context, std::move(cores));
  const bool has_key =
      options.sort.empty() || options.sort == "name" || find_sort_key(options.sort) != nullptr;
  if (has_key) co_return json_response(show_rows(*context, options, std::move(rows)));
  Json items = Json::array();
  for (const QueueRow& row : rows) items.push_back(queue_item_json(*context, row.vhost, row.queue));
  co_return json_response(apply_list_options(std::move(items), options));
}

asio::awaitable<Response> list_queues(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_list(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_queues(ContextPtr context, Request request) {
  std::vector<std::shared_ptr<broker::Core>> cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_list(std::move(context), std::move(request), std::move(cores));
}

/// The error of RabbitMQ's channel, for what has no effect on an absent queue in AMQP.
void require_queue(const broker::Vhost& vhost, const std::string& name) {
  if (!view_queue(vhost, name))
    throw not_found("no queue '" + name + "' in vhost '" + vhost.name() + "'");
}

asio::awaitable<Response> get_queue(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  const auto core = find_core(*context, request.path.at("vhost"));
  auto look = [name = request.path.at("name")](const broker::Vhost& vhost) {
    require_queue(vhost, name);
    return *view_queue_detail(vhost, name);
  };
  const QueueDetail detail = co_await ask(context, core, std::move(look));
  co_return json_response(
      keep_columns(queue_detail_json(*context, core->vhost_name(), detail, ranges), request.query));
}

asio::awaitable<Response> put_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json body = parse_object(request.body);
  const std::string name = request.path.at("name");
  if (name.size() > 255) throw bad_request("a queue's name holds at most 255 bytes");
  broker::QueueSpec spec;
  spec.durable = find_bool(body, "durable").value_or(false);
  spec.auto_delete = find_bool(body, "auto_delete").value_or(false);
  spec.arguments = find_table(body, "arguments");
  auto declare = [name, spec, access = access_of(*context, request)](broker::Vhost& vhost) mutable {
    broker::Permissions permissions{access, vhost.name()};
    const bool is_new = !view_queue(vhost, name);
    spec.name = name;
    vhost.declare_queue(spec, stranger, &permissions);
    return is_new;
  };
  const bool is_new = co_await ask_durably(context, core, std::move(declare));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto remove = [name = request.path.at("name"), if_unused = request.query.flag("if-unused"),
                 if_empty = request.query.flag("if-empty"),
                 access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions permissions{access, vhost.name()};
    require_queue(vhost, name);
    return vhost.delete_queue(name, if_unused, if_empty, stranger, &permissions);
  };
  co_await ask_durably(context, core, std::move(remove));
  co_return empty_response(204);
}

asio::awaitable<Response> purge_queue(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto purge = [name = request.path.at("name"),
                access = access_of(*context, request)](broker::Vhost& vhost) {
    broker::Permissions{access, vhost.name()}.require_queue(broker::Right::read, name);
    vhost.queue(name, stranger);
    return vhost.purge(name);
  };
  co_await ask_durably(context, core, std::move(purge));
  co_return empty_response(204);
}

/// Mirrors are what RabbitMQ's actions are about, and there are none: nothing is left to do.
asio::awaitable<Response> act(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string action = require_text(parse_object(request.body), "action");
  auto look = [name = request.path.at("name")](const broker::Vhost& vhost) {
    require_queue(vhost, name);
    return true;
  };
  co_await ask(context, core, std::move(look));
  if (action != "sync" && action != "cancel_sync")
    throw bad_request("'action' is '" + action + "': sync or cancel_sync is expected");
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> queue_routes() {
  return {
      {"GET", "/api/queues", Rule::management, list_queues},
      {"GET", "/api/queues/detailed", Rule::management, list_queues},
      {"POST", "/api/queues/{vhost}/{name}/actions", Rule::vhost, act},
      {"GET", "/api/queues/{vhost}", Rule::vhost, list_vhost_queues},
      {"GET", "/api/queues/{vhost}/{name}", Rule::vhost, get_queue},
      {"PUT", "/api/queues/{vhost}/{name}", Rule::vhost, put_queue},
      {"DELETE", "/api/queues/{vhost}/{name}", Rule::vhost, delete_queue},
      {"DELETE", "/api/queues/{vhost}/{name}/contents", Rule::vhost, purge_queue},
  };
}

}  // namespace leveret::http
