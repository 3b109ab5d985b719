#include "broker/pattern.h"

#include <string>

namespace leveret::broker {
namespace {

constexpr std::size_t pattern_bytes_max = 4096;
/// What repeats may make of it.
constexpr std::size_t steps_max = 16384;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_at(part::Place place, std::string_view text, std::size_t at) {
  const auto is_boundary = [&] {
    const bool before = at > 0 && is_word(text[at - 1]);
    const bool after = at < text.size() && is_word(text[at]);
    return before != after;
  };
  switch (place) {
    case part::Place::text_start: return at == 0;
    case part::Place::text_end: return at == text.size();
    case part::Place::text_end_before_newline:
      return at == text.size() || (at + 1 == text.size() && text[at] == '\n');
    case part::Place::line_start: return at == 0 || (text[at - 1] == '\n' && at < text.size());
    case part::Place::line_end: return at == text.size() || text[at] == '\n';
    case part::Place::word_boundary: return is_boundary();
    case part::Place::inside_word_or_gap: return !is_boundary();
  }
  return false;
}

}  // namespace

/// Writes steps from the end of a pattern to its start: each part is told what follows it.
class Pattern::Compiler {
 public:
  Compiler(Pattern& pattern, const PatternTree& tree) : pattern_(pattern), tree_(tree) {}

  Program compile(part::Index root) {
    Program program;
    program.first = static_cast<State>(pattern_.steps_.size());
    program.entry = write(root, add({}));
    program.last = static_cast<State>(pattern_.steps_.size());
    return program;
  }

  /// Looks inside looks first. Parts name only earlier parts, so their order will do.
  void compile_looks() {
    number_of_look_.resize(tree_.parts.size());
    for (std::size_t i = 0; i < tree_.parts.size(); ++i) {
      const auto* look = std::get_if<part::Look>(&tree_.parts[i]);
      if (look == nullptr) continue;
      Program program = compile(look->item);
      program.look = *look;
      number_of_look_[i] = static_cast<std::uint32_t>(pattern_.looks_.size());
      pattern_.looks_.push_back(program);
    }
  }

 private:
  State add(const Step& step) {
    pattern_.steps_.push_back(step);
    return static_cast<State>(pattern_.steps_.size() - 1);
  }

  State write(part::Index index, State next) {
    // A repeat of nothing writes nothing: calls count too.
    if (++written_ > steps_max) throw PatternError("regular expression is too large", 0);
    const PatternPart& each = tree_.parts[index];
    if (const auto* bytes = std::get_if<part::Bytes>(&each)) {
      pattern_.sets_.push_back(bytes->set);
      return add({.kind = Step::Kind::bytes,
                  .next = next,
                  .which = static_cast<std::uint32_t>(pattern_.sets_.size() - 1)});
    }
    if (const auto* sequence = std::get_if<part::Sequence>(&each)) {
      for (auto item = sequence->items.rbegin(); item != sequence->items.rend(); ++item)
        next = write(*item, next);
      return next;
    }
    if (const auto* choice = std::get_if<part::Choice>(&each)) return write(*choice, next);
    if (const auto* repeat = std::get_if<part::Repeat>(&each)) return write(*repeat, next);
    if (const auto* assertion = std::get_if<part::Assertion>(&each))
      return add({.kind = Step::Kind::place, .place = assertion->place, .next = next});
    return add({.kind = Step::Kind::look, .next = next, .which = number_of_look_[index]});
  }

  State write(const part::Choice& choice, State next) {
    State entry = write(choice.branches.back(), next);
    for (auto branch = choice.branches.rbegin() + 1; branch != choice.branches.rend(); ++branch) {
      const State one = write(*branch, next);
      entry = add({.kind = Step::Kind::fork, .next = one, .other = entry});
    }
    return entry;
  }

  State write(const part::Repeat& repeat, State next) {
    if (repeat.max == part::unlimited) {
      const State loop = add({.kind = Step::Kind::fork, .next = next, .other = next});
      const State body = write(repeat.item, loop);
      pattern_.steps_[loop].next = body;
      next = loop;
    } else {
      const State end = next;
      for (std::uint32_t i = repeat.min; i < repeat.max; ++i) {
        const State one = write(repeat.item, next);
        next = add({.kind = Step::Kind::fork, .next = one, .other = end});
      }
    }
    for (std::uint32_t i = 0; i < repeat.min; ++i) next = write(repeat.item, next);
    return next;
  }

  Pattern& pattern_;
  const PatternTree& tree_;
  std::vector<std::uint32_t> number_of_look_;
  std::size_t written_ = 0;
};

Pattern::Pattern(std::string_view pattern) {
  if (pattern.size() > pattern_bytes_max)
    throw PatternError("regular expression is too large: " + std::to_string(pattern.size()) +
                           " bytes, " + std::to_string(pattern_bytes_max) + " are allowed",
                       pattern_bytes_max);
  const PatternTree tree = parse_pattern(pattern);
  Compiler compiler{*this, tree};
  compiler.compile_looks();
  main_ = compiler.compile(tree.root);

  const auto for_each_edge = [this](auto on_edge) {
    for (State s = 0; s < steps_.size(); ++s) {
      const Step::Kind kind = steps_[s].kind;
      if (kind == Step::Kind::bytes || kind == Step::Kind::accept) continue;
      on_edge(s, steps_[s].next);
      if (kind == Step::Kind::fork) on_edge(s, steps_[s].other);
    }
  };
  offsets_.resize(steps_.size() + 1);
  for_each_edge([this](State, State to) { ++offsets_[to + 1]; });
  for (std::size_t s = 1; s < offsets_.size(); ++s) offsets_[s] += offsets_[s - 1];
  predecessors_.resize(offsets_.back());
  std::vector<std::uint32_t> filled(offsets_.begin(), offsets_.end() - 1);
  for_each_edge([&](State from, State to) { predecessors_[filled[to]++] = from; });
}

Pattern::Places Pattern::run(const Program& program, std::string_view text,
                             const std::vector<Places>& looks) const {
  Places found(text.size() + 1);
  const std::size_t count = program.last - program.first;
  std::vector<bool> leads(count);  // to a match, from the place at hand
  std::vector<bool> leads_later(count);
  std::vector<State> reached;
  for (std::size_t at = text.size() + 1; at-- > 0;) {
    std::swap(leads, leads_later);
    leads.assign(count, false);
    const auto reach = [&](State s) {
      if (leads[s - program.first]) return;
      leads[s - program.first] = true;
      reached.push_back(s);
    };
    for (State s = program.first; s < program.last; ++s) {
      const Step& step = steps_[s];
      if (step.kind == Step::Kind::accept) reach(s);
      if (step.kind == Step::Kind::bytes && at < text.size() &&
          leads_later[step.next - program.first] &&
          sets_[step.which][static_cast<unsigned char>(text[at])])
        reach(s);
    }
    while (!reached.empty()) {
      const State to = reached.back();
      reached.pop_back();
      for (std::uint32_t i = offsets_[to]; i < offsets_[to + 1]; ++i) {
        const Step& step = steps_[predecessors_[i]];
        if (step.kind == Step::Kind::place && !is_at(step.place, text, at)) continue;
        if (step.kind == Step::Kind::look && !looks[step.which][at]) continue;
        reach(predecessors_[i]);
      }
    }
    found[at] = leads[program.entry - program.first];
  }
  return found;
}

bool Pattern::matches(std::string_view text) const {
  std::vector<Places> looks;
  looks.reserve(looks_.size());
  for (const Program& program : looks_) {
    const Places found = run(program, text, looks);
    Places holds(text.size() + 1);
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const std::size_t back = program.look.behind ? program.look.width : 0;
      holds[at] = (at >= back && found[at - back]) != program.look.negated;
    }
    looks.push_back(std::move(holds));
  }
  const Places found = run(main_, text, looks);
  for (const bool is_match : found)
    if (is_match) return true;
  return false;
}

}  // namespace leveret::broker
