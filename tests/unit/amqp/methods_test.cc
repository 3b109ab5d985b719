#include "amqp/methods.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <type_traits>

#include "amqp/reply_code.h"
#include "bytes.h"
#include "golden.h"

namespace leveret::amqp {
namespace {

std::string encoded(const Method& method) {
  std::string out;
  write_method(out, method);
  return out;
}

Error error_of(std::string_view payload) {
  const ExactBytes raw{payload};
  try {
    read_method(raw.view());
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "decoded: " << hex(payload);
  return Error{ReplyCode::success, ""};
}

TEST(Methods, GoldenTableHasARowForEveryMethod) {
  std::set<std::size_t> seen;
  for (const GoldenMethod& row : golden_methods()) seen.insert(row.value.index());
  EXPECT_EQ(seen.size(), std::variant_size_v<Method>);
}

TEST(Methods, GoldenBytesDecodeToTheirValue) {
  for (const GoldenMethod& row : golden_methods()) {
    const ExactBytes raw{bytes(row.wire)};
    EXPECT_TRUE(row == read_method(raw.view())) << key_of(row.value).name;
  }
}

TEST(Methods, GoldenValuesEncodeToTheirBytes) {
  for (const GoldenMethod& row : golden_methods())
    EXPECT_EQ(hex(encoded(row.value)), hex(bytes(row.wire))) << key_of(row.value).name;
}

TEST(Methods, WritingAppends) {
  std::string out = "before";
  write_method(out, tx::Select{});
  EXPECT_EQ(hex(out), hex(bytes("'before' 005a000a")));
}

TEST(Methods, EveryTruncationIsASyntaxError) {
  for (const GoldenMethod& row : golden_methods()) {
    const std::string whole = bytes(row.wire);
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(error_of(whole.substr(0, size)).code, ReplyCode::syntax_error)
          << key_of(row.value).name << " cut to " << size;
  }
}

TEST(Methods, LeftOverBytesAreASyntaxErrorOfThatMethod) {
  for (const GoldenMethod& row : golden_methods()) {
    const Error error = error_of(bytes(row.wire) + '\0');
    EXPECT_EQ(error.code, ReplyCode::syntax_error) << key_of(row.value).name;
    EXPECT_EQ(error.class_id, key_of(row.value).class_id);
    EXPECT_EQ(error.method_id, key_of(row.value).method_id);
  }
}

/// A lying length, an unknown field type, a flag more: whatever one octet does, the result is
/// either a method, which then stays the same when written and read again, or a protocol error.
TEST(Methods, AnyOneOctetChangedIsDecodedOrRefused) {
  for (const GoldenMethod& row : golden_methods()) {
    const std::string whole = bytes(row.wire);
    for (std::size_t at = 4; at < whole.size(); ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        std::string changed = whole;
        changed[at] = static_cast<char>(octet);
        const ExactBytes raw{changed};
        try {
          const std::string once = encoded(read_method(raw.view()));
          EXPECT_EQ(encoded(read_method(once)), once);
        } catch (const Error& error) {
          EXPECT_EQ(error.code, ReplyCode::syntax_error);
        }
      }
    }
  }
}

TEST(Methods, EveryBoolHasABitOfItsOwn) {
  for (const GoldenMethod& row : golden_methods()) {
    std::visit(
        [&]<class M>(M method) {
          const std::string before = encoded(method);
          const auto flip = [&]<class F>(F& field) {
            if constexpr (std::is_same_v<F, bool>) {
              field = !field;
              const std::string after = encoded(method);
              ASSERT_EQ(after.size(), before.size());
              unsigned changed_bits = 0;
              for (std::size_t i = 0; i < after.size(); ++i)
                changed_bits += static_cast<unsigned>(
                    std::popcount(static_cast<unsigned char>(before[i]) ^
                                  static_cast<unsigned>(static_cast<unsigned char>(after[i]))));
              EXPECT_EQ(changed_bits, 1U) << M::key.name;
              EXPECT_TRUE((GoldenMethod{"", method} == read_method(after))) << M::key.name;
              field = !field;
            }
          };
          std::apply([&](auto&... field) { (flip(field), ...); }, M::fields(method));
        },
        row.value);
  }
}

TEST(Methods, BitsThatNoFieldUsesAreIgnored) {
  EXPECT_TRUE((GoldenMethod{"", basic::RecoverAsync{true}} == read_method(bytes("003c 0064 ff"))));
}

TEST(Methods, EveryOtherClassAndMethodIsUnknown) {
  std::set<std::pair<unsigned, unsigned>> known;
  for (const GoldenMethod& row : golden_methods())
    known.emplace(key_of(row.value).class_id, key_of(row.value).method_id);
  std::size_t unknown = 0;
  constexpr unsigned class_end = 130;
  constexpr unsigned method_end = 150;
  for (unsigned class_id = 0; class_id < class_end; ++class_id) {
    for (unsigned method_id = 0; method_id < method_end; ++method_id) {
      if (known.contains({class_id, method_id})) continue;
      std::string payload;
      Writer writer{payload};
      writer.write_u16(static_cast<std::uint16_t>(class_id));
      writer.write_u16(static_cast<std::uint16_t>(method_id));
      const Error error = error_of(payload);
      ASSERT_EQ(error.code, ReplyCode::command_invalid) << class_id << ' ' << method_id;
      ASSERT_EQ(error.class_id, class_id);
      ASSERT_EQ(error.method_id, method_id);
      ++unknown;
    }
  }
  EXPECT_EQ(unknown, class_end * method_end - std::variant_size_v<Method>);
  EXPECT_EQ(error_of(bytes("ffff ffff")).code, ReplyCode::command_invalid);
}

TEST(Methods, ErrorNamesTheMethodThatWasMalformed) {
  EXPECT_STREQ(error_of(bytes("0032 000a 00")).what(),
               "queue.declare: field of 2 bytes where only 1 are left");
}

TEST(Methods, KeysAreUniqueAndNamedAsInTheSpecification) {
  std::set<std::string_view> names;
  for (const GoldenMethod& row : golden_methods()) names.insert(key_of(row.value).name);
  EXPECT_EQ(names.size(), std::variant_size_v<Method>);
  for (const std::string_view name : names) EXPECT_NE(name.find('.'), std::string_view::npos);
}

TEST(Methods, ATextTooLongForItsFieldIsRefused) {
  EXPECT_NO_THROW(encoded(queue::DeclareOk{std::string(255, 'q'), 0, 0}));
  EXPECT_THROW(encoded(queue::DeclareOk{std::string(256, 'q'), 0, 0}), Error);
}

TEST(Methods, ATableOfAMethodHasAPeersLimits) {
  Table arguments;
  for (int i = 0; i < default_peer_table_limits.values; ++i) arguments.append("", Value{});
  EXPECT_NO_THROW(read_method(encoded(queue::Declare{.arguments = arguments})));
  arguments.append("", Value{});
  EXPECT_EQ(error_of(encoded(queue::Declare{.arguments = arguments})).code,
            ReplyCode::syntax_error);
}

}  // namespace
}  // namespace leveret::amqp
