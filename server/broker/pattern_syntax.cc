#include "broker/pattern_syntax.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace leveret::broker {
namespace {

using part::Index;

/// Groups in groups: the parser calls itself for each.
constexpr int depth_max = 100;
constexpr std::uint32_t repeat_max = 1000;

struct Flags {
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  bool extended = false;
};

unsigned byte_of(char c) {
  return static_cast<unsigned char>(c);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(unsigned c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

ByteSet set_of(bool (*belongs)(unsigned)) {
  ByteSet set;
  for (unsigned c = 0; c < 256; ++c) set[c] = belongs(c);
  return set;
}
ByteSet digits() {
  return set_of([](unsigned c) { return c >= '0' && c <= '9'; });
}
ByteSet words() {
  return set_of([](unsigned c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}
ByteSet spaces() {
  return set_of([](unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}
ByteSet horizontal_spaces() {
  return set_of([](unsigned c) { return c == ' ' || c == '\t' || c == 0xa0; });
}
ByteSet vertical_spaces() {
  return set_of([](unsigned c) { return (c >= '\n' && c <= '\r') || c == 0x85; });
}

/// The class that \d, \W, ... name; nothing for any other letter.
std::optional<ByteSet> class_of_escape(char letter) {
  switch (letter) {
    case 'd': return digits();
    case 'D': return ~digits();
    case 'w': return words();
    case 'W': return ~words();
    case 's': return spaces();
    case 'S': return ~spaces();
    case 'h': return horizontal_spaces();
    case 'H': return ~horizontal_spaces();
    case 'v': return vertical_spaces();
    case 'V': return ~vertical_spaces();
    default: return std::nullopt;
  }
}

struct NamedClass {
  std::string_view name;
  bool (*belongs)(unsigned);
};
constexpr std::array<NamedClass, 14> named_classes{{
    {"alpha", is_letter},
    {"digit", [](unsigned c) { return c >= '0' && c <= '9'; }},
    {"alnum", [](unsigned c) { return is_letter(c) || (c >= '0' && c <= '9'); }},
    {"lower", [](unsigned c) { return c >= 'a' && c <= 'z'; }},
    {"upper", [](unsigned c) { return c >= 'A' && c <= 'Z'; }},
    {"word", [](unsigned c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }},
    {"space", [](unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); }},
    {"blank", [](unsigned c) { return c == ' ' || c == '\t'; }},
    {"cntrl", [](unsigned c) { return c < 0x20 || c == 0x7f; }},
    {"graph", [](unsigned c) { return c > 0x20 && c < 0x7f; }},
    {"print", [](unsigned c) { return c >= 0x20 && c < 0x7f; }},
    {"punct",
     [](unsigned c) { return c > 0x20 && c < 0x7f && !is_letter(c) && !(c >= '0' && c <= '9'); }},
    {"xdigit",
     [](unsigned c) {
       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
     }},
    {"ascii", [](unsigned c) { return c < 0x80; }},
}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  PatternTree parse() {
    tree_.root = parse_choice(0);
    if (!at_end()) fail("unmatched parentheses", at_);
    return std::move(tree_);
  }

 private:
  struct Width {
    std::uint64_t min = 0;
    std::uint64_t max = 0;
  };

  [[noreturn]] static void fail(const std::string& what, std::size_t position) {
    throw PatternError(what, position);
  }
  [[noreturn]] static void unsupported(const std::string& what, std::size_t position) {
    fail(what + " are not supported", position);
  }

  bool at_end() const { return at_ == text_.size(); }
  bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!sees(what)) return false;
    at_ += what.size();
    return true;
  }
  template <class Part>
  Index add(Part part) {
    tree_.parts.emplace_back(std::move(part));
    return static_cast<Index>(tree_.parts.size() - 1);
  }
  Index add_bytes(ByteSet set) {
    if (flags_.ignore_case) set = without_case(set);
    return add(part::Bytes{set});
  }
  Index add_byte(unsigned c) { return add_bytes(ByteSet{}.set(c)); }
  Index add_place(part::Place place) { return add(part::Assertion{place}); }

  static ByteSet without_case(ByteSet set) {
    for (unsigned c = 'a'; c <= 'z'; ++c) {
      const unsigned upper = c - 'a' + 'A';
      set[c] = set[upper] = set[c] || set[upper];
    }
    return set;
  }

  /// Branches up to the end or a closing parenthesis. Flags set inside end with it.
  Index parse_choice(int depth) {
    if (depth > depth_max) fail("parentheses are too deeply nested", at_);
    const Flags outside = flags_;
    part::Choice choice;
    do choice.branches.push_back(parse_sequence(depth));
    while (take("|"));
    flags_ = outside;
    if (choice.branches.size() == 1) return choice.branches.front();
    return add(std::move(choice));
  }

  Index parse_sequence(int depth) {
    part::Sequence sequence;
    skip_ignored();
    while (!at_end() && (is_quoting_ || (text_[at_] != '|' && text_[at_] != ')'))) {
      const std::optional<Index> item = parse_item(depth);
      skip_ignored();
      if (item) sequence.items.push_back(parse_quantifier(*item));
      skip_ignored();
    }
    return add(std::move(sequence));
  }

  /// The end of a quotation, comments, and with flag x white space.
  void skip_ignored() {
    while (!at_end()) {
      if (take("\\E"))
        is_quoting_ = false;
      else if (is_quoting_ || !skip_comment())
        return;
    }
  }

  bool skip_comment() {
    const auto skip_to = [this](char end) {
      while (!at_end() && text_[at_] != end) ++at_;
    };
    if (take("(?#")) {
      skip_to(')');
      if (!take(")")) fail("missing ) after comment", at_);
      return true;
    }
    if (!flags_.extended) return false;
    if (text_[at_] == '#') {
      skip_to('\n');
      return true;
    }
    if (!spaces()[byte_of(text_[at_])]) return false;
    ++at_;
    return true;
  }

  /// Nothing for what only changes how the rest is read.
  std::optional<Index> parse_item(int depth) {
    if (is_quoting_) return add_byte(byte_of(text_[at_++]));
    const std::size_t start = at_;
    const char c = text_[at_++];
    switch (c) {
      case '.': return add_bytes(flags_.dot_all ? ~ByteSet{} : ~ByteSet{}.set('\n'));
      case '^':
        return unrepeatable(flags_.multiline ? part::Place::line_start : part::Place::text_start);
      case '$':
        return unrepeatable(flags_.multiline ? part::Place::line_end
                                             : part::Place::text_end_before_newline);
      case '(': return parse_group(start, depth);
      case '[': return parse_class();
      case '\\': return parse_escape();
      case '*':
      case '+':
      case '?': fail("nothing to repeat", start);
      case '{':
        if (find_range(start)) fail("nothing to repeat", start);
        return add_byte('{');
      default: return add_byte(byte_of(c));
    }
  }

  Index unrepeatable(part::Place place) {
    if (starts_quantifier()) fail("nothing to repeat", at_);
    return add_place(place);
  }

  bool starts_quantifier() const {
    return !at_end() && (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?' ||
                         (text_[at_] == '{' && find_range(at_)));
  }

  struct Range {
    std::uint32_t min = 0;
    std::uint32_t max = 0;
    std::size_t end = 0;
  };

  /// `{n}`, `{n,}` or `{n,m}` from `start` on; any other brace stands for itself.
  std::optional<Range> find_range(std::size_t start) const {
    std::size_t at = start + 1;
    const auto number = [&]() -> std::optional<std::uint32_t> {
      if (at >= text_.size() || !is_digit(text_[at])) return std::nullopt;
      std::uint64_t value = 0;
      for (; at < text_.size() && is_digit(text_[at]); ++at)
        value = std::min<std::uint64_t>(value * 10 + byte_of(text_[at]) - '0', 1'000'000);
      return static_cast<std::uint32_t>(value);
    };
    const auto min = number();
    if (!min) return std::nullopt;
    Range range{*min, *min, 0};
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      const auto max = number();
      range.max = max ? *max : part::unlimited;
    }
    if (at >= text_.size() || text_[at] != '}') return std::nullopt;
    range.end = at + 1;
    return range;
  }

  Index parse_quantifier(Index item) {
    if (is_quoting_ || !starts_quantifier()) return item;
    part::Repeat repeat{item, 0, part::unlimited};
    if (take("*")) {
    } else if (take("+")) {
      repeat.min = 1;
    } else if (take("?")) {
      repeat.max = 1;
    } else {
      const Range range = *find_range(at_);
      at_ = range.end;
      repeat.min = range.min;
      repeat.max = range.max;
      if (repeat.min > repeat.max) fail("numbers out of order in {} quantifier", at_ - 1);
      if (repeat.min > repeat_max || (repeat.max > repeat_max && repeat.max != part::unlimited))
        fail("number too big in {} quantifier", at_ - 1);
    }
    if (sees("+")) unsupported("possessive quantifiers", at_);
    take("?");  // The least or the most that fits: it matches all the same.
    if (std::holds_alternative<part::Look>(tree_.parts[item]))
      repeat.max = std::min(repeat.max, 1U);
    repeat.min = std::min(repeat.min, repeat.max);
    skip_ignored();
    if (starts_quantifier()) fail("nothing to repeat", at_);
    return add(repeat);
  }

  // Groups.

  std::optional<Index> parse_group(std::size_t start, int depth) {
    if (sees("*")) unsupported("verbs", at_);
    if (!take("?")) return close_group(parse_choice(depth + 1));
    if (take(":") || take("|")) return close_group(parse_choice(depth + 1));
    if (take("=")) return parse_look({}, depth);
    if (take("!")) return parse_look({.negated = true}, depth);
    if (take("<=")) return parse_look({.behind = true}, depth);
    if (take("<!")) return parse_look({.behind = true, .negated = true}, depth);
    if (take(">")) unsupported("atomic groups", start);
    if (take("(")) unsupported("conditions", start);
    if (sees("P=")) unsupported("back references", start);
    if (sees("P>") || sees("R") || sees("&") || (!at_end() && is_digit(text_[at_])))
      unsupported("references to groups", start);
    if (take("P<") || take("<")) return parse_named_group('>', depth);
    if (take("'")) return parse_named_group('\'', depth);
    return parse_flags(depth);
  }

  Index close_group(Index inside) {
    if (!take(")")) fail("missing )", at_);
    return inside;
  }

  Index parse_named_group(char end, int depth) {
    const std::size_t start = at_;
    while (!at_end() && words()[byte_of(text_[at_])]) ++at_;
    if (at_ == start || is_digit(text_[start]))
      fail(end == '>' ? "unrecognized character after (?<" : "subpattern name expected", at_);
    if (!take(std::string_view{&end, 1})) fail("syntax error in subpattern name", at_);
    return close_group(parse_choice(depth + 1));
  }

  /// `(?i)` up to the end of the group that it stands in, `(?i:...)` for a group of its own.
  std::optional<Index> parse_flags(int depth) {
    Flags flags = flags_;
    for (bool value = true;; ++at_) {
      const char c = at_end() ? '\0' : text_[at_];
      if (c == ')' || c == ':') break;
      if (c == 'i')
        flags.ignore_case = value;
      else if (c == 'm')
        flags.multiline = value;
      else if (c == 's')
        flags.dot_all = value;
      else if (c == 'x')
        flags.extended = value;
      else if (c == '-' && value)
        value = false;
      else
        fail("unrecognized character after (? or (?-", at_);
    }
    if (take(")")) {
      flags_ = flags;
      return std::nullopt;
    }
    ++at_;
    const Flags outside = std::exchange(flags_, flags);
    const Index inside = parse_choice(depth + 1);
    flags_ = outside;
    return close_group(inside);
  }

  Index parse_look(part::Look look, int depth) {
    look.item = close_group(parse_choice(depth + 1));
    if (!look.behind) return add(look);
    // As in PCRE each branch may have a width of its own: each looks back by itself.
    std::vector<Index> branches{look.item};
    if (const auto* choice = std::get_if<part::Choice>(&tree_.parts[look.item]))
      branches = choice->branches;
    part::Choice looks;
    part::Sequence refusals;
    for (const Index branch : branches) {
      const Width width = width_of(branch);
      if (width.min != width.max) fail("lookbehind assertion is not fixed length", at_ - 1);
      look.item = branch;
      look.width = static_cast<std::uint32_t>(width.min);
      (look.negated ? refusals.items : looks.branches).push_back(add(look));
    }
    if (look.negated) return add(std::move(refusals));
    return add(std::move(looks));
  }

  /// How many bytes a part takes; capped, since no name is that long. Parts name only earlier ones,
  /// but one may be named often: repeats multiply, so nothing is walked twice here.
  Width width_of(Index index) const {
    constexpr std::uint64_t cap = 1'000'000;
    std::vector<Width> widths(index + 1);
    for (Index i = 0; i <= index; ++i) {
      Width width;
      const PatternPart& each = tree_.parts[i];
      if (std::holds_alternative<part::Bytes>(each)) {
        width = {1, 1};
      } else if (const auto* sequence = std::get_if<part::Sequence>(&each)) {
        for (const Index item : sequence->items) {
          width.min += widths[item].min;
          width.max += widths[item].max;
        }
      } else if (const auto* choice = std::get_if<part::Choice>(&each)) {
        width = widths[choice->branches.front()];
        for (const Index branch : choice->branches) {
          width.min = std::min(width.min, widths[branch].min);
          width.max = std::max(width.max, widths[branch].max);
        }
      } else if (const auto* repeat = std::get_if<part::Repeat>(&each)) {
        width.min = widths[repeat->item].min * repeat->min;
        width.max = repeat->max == part::unlimited ? (widths[repeat->item].max == 0 ? 0 : cap)
                                                   : widths[repeat->item].max * repeat->max;
      }
      widths[i] = {std::min(width.min, cap), std::min(width.max, cap)};
    }
    return widths[index];
  }

  // Escapes.

  std::optional<Index> parse_escape() {
    if (at_end()) fail("\\ at end of pattern", at_);
    const char c = text_[at_];
    if (c == 'Q') {
      ++at_;
      is_quoting_ = true;
      return std::nullopt;
    }
    if (const auto set = class_of_escape(c)) {
      ++at_;
      return add_bytes(*set);
    }
    ++at_;
    switch (c) {
      case 'b': return unrepeatable(part::Place::word_boundary);
      case 'B': return unrepeatable(part::Place::inside_word_or_gap);
      case 'A': return unrepeatable(part::Place::text_start);
      case 'Z': return unrepeatable(part::Place::text_end_before_newline);
      case 'z': return unrepeatable(part::Place::text_end);
      case 'N': return add_bytes(~ByteSet{}.set('\n'));
      case 'g':
      case 'k': unsupported("back references", at_ - 2);
      case 'p':
      case 'P':
      case 'X':
      case 'C':
      case 'R': unsupported("Unicode escapes", at_ - 2);
      case 'G':
      case 'K': unsupported("\\G and \\K", at_ - 2);
      default: break;
    }
    if (c >= '1' && c <= '9') unsupported("back references", at_ - 2);
    --at_;
    return add_byte(parse_escaped_byte());
  }

  /// What stands behind a backslash and means one byte.
  unsigned parse_escaped_byte() {
    const char c = text_[at_++];
    switch (c) {
      case 'a': return '\a';
      case 'e': return 0x1b;
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case '0': return parse_octal();
      case 'x': return parse_hex();
      case 'c':
        if (at_end()) fail("\\c at end of pattern", at_);
        return (static_cast<unsigned>(is_letter(byte_of(text_[at_])) ? text_[at_++] & 0xdf
                                                                     : text_[at_++]) ^
                0x40U) &
               0xffU;
      case 'L':
      case 'l':
      case 'U':
      case 'u': fail("PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u", at_ - 1);
      default: return byte_of(c);
    }
  }

  unsigned parse_octal() {
    unsigned value = 0;
    for (int i = 0; i < 2 && !at_end() && text_[at_] >= '0' && text_[at_] <= '7'; ++i)
      value = value * 8 + byte_of(text_[at_++]) - '0';
    return value;
  }

  unsigned parse_hex() {
    const bool in_braces = take("{");
    unsigned value = 0;
    for (int i = 0; (in_braces || i < 2) && !at_end() && hex_value(text_[at_]) >= 0; ++i) {
      value = value * 16 + static_cast<unsigned>(hex_value(text_[at_++]));
      if (value > 0xff) fail("character value in \\x{} or \\o{} is too large", at_ - 1);
    }
    if (in_braces && !take("}")) fail("non-hex character in \\x{} (closing brace missing?)", at_);
    return value;
  }

  // Classes.

  Index parse_class() {
    const bool is_negated = take("^");
    ByteSet set;
    for (bool is_first = true;; is_first = false) {
      if (at_end()) fail("missing terminating ] for character class", at_);
      if (!is_first && take("]")) break;
      const ByteSet low = parse_class_item();
      const bool is_range = low.count() == 1 && is_single_ && text_.size() - at_ >= 2 &&
                            text_[at_] == '-' && text_[at_ + 1] != ']';
      if (!is_range) {
        set |= low;
        continue;
      }
      ++at_;
      const ByteSet high = parse_class_item();
      if (!is_single_) fail("invalid range in character class", at_ - 1);
      const unsigned first = first_of(low);
      const unsigned last = first_of(high);
      if (first > last) fail("range out of order in character class", at_ - 1);
      for (unsigned c = first; c <= last; ++c) set.set(c);
    }
    if (flags_.ignore_case) set = without_case(set);
    return add(part::Bytes{is_negated ? ~set : set});
  }

  static unsigned first_of(const ByteSet& set) {
    unsigned c = 0;
    while (!set[c]) ++c;
    return c;
  }

  /// One member; is_single_ says whether it was written as one byte.
  ByteSet parse_class_item() {
    is_single_ = false;
    if (sees("[:"))
      if (const auto named = parse_named_class()) return *named;
    is_single_ = true;
    if (!take("\\")) return ByteSet{}.set(byte_of(text_[at_++]));
    if (at_end()) fail("\\ at end of pattern", at_);
    if (const auto set = class_of_escape(text_[at_])) {
      ++at_;
      is_single_ = false;
      return *set;
    }
    if (take("b")) return ByteSet{}.set('\b');
    if (text_[at_] == 'p' || text_[at_] == 'P') unsupported("Unicode escapes", at_ - 1);
    return ByteSet{}.set(parse_escaped_byte());
  }

  std::optional<ByteSet> parse_named_class() {
    const std::size_t end = text_.find(":]", at_ + 2);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
    if (name.find_first_of("]\\[") != std::string_view::npos) return std::nullopt;
    const bool is_negated = name.starts_with('^');
    if (is_negated) name.remove_prefix(1);
    const auto it = std::ranges::find(named_classes, name, &NamedClass::name);
    if (it == named_classes.end()) fail("unknown POSIX class name", at_ + 2);
    at_ = end + 2;
    return is_negated ? ~set_of(it->belongs) : set_of(it->belongs);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  PatternTree tree_;
  Flags flags_;
  bool is_quoting_ = false;
  bool is_single_ = false;
};

}  // namespace

PatternTree parse_pattern(std::string_view pattern) {
  return Parser{pattern}.parse();
}

}  // namespace leveret::broker
