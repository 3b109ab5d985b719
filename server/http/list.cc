#include "http/list.h"

#include <algorithm>
#include <charconv>

#include "broker/pattern.h"
#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::int64_t page_size_default = 100;
constexpr std::int64_t page_size_max = 500;
/// So that its place in a list still is a number.
constexpr std::int64_t page_max = std::int64_t{1} << 40U;

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

std::string lower(std::string_view text) {
  std::string lowered{text};
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered;
}

HttpError invalid_parameters() {
  return bad_request("Pagination parameters are invalid");
}

/// Nothing when it is absent. Throws HttpError 400 for what is no number; one that no page can have
/// counts as 0, which is refused later.
std::optional<std::int64_t> find_integer(const Query& query, std::string_view name) {
  const auto text = query.value(name);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc::invalid_argument || stop != end) throw invalid_parameters();
  return error == std::errc{} ? number : 0;
}

void read_page(const Query& query, ListOptions& options) {
  const auto page = find_integer(query, "page");
  const auto page_size = find_integer(query, "page_size");
  if (!page) return;
  const auto size = page_size.value_or(page_size_default);
  if (*page <= 0 || *page > page_max || size <= 0 || size > page_size_max)
    throw HttpError{400, "invalid_pagination_parameters",
                    "Invalid pagination parameters: page number " + *query.value("page") +
                        ", page size " + query.value("page_size").value_or("undefined")};
  options.page = static_cast<std::size_t>(*page);
  options.page_size = static_cast<std::size_t>(size);
}

/// A path that is wanted whole wants all that is below it, in whatever order they are named.
void add_path(Json& tree, const std::vector<std::string>& names) {
  Json* at = &tree;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i + 1 == names.size()) {
      (*at)[names[i]] = nullptr;
      return;
    }
    at = &*at->emplace(names[i], Json::object()).first;
    if (at->is_null()) return;
  }
}

void keep(Json& value, const Json& tree) {
  if (tree.is_null()) return;
  if (value.is_array()) {
    for (Json& item : value) keep(item, tree);
  } else if (value.is_object()) {
    Json kept = Json::object();
    for (const auto& [name, below] : tree.items()) {
      const auto it = value.find(name);
      if (it == value.end()) continue;
      keep(*it, below);
      kept[name] = std::move(*it);
    }
    value = std::move(kept);
  }
}

}  // namespace

NameFilter::NameFilter(const std::string& text, bool is_pattern) {
  if (!is_pattern) {
    text_ = lower(text);
    return;
  }
  try {
    // As a group of its own, so that the flag is for all of it.
    pattern_ = std::make_shared<broker::Pattern>("(?i:" + text + ")");
  } catch (const broker::PatternError& error) {
    throw bad_request("'name' is not a pattern: " + std::string{error.what()});
  }
}

bool NameFilter::matches(std::string_view name) const {
  if (pattern_) return pattern_->matches(name);
  return text_.empty() || lower(name).find(text_) != std::string::npos;
}

ListOptions read_list_options(const Query& query) {
  ListOptions options;
  read_page(query, options);
  const std::string name = query.value("name").value_or("");
  if (!name.empty()) options.name = NameFilter{name, query.value("use_regex") == "true"};
  options.sort = query.value("sort").value_or("");
  options.sort_reverse = query.value("sort_reverse") == "true";
  options.columns = split(query.value("columns").value_or(""), ',');
  return options;
}

PageRange page_range(const ListOptions& options, std::size_t filtered_count) {
  if (!options.page) return {0, filtered_count};
  const std::size_t first = (*options.page - 1) * options.page_size;
  if (first > filtered_count)
    throw HttpError{400, "page_out_of_range",
                    "Page out of range, page: " + std::to_string(*options.page) +
                        " page size: " + std::to_string(options.page_size) +
                        ", len: " + std::to_string(filtered_count)};
  return {first, std::min(options.page_size, filtered_count - first)};
}

Json page_json(const ListOptions& options, Json items, std::size_t filtered_count,
               std::size_t total_count) {
  const std::size_t page_count = (filtered_count + options.page_size - 1) / options.page_size;
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

Json value_at(const Json& item, const std::string& path) {
  const Json* found = find_path(item, split(path, '.'));
  return found ? *found : Json{};
}

Columns::Columns(const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  // Copied by recursion; and nothing that is listed is nested as deep.
  constexpr std::size_t depth_max = 64;
  tree_ = Json::object();
  for (const std::string& path : paths) {
    std::vector<std::string> names = split(path, '.');
    names.resize(std::min(names.size(), depth_max));
    add_path(tree_, names);
  }
}

Json keep_columns(Json item, const Query& query) {
  Columns{split(query.value("columns").value_or(""), ',')}.keep(item);
  return item;
}

void Columns::keep(Json& item) const {
  if (!are_all()) http::keep(item, tree_);
}

Json apply_list_options(Json items, const ListOptions& options) {
  const std::size_t total_count = items.size();
  auto& array = items.get_ref<Json::array_t&>();
  if (!options.name.is_open())
    std::erase_if(array, [&](const Json& item) {
      const auto it = item.find("name");
      return it == item.end() || !it->is_string() ||
             !options.name.matches(it->get_ref<const std::string&>());
    });
  if (!options.sort.empty()) sort_items(items, options.sort, options.sort_reverse);
  const std::size_t filtered_count = array.size();
  const PageRange range = page_range(options, filtered_count);
  const auto first = array.begin() + static_cast<std::ptrdiff_t>(range.first);
  Json shown = Json::array();
  shown.get_ref<Json::array_t&>().assign(
      std::make_move_iterator(first),
      std::make_move_iterator(first + static_cast<std::ptrdiff_t>(range.count)));
  Columns{options.columns}.keep(shown);
  if (!options.page) return shown;
  return page_json(options, std::move(shown), filtered_count, total_count);
}

}  // namespace leveret::http
