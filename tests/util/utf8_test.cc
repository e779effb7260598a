#include "util/utf8.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(Utf8Test, FindsWhereTextStopsBeingUtf8) {
  const struct {
    absl::string_view text;
    size_t prefix;
  } kCases[] = {
      {"", 0},
      {"plain", 5},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9},
      {"a\xff", 1},
      {"a\x80", 1},
      {"ab\xc3", 2},
      {"\xc0\xaf", 0},          // Overlong.
      {"a\xed\xa0\x80", 1},     // A surrogate.
      {"\xf4\x90\x80\x80", 0},  // Beyond U+10FFFF.
      {"\xf4\x8f\xbf\xbf", 4},
      {"\xe2\x82", 0},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Utf8PrefixSize(test.text), test.prefix) << test.text;
  }
}

}  // namespace
}  // namespace gemini::internal
