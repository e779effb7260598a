// gemini-image generate, as a user runs it.

#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kScenario[] = R"({"keys":[
  {"key":"secret-paid-key","project":"1","tier":"tier1"},
  {"key":"secret-free-key","project":"2","tier":"free"}]})";

class CliGenerateTest : public ::testing::Test {
 protected:
  CliGenerateTest() : emulator_(kScenario) {}

  ProgramResult Run(std::vector<std::string> arguments,
                    Variables variables = {
                        {"GEMINI_API_KEY", "secret-paid-key"}}) const {
    arguments.insert(arguments.begin(), "generate");
    variables["GOOGLE_GEMINI_BASE_URL"] = emulator_.url();
    const ProgramResult result =
        RunProgram("gemini-image", arguments, variables, directory_.path());
    EXPECT_THAT(result.out + result.err, Not(HasSubstr("secret-")));
    return result;
  }

  Emulator emulator_;
  TemporaryDirectory directory_;
};

TEST_F(CliGenerateTest, WritesThePictureAndItsName) {
  const ProgramResult result = Run({"a fox", "-o", "fox.png"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "fox.png\n");
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(directory_.Read("fox.png"), StartsWith("\x89PNG"));
  EXPECT_THAT(directory_.List(), ElementsAre("fox.png"));
}

TEST_F(CliGenerateTest, WithoutANameTheSuffixFollowsTheType) {
  EXPECT_EQ(Run({"a fox"}).out, "image.png\n");
  EXPECT_EQ(Run({"a fox"}).out, "image-2.png\n");
  emulator_.Post("/emulator/scenario", R"({"picture":{"format":"jpeg"}})");
  EXPECT_EQ(Run({"a fox"}).out, "image.jpg\n");
}

TEST_F(CliGenerateTest, AGivenNameIsKeptAndAWrongSuffixSaidSo) {
  emulator_.Post("/emulator/scenario", R"({"picture":{"format":"jpeg"}})");
  const ProgramResult result = Run({"a fox", "-o", "x.png"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "x.png\n");
  EXPECT_THAT(result.err, HasSubstr("x.png is image/jpeg"));
}

TEST_F(CliGenerateTest, SeveralPicturesAreNumbered) {
  const ProgramResult result = Run({"a fox", "-o", "f.png", "--count", "3"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(directory_.List(), ElementsAre("f-1.png", "f-2.png", "f-3.png"));
}

TEST_F(CliGenerateTest, FewerPicturesThanAskedForAreKeptAndExitIsOne) {
  emulator_.Order(
      R"({"action":"no_image","variant":"image_safety","times":1})");
  const ProgramResult result = Run({"a fox", "-o", "f.png", "--count", "3"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(directory_.List().size(), 2U);
  EXPECT_THAT(result.err, HasSubstr("1 of 3 pictures are missing"));
}

TEST_F(CliGenerateTest, AQuotaOfZeroGivesThePromptAndTheReason) {
  const ProgramResult result =
      Run({"a fox", "--model", "gemini-2.5-flash-image"},
          {{"GEMINI_API_KEY", "secret-free-key"}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "a fox\n");
  EXPECT_THAT(result.err, HasSubstr("quota_zero_free_tier"));
  EXPECT_THAT(result.err, HasSubstr("limit 0"));
  EXPECT_THAT(result.err, HasSubstr("What to do"));
  EXPECT_EQ(emulator_.Requests(), 1);
  EXPECT_THAT(directory_.List(), IsEmpty());
}

TEST_F(CliGenerateTest, JsonHoldsTheWholeOutcome) {
  const ProgramResult drawn = Run({"a fox", "-o", "f.png", "--json"});
  const auto images = internal::JsonDocument::Parse(drawn.out);
  ASSERT_TRUE(images.has_value()) << drawn.out;
  EXPECT_EQ(images->root()["outcome"].string(), "images");
  EXPECT_EQ(images->root()["files"].At(0).string(), "f.png");
  EXPECT_EQ(images->root()["attempts"].size(), 1U);

  const ProgramResult refused =
      Run({"a fox", "--json"}, {{"GEMINI_API_KEY", "secret-free-key"}});
  const auto prompt = internal::JsonDocument::Parse(refused.out);
  ASSERT_TRUE(prompt.has_value()) << refused.out;
  EXPECT_EQ(prompt->root()["outcome"].string(), "prompt_only");
  EXPECT_EQ(prompt->root()["image_prompt"].string(), "a fox");
  EXPECT_EQ(prompt->root()["diagnosis"]["cause"].string(), "zero_quota");
  EXPECT_EQ(
      prompt->root()["attempts"].At(0)["http_status"].integer().value_or(0),
      429);
}

TEST_F(CliGenerateTest, BadInputIsAUsageErrorThatNamesIt) {
  struct Case {
    std::vector<std::string> arguments;
    const char* named;
  };
  const Case cases[] = {
      {{""}, "prompt"},
      {{"\xff\xfe"}, "prompt"},
      {{"a", "--aspect-ratio", "17:3"}, "aspect_ratio"},
      {{"a", "--size", "3K"}, "size"},
      {{"a", "--count", "0"}, "count"},
      {{"a", "--model", "../x"}, "model"},
      {{"a", "--model", "m?key=1"}, "model"},
      {{"a", "--timeout", "soon"}, "--timeout"},
      {{"a", "--timeout", "0s"}, "timeout"},
      {{"a", "--base-url", "ftp://x"}, "base_url"},
      {{"a", "--no-such-flag"}, "--no-such-flag"},
      {{}, "prompt"},
  };
  for (const Case& c : cases) {
    const ProgramResult result = Run(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(c.named));
  }
  EXPECT_EQ(emulator_.Requests(), 0);
}

TEST_F(CliGenerateTest, WithoutAKeyItSaysWhereToGetOne) {
  const ProgramResult result = Run({"a fox"}, {});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("https://aistudio.google.com/apikey"));
}

TEST_F(CliGenerateTest, AFileThatCannotBeWrittenIsFoundBeforeDrawing) {
  for (const char* file : {"no/such/directory/f.png", "."}) {
    const ProgramResult result = Run({"a fox", "-o", file});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr(file));
  }
  EXPECT_EQ(emulator_.Requests(), 0);
}

TEST_F(CliGenerateTest, AnEnvFileIsReadOnlyWhenNamed) {
  const std::string file =
      directory_.Write(".env", "GEMINI_API_KEY=secret-paid-key\n");
  EXPECT_EQ(Run({"a fox"}, {}).exit_code, 1);
  EXPECT_EQ(Run({"a fox", "--env-file", file}, {}).exit_code, 0);
  const ProgramResult other = Run({"a fox", "--env-file", file},
                                  {{"GEMINI_API_KEY", "secret-free-key"}});
  EXPECT_THAT(other.err, HasSubstr("is ignored"));
  const std::string bad = directory_.Write("bad.env", "A=1\nsecret-line\n");
  const ProgramResult malformed = Run({"a fox", "--env-file", bad});
  EXPECT_EQ(malformed.exit_code, 2);
  EXPECT_THAT(malformed.err, HasSubstr("line 2"));
}

TEST_F(CliGenerateTest, AReferencePictureIsSent) {
  ASSERT_EQ(Run({"a fox", "-o", "fox.png"}).exit_code, 0);
  const ProgramResult result =
      Run({"the fox, asleep", "--reference", "fox.png", "-o", "asleep.png"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(emulator_.Get("/emulator/requests"), HasSubstr("inlineData"));
  EXPECT_THAT(Run({"a", "--reference", "missing.png"}).err,
              HasSubstr("missing.png"));
}

}  // namespace
}  // namespace gemini::testing
