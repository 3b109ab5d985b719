#include "http/list.h"

#include <algorithm>

#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::size_t page_size_max = 500;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = text.find(separator, start);
    if (end != start && start < text.size()) parts.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

const Json* find_path(const Json& item, const std::vector<std::string>& path) {
  const Json* at = &item;
  for (const std::string& name : path) {
    if (!at->is_object()) return nullptr;
    const auto it = at->find(name);
    if (it == at->end()) return nullptr;
    at = &*it;
  }
  return at;
}

void put_path(Json& item, const std::vector<std::string>& path, const Json& value) {
  Json* at = &item;
  for (const std::string& name : path) at = &(*at)[name];
  *at = value;
}

HttpError invalid_pagination(const std::string& reason) {
  return {400, "invalid_pagination_parameters", "Invalid pagination parameters: " + reason};
}

}  // namespace

ListOptions read_list_options(const Query& query) {
  ListOptions options;
  if (query.flag("use_regex"))
    throw bad_request("'use_regex' is not supported: 'name' finds names that contain a text");
  if (query.raw("page")) {
    options.page = *query.number("page", 0, 1'000'000'000);
    options.page_size = query.number("page_size", 0, 1'000'000'000).value_or(100);
    if (*options.page == 0 || options.page_size == 0 || options.page_size > page_size_max)
      throw invalid_pagination("page number " + std::to_string(*options.page) + ", page size " +
                               std::to_string(options.page_size));
  }
  options.name = query.value("name").value_or("");
  options.sort = query.value("sort").value_or("");
  options.sort_reverse = query.flag("sort_reverse");
  options.columns = split(query.value("columns").value_or(""), ',');
  return options;
}

PageRange page_range(const ListOptions& options, std::size_t filtered_count) {
  if (!options.page) return {0, filtered_count};
  const std::size_t first = (*options.page - 1) * options.page_size;
  if (first >= filtered_count && *options.page > 1)
    throw HttpError{400, "page_out_of_range",
                    "Page out of range, page: " + std::to_string(*options.page) +
                        " page size: " + std::to_string(options.page_size) +
                        ", len: " + std::to_string(filtered_count)};
  return {first, std::min(options.page_size, filtered_count - first)};
}

Json page_json(const ListOptions& options, Json items, std::size_t filtered_count,
               std::size_t total_count) {
  const std::size_t page_count =
      std::max<std::size_t>(1, (filtered_count + options.page_size - 1) / options.page_size);
  const std::size_t item_count = items.size();
  return {{"filtered_count", filtered_count}, {"item_count", item_count},
          {"items", std::move(items)},        {"page", *options.page},
          {"page_count", page_count},         {"page_size", options.page_size},
          {"total_count", total_count}};
}

void sort_items(Json& items, const std::string& path_text, bool reverse) {
  const std::vector<std::string> path = split(path_text, '.');
  const Json null;
  auto& array = items.get_ref<Json::array_t&>();
  const auto key = [&](const Json& item) -> const Json& {
    const Json* found = find_path(item, path);
    return found ? *found : null;
  };
  std::ranges::stable_sort(array, [&](const Json& a, const Json& b) {
    return reverse ? key(b) < key(a) : key(a) < key(b);
  });
}

void keep_columns(Json& items, const std::vector<std::string>& columns) {
  if (columns.empty()) return;
  for (Json& item : items) {
    Json kept = Json::object();
    for (const std::string& column : columns) {
      const std::vector<std::string> path = split(column, '.');
      if (const Json* value = find_path(item, path)) put_path(kept, path, *value);
    }
    item = std::move(kept);
  }
}

Json apply_list_options(Json items, const ListOptions& options) {
  const std::size_t total_count = items.size();
  auto& array = items.get_ref<Json::array_t&>();
  if (!options.name.empty())
    std::erase_if(array, [&](const Json& item) {
      const auto it = item.find("name");
      return it == item.end() || !it->is_string() ||
             it->get_ref<const std::string&>().find(options.name) == std::string::npos;
    });
  if (!options.sort.empty()) sort_items(items, options.sort, options.sort_reverse);
  const std::size_t filtered_count = array.size();
  const PageRange range = page_range(options, filtered_count);
  const auto first = array.begin() + static_cast<std::ptrdiff_t>(range.first);
  Json shown = Json::array();
  shown.get_ref<Json::array_t&>().assign(
      std::make_move_iterator(first),
      std::make_move_iterator(first + static_cast<std::ptrdiff_t>(range.count)));
  keep_columns(shown, options.columns);
  if (!options.page) return shown;
  return page_json(options, std::move(shown), filtered_count, total_count);
}

}  // namespace leveret::http
