#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace leveret::broker {

/// The first or the last rows of many, in the order of `sort_key(view)`: one that does not belong
/// to them is not even made. Two rows of one key are the same one, met twice.
template <class View>
class Window {
 public:
  /// Keeps `limit` rows, all of them without one, and those at the end of the order with
  /// `from_end`.
  Window(std::optional<std::size_t> limit, bool from_end) : limit_(limit), from_end_(from_end) {}

  /// Keeps `make()`, whose key is `key`, if it belongs here.
  template <class Key, class Make>
  void offer(const Key& key, Make make) {
    if (!limit_) {
      all_.push_back(make());
      return;
    }
    if (kept_.size() >= *limit_ && !pushes_out(key)) return;
    if (kept_.find(key) != kept_.end()) return;
    kept_.insert(make());
    if (kept_.size() > *limit_) kept_.erase(from_end_ ? kept_.begin() : std::prev(kept_.end()));
  }

  /// What has been kept since the last time, in order.
  std::vector<View> take() {
    std::vector<View> rows = std::exchange(all_, {});
    while (!kept_.empty()) rows.push_back(std::move(kept_.extract(kept_.begin()).value()));
    if (limit_) return rows;
    std::ranges::sort(rows, Before{});
    // Not std::ranges::unique, whose subrange clang 14 cannot compile.
    const auto is_same = [](const View& a, const View& b) { return sort_key(a) == sort_key(b); };
    rows.erase(std::unique(rows.begin(), rows.end(), is_same), rows.end());
    return rows;
  }

 private:
  struct Before {
    using is_transparent = void;
    bool operator()(const View& a, const View& b) const { return sort_key(a) < sort_key(b); }
    template <class Key>
    bool operator()(const View& a, const Key& b) const {
      return sort_key(a) < b;
    }
    template <class Key>
    bool operator()(const Key& a, const View& b) const {
      return a < sort_key(b);
    }
  };

  template <class Key>
  bool pushes_out(const Key& key) const {
    return from_end_ ? sort_key(*kept_.begin()) < key : key < sort_key(*std::prev(kept_.end()));
  }

  std::optional<std::size_t> limit_;
  bool from_end_;
  std::set<View, Before> kept_;
  std::vector<View> all_;
};

}  // namespace leveret::broker
