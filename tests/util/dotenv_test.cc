#include "util/dotenv.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(DotenvTest, ReadsTheFormsThatPeopleWrite) {
  const auto values = ParseDotenv(
      "\xef\xbb\xbf# keys\n"
      "A=plain\n"
      "  export B = spaced out  # comment\r\n"
      "C=\"two\\nlines \\\"q\\\"\"  # comment\n"
      "D='as $it \\n is'\n"
      "E=\n"
      "F=# nothing\n"
      "G=a#b\n"
      "A=again\n");
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values,
              UnorderedElementsAre(Pair("A", "again"), Pair("B", "spaced out"),
                                   Pair("C", "two\nlines \"q\""),
                                   Pair("D", "as $it \\n is"), Pair("E", ""),
                                   Pair("F", ""), Pair("G", "a#b")));
}

TEST(DotenvTest, AnErrorNamesTheLineAndNotItsValue) {
  for (const char* bad :
       {"\nno equals sign secret", "\n1A=secret", "\nA-B=secret",
        "\nA=\"secret", "\nA='secret' more", "\n=secret"}) {
    const auto values = ParseDotenv(bad);
    EXPECT_EQ(values.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(values.status().message()), HasSubstr("line 2"));
    EXPECT_THAT(std::string(values.status().message()),
                Not(HasSubstr("secret")));
  }
}

TEST(DotenvTest, ABinaryFileIsRefused) {
  EXPECT_FALSE(ParseDotenv(absl::string_view("A=\0b", 4)).ok());
}

TEST(DotenvTest, ADirectoryOrAMissingFileIsAnErrorWithItsPath) {
  EXPECT_EQ(ReadDotenv("/no/such/file").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadDotenv("/").status().message()),
              HasSubstr("cannot read /"));
}

}  // namespace
}  // namespace gemini::internal
