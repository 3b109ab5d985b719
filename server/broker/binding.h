#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "amqp/table.h"

namespace leveret::broker {

class Exchange;
class Queue;

/// Routes from `source` to one queue or one exchange.
struct Binding {
  Exchange* source = nullptr;
  Queue* queue = nullptr;        // the destination: either this
  Exchange* exchange = nullptr;  // or this
  std::string routing_key;
  amqp::Table arguments;
  bool is_durable = false;  // stored: both its ends are
  // Where the two lists that hold it keep it (see BindingList).
  mutable std::array<std::size_t, 2> places{};
};

/// Which of the two: its source's routing index, or what leads to its destination.
enum BindingListKind : std::size_t { in_index, incoming };

inline const Binding& binding_of(const Binding* row) {
  return *row;
}

/// Bindings in no order. Each knows its place, so that one of many goes as fast as one of few. A
/// row is a pointer to the binding, or a struct that holds it as `binding`.
template <BindingListKind kind, class Row = const Binding*>
class BindingList {
 public:
  void add(Row row) {
    binding_of(row).places[kind] = rows_.size();
    rows_.push_back(std::move(row));
  }
  void remove(const Binding& binding) {
    const std::size_t place = binding.places[kind];
    if (place + 1 < rows_.size()) {
      rows_[place] = std::move(rows_.back());
      binding_of(rows_[place]).places[kind] = place;
    }
    rows_.pop_back();
  }
  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  const Row& operator[](std::size_t place) const { return rows_[place]; }
  const Row& back() const { return rows_.back(); }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }

 private:
  std::vector<Row> rows_;
};

/// What one key or pattern of a routing index leads to.
using IndexedBindings = BindingList<in_index>;
/// All that lead to one queue or exchange; they are owned by their sources.
using IncomingBindings = BindingList<incoming>;

}  // namespace leveret::broker
