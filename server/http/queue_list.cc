#include "http/queue_list.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "broker/client_survey.h"
#include "broker/queue_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/error.h"
#include "http/list.h"
#include "http/render.h"
#include "http/survey_list.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// Some tenth of a millisecond of a core's time.
constexpr std::size_t views_per_turn = 20;

/// One virtual host's part.
struct Part {
  std::shared_ptr<broker::Core> core;
  std::shared_ptr<broker::QueueSurvey> survey;
};

/// One queue before it is viewed.
struct Row {
  std::size_t part = 0;
  QueueId id;
  std::string name;
  double number = 0;
  /// Instead of the number, for what a whole item has to be made for.
  Json value = {};
};

/// A rate that a path names: "message_stats.publish_details.rate"; empty for anything else.
std::string_view rate_name(std::string_view path) {
  constexpr std::string_view before = "message_stats.";
  constexpr std::string_view after = "_details.rate";
  if (!path.starts_with(before) || !path.ends_with(after)) return {};
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  const bool is_known = std::ranges::find(counters, path, &Counter::name) != counters.end();
  return is_known ? path : std::string_view{};
}

/// How rows are put in order.
struct Order {
  enum class By { name, number, rate, value };
  By by = By::name;
  broker::QueueNumber number = broker::QueueNumber::none;
  std::string_view rate;
};

Order read_order(const std::string& path) {
  struct Entry {
    std::string_view path;
    broker::QueueNumber number;
  };
  using enum broker::QueueNumber;
  static constexpr std::array<Entry, 5> entries{{
      {"messages", messages},
      {"messages_ready", ready},
      {"messages_unacknowledged", unacked},
      {"message_bytes", bytes},
      {"consumers", consumers},
  }};
  if (path.empty() || path == "name") return {};
  if (const auto it = std::ranges::find(entries, path, &Entry::path); it != entries.end())
    return {Order::By::number, it->number, {}};
  if (const auto rate = rate_name(path); !rate.empty()) return {Order::By::rate, none, rate};
  return {Order::By::value, none, {}};
}

asio::awaitable<Part> find_part(ContextPtr context, std::shared_ptr<broker::Core> core,
                                broker::QueueSearch search) {
  auto begin = [search = std::move(search)](const broker::Vhost& vhost) {
    return broker::QueueSurvey{vhost, search};
  };
  auto nothing = [](const broker::QueueSurvey&) {};
  auto survey = co_await walk<broker::QueueSurvey>(context, core, std::move(begin), nothing);
  co_return Part{std::move(core), std::move(survey)};
}

asio::awaitable<std::vector<broker::QueueView>> view_some(ContextPtr context, Part part) {
  auto view = [survey = part.survey](const broker::Vhost& vhost) {
    return survey->view(vhost, views_per_turn);
  };
  co_return co_await ask(std::move(context), part.core, std::move(view));
}

/// Without statistics a queue has what it was declared with (rabbit_mgmt_wm_queues.erl); its
/// lengths only when these are asked for.
Columns shown_columns(const Query& query, const ListOptions& options) {
  if (!options.columns.empty() || query.value("disable_stats") != "true")
    return Columns{options.columns};
  std::vector<std::string> columns{"arguments", "auto_delete", "durable", "exclusive", "leader",
                                   "members",   "name",        "node",    "online",    "policy",
                                   "state",     "type",        "vhost"};
  if (query.value("enable_queue_totals") == "true")
    for (const char* name : {"messages", "messages_ready", "messages_unacknowledged"})
      columns.emplace_back(name);
  return Columns{columns};
}

/// Calls `use(item, row)` for each of `rows`, in that order, that is still there.
template <class Use>
asio::awaitable<void> for_each_item(ContextPtr context, std::vector<Part> parts,
                                    std::vector<Row> rows, Shown shown, Use use) {
  SampleAllowance allowance{shown.ranges};
  for (std::size_t first = 0; first < rows.size();) {
    // As many as one turn views of one virtual host.
    std::size_t last = first;
    std::vector<QueueId> ids;
    while (last < rows.size() && rows[last].part == rows[first].part && ids.size() < views_per_turn)
      ids.push_back(rows[last++].id);
    const Part part = parts[rows[first].part];
    part.survey->choose(std::move(ids));
    const auto views = co_await view_some(context, part);
    auto view = views.begin();
    for (; first < last && view != views.end(); ++first)
      if (view->name == rows[first].name)
        use(queue_item_json(*context, part.core->vhost_name(), *view++, allowance.next(),
                            shown.columns),
            rows[first]);
    first = last;
  }
}

/// By number or value, then as they are without an order: by virtual host and name.
bool comes_before(const Row& a, const Row& b) {
  if (a.number != b.number) return a.number < b.number;
  if (a.value != b.value) return a.value < b.value;
  return std::tie(a.part, a.name) < std::tie(b.part, b.name);
}

void sort_rows(std::vector<Row>& rows, std::size_t count, bool reverse) {
  sort_first(rows, count, [reverse](const Row& a, const Row& b) {
    return reverse ? comes_before(b, a) : comes_before(a, b);
  });
}

double rate_of(const Context& context, const std::string& vhost, const Row& row,
               std::string_view rate) {
  const MessageTrack* track = context.rates.find(vhost, row.name);
  return track ? track->rates.rate(rate) : 0;
}

asio::awaitable<Response> answer_page(ContextPtr context, ListOptions options, Shown shown,
                                      std::vector<Part> parts, std::vector<Row> rows,
                                      PageRange range, std::size_t total_count) {
  const std::size_t filtered_count = rows.size();
  const auto first =
      std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(range.first));
  std::vector<Row> page{first, first + static_cast<std::ptrdiff_t>(range.count)};
  Json items = Json::array();
  auto add = [&items](Json item, const Row&) { items.push_back(std::move(item)); };
  co_await for_each_item(context, std::move(parts), std::move(page), shown, add);
  shown.columns.keep(items);
  co_return json_response(page_json(options, std::move(items), filtered_count, total_count));
}

asio::awaitable<Response> answer_all(ContextPtr context, Shown shown, std::vector<Part> parts,
                                     std::vector<Row> rows) {
  Response response;
  response.body += '[';
  auto add = [&response, &shown](Json item, const Row&) {
    shown.columns.keep(item);
    if (response.body.size() > 1) response.body += ',';
    response.body += dump(item);
  };
  co_await for_each_item(context, std::move(parts), std::move(rows), shown, add);
  response.body += ']';
  co_return response;
}

}  // namespace

asio::awaitable<Response> answer_queue_list(ContextPtr context, Request request,
                                            std::vector<std::shared_ptr<broker::Core>> cores) {
  const ListOptions options = read_list_options(request.query);
  const Shown shown{read_sample_ranges(request.query), shown_columns(request.query, options)};
  const Order order = read_order(options.sort);
  broker::QueueSearch search{.number = order.number, .non_empty = request.query.flag("non_empty")};
  if (!options.name.is_open())
    search.matches = [name = options.name](std::string_view text) { return name.matches(text); };

  std::vector<Part> parts;
  std::vector<Row> rows;
  std::size_t total_count = 0;
  for (const auto& core : cores) {
    Part part = co_await find_part(context, core, search);
    total_count += part.survey->total();
    for (broker::QueueKey& key : part.survey->take_keys())
      rows.push_back({parts.size(), key.id, std::move(key.name), static_cast<double>(key.number)});
    parts.push_back(std::move(part));
  }
  if (order.by == Order::By::rate)
    for (Row& row : rows)
      row.number = rate_of(*context, parts[row.part].core->vhost_name(), row, order.rate);
  if (order.by == Order::By::value) {
    std::vector<Row> valued;
    auto add = [&valued, &options](const Json& item, const Row& row) {
      valued.push_back(row);
      valued.back().value = value_at(item, options.sort);
    };
    const Shown sorted_by{{}, Columns{{options.sort}}};
    co_await for_each_item(context, parts, std::move(rows), sorted_by, add);
    rows = std::move(valued);
  }
  const PageRange shown_range = page_range(options, rows.size());
  sort_rows(rows, shown_range.first + shown_range.count, options.sort_reverse);
  if (!options.page)
    co_return co_await answer_all(std::move(context), shown, std::move(parts), std::move(rows));
  co_return co_await answer_page(std::move(context), options, shown, std::move(parts),
                                 std::move(rows), shown_range, total_count);
}

asio::awaitable<std::optional<QueueDetail>> view_queue_detail(
    ContextPtr context, std::shared_ptr<broker::Core> core,
    std::shared_ptr<const broker::QueueSurvey> survey, std::string name) {
  auto view = [survey, name](const broker::Vhost& vhost) { return survey->view(vhost, name); };
  auto queue = co_await ask(context, core, std::move(view));
  if (!queue) co_return std::nullopt;
  auto begin = [name](const broker::Vhost& vhost) {
    return broker::ConsumerSurvey{vhost, {}, name};
  };
  auto consumers = co_await survey_all<broker::ConsumerSurvey>(context, core, std::move(begin));
  co_return QueueDetail{std::move(*queue), std::move(consumers)};
}

asio::awaitable<QueueDetail> require_queue_detail(ContextPtr context,
                                                  std::shared_ptr<broker::Core> core,
                                                  std::string name) {
  const auto absent = [core, name] {
    return not_found("no queue '" + name + "' in vhost '" + core->vhost_name() + "'");
  };
  auto is_there = [name](const broker::Vhost& vhost) {
    return vhost.find_queue(std::string_view{name}) != nullptr;
  };
  if (!co_await ask(context, core, std::move(is_there))) throw absent();
  broker::QueueSearch nothing;
  nothing.matches = [](std::string_view) { return false; };
  const Part part = co_await find_part(context, core, std::move(nothing));
  auto detail = co_await view_queue_detail(context, core, part.survey, name);
  if (!detail) throw absent();
  co_return std::move(*detail);
}

asio::awaitable<std::vector<broker::QueueView>> view_dead_letter_queues(
    ContextPtr context, std::shared_ptr<broker::Core> core) {
  broker::QueueSearch search{.only_dead_letter_queues = true};
  Part part = co_await find_part(context, core, std::move(search));
  std::vector<broker::QueueKey> keys = part.survey->take_keys();
  std::ranges::sort(keys, {}, &broker::QueueKey::name);
  std::vector<QueueId> ids;
  for (const broker::QueueKey& key : keys) ids.push_back(key.id);
  part.survey->choose(std::move(ids));
  std::vector<broker::QueueView> all;
  while (part.survey->has_more()) {
    std::vector<broker::QueueView> some = co_await view_some(context, part);
    std::ranges::move(some, std::back_inserter(all));
  }
  co_return all;
}

}  // namespace leveret::http
