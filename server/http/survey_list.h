#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "broker/survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/history.h"
#include "http/list.h"
#include "http/moment.h"

/// Lists of what is looked at by a survey (broker/survey.h): no turn of a core takes long, and only
/// what a page shows is copied, but when it is sorted by something else than its own order: then
/// each item is made once, a few at a time, and those that are not shown go again.
namespace leveret::http {

/// So many before the clock is looked at.
inline constexpr std::size_t looks_per_step = 20;
/// Items of a list without pages that are written before others get their turn.
inline constexpr std::size_t items_per_slice = 500;

using Cores = std::vector<std::shared_ptr<broker::Core>>;

template <class Survey>
using SurveyPtr = std::shared_ptr<Survey>;

/// Walks `core` by a survey that `begin(vhost)` makes in a turn; calls `use(survey)` between turns
/// and at the end.
template <class Survey, class Begin, class Use>
boost::asio::awaitable<SurveyPtr<Survey>> walk(ContextPtr context,
                                               std::shared_ptr<broker::Core> core, Begin begin,
                                               Use use) {
  auto start = [begin](const broker::Vhost& vhost) {
    return std::make_shared<Survey>(begin(vhost));
  };
  const SurveyPtr<Survey> survey = co_await ask(context, core, std::move(start));
  auto look = [survey](const broker::Vhost& vhost) {
    return look_for_a_moment([&] { return survey->look(vhost, looks_per_step); });
  };
  bool has_more = true;
  while (has_more) {
    has_more = co_await ask(context, core, look);
    use(*survey);
  }
  co_return survey;
}

/// Everything that such a survey keeps, in order.
template <class Survey, class Begin>
boost::asio::awaitable<std::vector<typename Survey::View>> survey_all(
    ContextPtr context, std::shared_ptr<broker::Core> core, Begin begin) {
  auto nothing = [](const Survey&) {};
  const auto survey = co_await walk<Survey>(context, core, std::move(begin), nothing);
  co_return survey->take();
}

/// One of a list, and the virtual host that it is in.
template <class View>
struct SurveyRow {
  std::size_t part = 0;
  View view;
  /// What it is sorted by, when it is by something else than its own order.
  Json value = {};
};

template <class View>
bool comes_before(const SurveyRow<View>& a, const SurveyRow<View>& b) {
  if (a.value != b.value) return a.value < b.value;
  if (a.part != b.part) return a.part < b.part;
  return sort_key(a.view) < sort_key(b.view);
}

/// Keeps the first `count` rows, in order; those that are not needed go when they are too many.
template <class View>
void keep_first(std::vector<SurveyRow<View>>& rows, std::size_t count, bool reverse) {
  const auto before = [reverse](const auto& a, const auto& b) {
    return reverse ? comes_before(b, a) : comes_before(a, b);
  };
  sort_first(rows, count, before);
  if (count < rows.size())
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end());
}

/// What is shown of each item.
struct Shown {
  SampleRanges ranges;
  Columns columns;
};

/// What makes one kind of list: `begin(vhost, search)` its survey, in a turn of the core;
/// `render(view, vhost_name, shown)` an item, which may have more columns than are shown;
/// `name_of(view)` what `sort=name` goes by.
template <class Survey>
struct SurveyList {
  using View = typename Survey::View;
  std::function<Survey(const broker::Vhost&, broker::SurveySearch)> begin;
  std::function<Json(const View&, const std::string&, const Shown&)> render;
  std::function<std::string(const View&)> name_of;
  std::function<bool(std::string_view)> is_visible = {};
};

/// The rows of all virtual hosts, and how many there are that are not kept.
template <class View>
struct SurveyRows {
  std::vector<SurveyRow<View>> rows;
  std::size_t total = 0;
  std::size_t matched = 0;
};

template <class Survey>
boost::asio::awaitable<SurveyRows<typename Survey::View>> find_rows(ContextPtr context,
                                                                    SurveyList<Survey> list,
                                                                    ListOptions options,
                                                                    Cores cores) {
  using View = typename Survey::View;
  const bool is_by_name = options.sort.empty() || options.sort == "name";
  std::optional<std::size_t> limit;
  if (options.page) limit = *options.page * options.page_size;
  broker::SurveySearch search{.is_visible = list.is_visible};
  if (!options.name.is_open())
    search.matches = [name = options.name](std::string_view text) { return name.matches(text); };
  if (is_by_name) {
    search.limit = limit;
    search.from_end = options.sort_reverse;
  }
  const Shown sorted_by{{}, Columns{{options.sort}}};
  SurveyRows<View> found;
  for (std::size_t part = 0; part < cores.size(); ++part) {
    auto begin = [begin = list.begin, search](const broker::Vhost& vhost) {
      return begin(vhost, search);
    };
    auto collect = [&, part](Survey& survey) {
      if (is_by_name) return;
      for (View& view : survey.take()) {
        const Json item = list.render(view, cores[part]->vhost_name(), sorted_by);
        Json value = value_at(item, options.sort);
        found.rows.push_back({part, std::move(view), std::move(value)});
      }
      if (limit && found.rows.size() > 2 * (*limit + items_per_slice))
        keep_first(found.rows, *limit, options.sort_reverse);
    };
    const auto survey = co_await walk<Survey>(context, cores[part], begin, collect);
    for (View& view : survey->take()) found.rows.push_back({part, std::move(view), {}});
    found.total += survey->total();
    found.matched += survey->matched();
  }
  co_return found;
}

/// The answer to a request for a list of what is in `cores`, as its parameters want it.
template <class Survey>
boost::asio::awaitable<Response> answer_survey(ContextPtr context, Request request,
                                               SurveyList<Survey> list, Cores cores) {
  const ListOptions options = read_list_options(request.query);
  SampleAllowance allowance{read_sample_ranges(request.query)};
  auto found = co_await find_rows(context, list, options, cores);
  auto& rows = found.rows;
  if (options.sort == "name") {
    for (auto& row : rows) row.value = list.name_of(row.view);
  }
  keep_first(rows, options.page ? *options.page * options.page_size : rows.size(),
             options.sort_reverse);
  const std::size_t matched = options.page ? std::max(found.matched, rows.size()) : rows.size();
  PageRange range = page_range(options, matched);
  range.count = std::min(range.count, rows.size() - std::min(range.first, rows.size()));
  Shown shown{{}, Columns{options.columns}};
  const auto item_of = [&](const auto& row) {
    shown.ranges = allowance.next();
    Json item = list.render(row.view, cores[row.part]->vhost_name(), shown);
    shown.columns.keep(item);
    return item;
  };
  if (options.page) {
    Json items = Json::array();
    for (std::size_t i = range.first; i < range.first + range.count; ++i)
      items.push_back(item_of(rows[i]));
    co_return json_response(page_json(options, std::move(items), matched, found.total));
  }
  Response response;
  response.body += '[';
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) response.body += ',';
    response.body += dump(item_of(rows[i]));
    if ((i + 1) % items_per_slice == 0)
      co_await boost::asio::post(context->executor, boost::asio::use_awaitable);
  }
  response.body += ']';
  co_return response;
}

}  // namespace leveret::http
