#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/json.h"
#include "http/url.h"

namespace leveret::http {

/// What RabbitMQ's list parameters ask for: `page`, `page_size` (at most 500), `name` (a part of
/// the name), `sort` and `sort_reverse`, `columns`. Paths into an item are names joined by dots.
struct ListOptions {
  std::optional<std::size_t> page;
  std::size_t page_size = 100;
  std::string name;
  std::string sort;
  bool sort_reverse = false;
  std::vector<std::string> columns;
};

/// Throws HttpError 400 for what RabbitMQ refuses, and for `use_regex`: a pattern from outside
/// could keep the loop busy for as long as it likes.
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

/// Sorts by the value at `path`; null and absent values come first.
void sort_items(Json& items, const std::string& path, bool reverse);

/// Keeps only the given columns of each item, when there are any.
void keep_columns(Json& items, const std::vector<std::string>& columns);

/// All of the above on a whole list of items that have a `name`.
Json apply_list_options(Json items, const ListOptions& options);

}  // namespace leveret::http
