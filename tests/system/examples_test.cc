// The examples do what they say.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExamplesTest : public ::testing::Test {
 protected:
  ProgramResult Run(const std::string& name,
                    const std::vector<std::string>& arguments,
                    const Emulator& emulator) const {
    return RunProgram(name, arguments,
                      {{"GEMINI_API_KEY", "free-key"},
                       {"GOOGLE_GEMINI_BASE_URL", emulator.url()}},
                      directory_.path());
  }

  TemporaryDirectory directory_;
};

constexpr char kFreeTier[] =
    R"({"keys":[{"key":"free-key","project":"1","tier":"free"}]})";

TEST_F(ExamplesTest, BlockingWritesAPicture) {
  const Emulator emulator;
  const ProgramResult result =
      Run("example_blocking", {"a fox", "fox.png"}, emulator);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(directory_.Read("fox.png"), StartsWith("\x89PNG"));
}

TEST_F(ExamplesTest, AsynchronousDrawsAllPictures) {
  const Emulator emulator;
  const ProgramResult result =
      Run("example_asynchronous", {"a fox", "an owl", "a hare"}, emulator);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("3 of 3 pictures"));
}

TEST_F(ExamplesTest, DegradationHandsThePromptOnWithTheReason) {
  const Emulator emulator(kFreeTier);
  const ProgramResult result = Run("example_degradation", {"a fox"}, emulator);
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.out, HasSubstr("prompt: a fox"));
  EXPECT_THAT(result.out, HasSubstr("GEMINI_API_KEY"));
}

}  // namespace
}  // namespace gemini::testing
