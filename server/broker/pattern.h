#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/pattern_syntax.h"

namespace leveret::broker {

/// A regular expression for names that cannot run away: matching takes time in proportion to the
/// pattern's size times the name's length, whatever the pattern is, and neither recursion nor
/// memory that grows. That is so because the states that lead to a match are found for one place of
/// the name after the other, from its end to its start, instead of trying ways and turning back.
class Pattern {
 public:
  /// Throws PatternError: see parse_pattern; and when the pattern is too large.
  explicit Pattern(std::string_view pattern);

  /// Whether it matches somewhere in `text`.
  bool matches(std::string_view text) const;

 private:
  using State = std::uint32_t;
  struct Step {
    enum class Kind : std::uint8_t { bytes, fork, place, look, accept };
    Kind kind = Kind::accept;
    part::Place place = {};
    State next = 0;
    State other = 0;          // of a fork
    std::uint32_t which = 0;  // index into sets_ or looks_
  };
  /// The main pattern, or one look.
  struct Program {
    State first = 0;  // its steps are [first, last)
    State last = 0;
    State entry = 0;
    part::Look look;
  };
  /// Which places of the text a look holds at.
  using Places = std::vector<bool>;
  class Compiler;

  /// For each place, whether `program` matches from there.
  Places run(const Program& program, std::string_view text, const std::vector<Places>& looks) const;

  std::vector<Step> steps_;
  std::vector<ByteSet> sets_;
  std::vector<Program> looks_;  // inner ones before those that hold them
  Program main_;
  /// For each step, those that lead to it without taking a byte: predecessors_[i] from offsets_[s]
  /// to offsets_[s + 1].
  std::vector<State> predecessors_;
  std::vector<std::uint32_t> offsets_;
};

}  // namespace leveret::broker
