#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/json.h"
#include "http/url.h"

namespace leveret::broker {
class Pattern;
}

namespace leveret::http {

/// Names that hold a text, or match a pattern, without regard to case as in RabbitMQ; a pattern
/// takes time in proportion to its size, whatever it is.
class NameFilter {
 public:
  /// Lets every name through.
  NameFilter() = default;
  /// Throws HttpError 400 for what is no pattern.
  NameFilter(const std::string& text, bool is_pattern);

  bool is_open() const { return text_.empty() && !pattern_; }
  bool matches(std::string_view name) const;

 private:
  std::string text_;
  std::shared_ptr<const broker::Pattern> pattern_;
};

/// What RabbitMQ's list parameters ask for (rabbit_mgmt_util.erl): `page`, `page_size` (at most
/// 500), `name`, with `use_regex=true` a pattern, `sort` and `sort_reverse`, `columns`. Paths into
/// an item are names joined by dots.
struct ListOptions {
  std::optional<std::size_t> page;
  std::size_t page_size = 100;
  NameFilter name;
  std::string sort;
  bool sort_reverse = false;
  std::vector<std::string> columns;
};

/// Throws HttpError 400 for what RabbitMQ refuses.
ListOptions read_list_options(const Query& query);

/// The part of a list that a page shows.
struct PageRange {
  std::size_t first = 0;
  std::size_t count = 0;
};
/// Throws HttpError 400 for a page that does not exist.
PageRange page_range(const ListOptions& options, std::size_t filtered_count);

/// RabbitMQ's answer with a page: items and how many there are.
Json page_json(const ListOptions& options, Json items, std::size_t filtered_count,
               std::size_t total_count);

/// Puts the first `count` rows in order; those behind may be in none. Most lists that are wanted
/// whole are in order already.
template <class Row, class Before>
void sort_first(std::vector<Row>& rows, std::size_t count, Before before) {
  if (count < rows.size())
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                      before);
  else if (!std::is_sorted(rows.begin(), rows.end(), before))
    std::sort(rows.begin(), rows.end(), before);
}

/// Sorts by the value at `path`; null and absent values come first.
void sort_items(Json& items, const std::string& path, bool reverse);

/// What an item has at a path; null when it has nothing there.
Json value_at(const Json& item, const std::string& path);

/// The columns that were asked for, as a tree of names.
class Columns {
 public:
  /// All there are.
  Columns() = default;
  explicit Columns(const std::vector<std::string>& paths);

  bool are_all() const { return !tree_.is_object(); }
  /// Whether anything below this name of an item is wanted.
  bool want(std::string_view name) const { return are_all() || tree_.contains(name); }
  /// Removes everything else from an item, or from each of a list.
  void keep(Json& item) const;

 private:
  /// Of each name what is wanted below it; null for all.
  Json tree_;
};
/// Only the columns that the query names.
Json keep_columns(Json item, const Query& query);

/// All of the above on a whole list of items that have a `name`.
Json apply_list_options(Json items, const ListOptions& options);

}  // namespace leveret::http
