#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace leveret::broker {

/// What is wrong with a pattern: a sentence in PCRE's words and the byte where it was found.
class PatternError : public std::runtime_error {
 public:
  PatternError(const std::string& what, std::size_t position_in)
      : std::runtime_error(what), position(position_in) {}
  std::size_t position;
};

/// Bytes that a pattern accepts at one place.
using ByteSet = std::bitset<256>;

/// The parts of a parsed pattern. A part names others by their index in PatternTree::parts.
namespace part {
using Index = std::uint32_t;
struct Bytes {
  ByteSet set;
};
struct Sequence {
  std::vector<Index> items;
};
struct Choice {
  std::vector<Index> branches;
};
struct Repeat {
  Index item = 0;
  std::uint32_t min = 0;
  std::uint32_t max = 0;  // `unlimited`: no end
};
enum class Place : std::uint8_t {
  line_start,
  line_end,
  text_start,
  text_end,
  text_end_before_newline,
  word_boundary,
  inside_word_or_gap
};
struct Assertion {
  Place place;
};
/// What stands here, or before here, must match (or must not) and is not consumed.
struct Look {
  Index item = 0;
  bool behind = false;
  bool negated = false;
  std::uint32_t width = 0;  // of what it looks back at
};
inline constexpr std::uint32_t unlimited = 0xffffffff;
}  // namespace part

using PatternPart = std::variant<part::Bytes, part::Sequence, part::Choice, part::Repeat,
                                 part::Assertion, part::Look>;

struct PatternTree {
  std::vector<PatternPart> parts;
  part::Index root = 0;
};

/// Parses Perl's regular expressions over bytes, as RabbitMQ's policies have them (Erlang's `re`, a
/// PCRE): everything but back references, atomic groups, possessive quantifiers, conditions,
/// recursion, Unicode properties and verbs. Throws PatternError, in PCRE's words where it has them.
PatternTree parse_pattern(std::string_view pattern);

}  // namespace leveret::broker
