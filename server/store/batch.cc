#include "store/batch.h"

#include <iterator>
#include <utility>

namespace leveret::store {

void Batch::take(Batch& later) {
  if (is_empty()) {
    std::swap(*this, later);  // Both keep their memory.
    later.clear();
    return;
  }
  const std::size_t before = ops.size();
  ops.insert(ops.end(), std::move_iterator(later.ops.begin()), std::move_iterator(later.ops.end()));
  for (Turn turn : later.turns) {
    turn.ops_end += before;
    turns.push_back(turn);
  }
  bytes += later.bytes;
  later.clear();
}

void Batch::clear() {
  ops.clear();
  turns.clear();
  bytes = 0;
}

}  // namespace leveret::store
