#include <algorithm>
#include <array>
#include <utility>

#include "http/definitions/definitions.h"
#include "http/definitions/item.h"
#include "http/definitions/objects.h"
#include "http/error.h"
#include "http/json.h"

namespace leveret::http {
namespace {

// What a body may make us build. An object's arguments are a table of AMQP, which has limits of its
// own; these are wider.
constexpr std::size_t depth_max = 48;
constexpr std::size_t values_of_object_max = 100'000;
constexpr std::size_t objects_max = 2'000'000;

/// Receives the parser's events and keeps one object of one list at a time.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  Reader(std::string_view text, const std::string& vhost, ImportErrors& errors)
      : text_(text), vhost_(vhost), errors_(errors) {}

  Definitions take() { return std::move(definitions_); }

  bool null() override { return add(Json{}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (depth_ == 1) return begin_member(name);
    if (stack_.empty()) return true;  // of something that nobody reads
    keys_.back() = name;
    if (stack_.back()->contains(name)) return fail(here(), "stands there twice");
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // Numbers beyond all bounds are told of as if they were broken syntax.
    const std::string_view before = text_.substr(0, std::min(position, text_.size()));
    const std::size_t newline = before.rfind('\n');
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column =
        before.size() - (newline == std::string_view::npos ? 0 : newline + 1);
    static_cast<void>(error);
    errors_.add(where(), "the body is not JSON: broken at line " + std::to_string(line) +
                             ", column " + std::to_string(column));
    return false;
  }

 private:
  bool fail(std::string place, std::string reason) {
    errors_.add(std::move(place), std::move(reason));
    return false;
  }

  std::string where() const {
    return list_ ? place_of(list_->name, index_) : member_.empty() ? "body" : member_;
  }

  /// With the keys that lead to the value which is being read.
  std::string here() const {
    std::string place = where();
    for (const std::string& key : keys_)
      if (!key.empty()) place += "." + key;
    return place;
  }

  bool begin_member(const std::string& name) {
    if (std::ranges::find(seen_, name) != seen_.end()) return fail(name, "stands there twice");
    constexpr std::size_t members_max = 1000;
    if (seen_.size() >= members_max) return fail("body", "has too many members");
    seen_.push_back(name);
    member_ = name;
    list_ = find_object_list(name);
    index_ = 0;
    if (list_ && !vhost_.empty() && !list_->is_of_vhost) {
      definitions_.notes.push_back(name + ": left out, they belong to no virtual host");
      list_ = nullptr;
    }
    return true;
  }

  bool add(Json value) {
    if (depth_ == 0)
      return fail("body",
                  "is of type " + std::string{value.type_name()} + ", an object is expected");
    if (!list_) return true;
    if (depth_ == 1)
      return value.is_null() ||
             fail(member_, "is of type " + std::string{value.type_name()} + ", a list is expected");
    if (depth_ == 2) {
      errors_.add(where(),
                  "is of type " + std::string{value.type_name()} + ", an object is expected");
      ++index_;
      return !errors_.is_full();
    }
    return count() && insert(std::move(value)) != nullptr;
  }

  bool open(Json value) {
    if (++depth_ > depth_max)
      return fail(where(), "is nested deeper than " + std::to_string(depth_max));
    if (depth_ == 1) return value.is_object() || fail("body", "is a list, an object is expected");
    if (!list_) return true;
    if (depth_ == 2)
      return value.is_array() || fail(member_, "is of type object, a list is expected");
    if (depth_ == 3) {
      if (!value.is_object()) return fail(where(), "is of type array, an object is expected");
      values_ = 0;
      object_ = Json::object();
      stack_.assign(1, &object_);
      keys_.assign(1, {});
      return true;
    }
    if (!count()) return false;
    stack_.push_back(insert(std::move(value)));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    const std::size_t depth = depth_--;
    if (!list_ || depth < 3) return true;
    stack_.pop_back();
    keys_.pop_back();
    if (depth > 3) return true;
    if (++objects_ > objects_max)
      return fail(where(),
                  "is one object too many: " + std::to_string(objects_max) + " are allowed");
    list_->take(Item{object_, list_->name, index_, errors_}, vhost_, definitions_);
    ++index_;
    return !errors_.is_full();
  }

  bool count() {
    return ++values_ <= values_of_object_max || fail(where(), "holds too many values");
  }

  /// Objects are maps and stay where they are; a list does not grow while its last is open.
  Json* insert(Json value) {
    Json& parent = *stack_.back();
    if (parent.is_object()) return &(parent[keys_.back()] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  std::string_view text_;
  const std::string& vhost_;
  ImportErrors& errors_;
  Definitions definitions_;
  std::size_t depth_ = 0;
  std::vector<std::string> seen_;
  std::string member_;
  const ObjectList* list_ = nullptr;
  std::size_t index_ = 0;
  std::size_t objects_ = 0;
  std::size_t values_ = 0;
  Json object_;
  std::vector<Json*> stack_;
  std::vector<std::string> keys_;
};

}  // namespace

Definitions read_definitions(std::string_view json, const std::string& vhost,
                             ImportErrors& errors) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (json.starts_with(byte_order_mark)) json.remove_prefix(byte_order_mark.size());
  if (json.empty()) return {};  // as RabbitMQ takes it
  Reader reader{json, vhost, errors};
  Json::sax_parse(json, &reader);
  return reader.take();
}

}  // namespace leveret::http
