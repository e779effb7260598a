// gemini-image diagnose, as a user runs it.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kZeroLimit[] =
    "Quota exceeded for metric: generativelanguage.googleapis.com/"
    "generate_content_free_tier_input_token_count, limit: 0";

ProgramResult Explained(std::vector<std::string> arguments,
                        absl::string_view input,
                        const Variables& variables = {}) {
  const TemporaryDirectory directory;
  arguments.insert(arguments.begin(), "diagnose");
  return RunProgram("gemini-image", arguments, variables, directory.path(),
                    input);
}

TEST(CliDiagnoseTest, OneSentenceNamesTheZeroLimitTheFreeTierAndTheSteps) {
  const ProgramResult english = Explained({"--lang", "en"}, kZeroLimit);
  EXPECT_EQ(english.exit_code, 0) << english.err;
  EXPECT_THAT(english.err, IsEmpty());
  for (const char* part :
       {"limit 0", "free tier", "quota_zero_free_tier", "What to do",
        "GEMINI_API_KEY", "https://aistudio.google.com/"}) {
    EXPECT_THAT(english.out, HasSubstr(part));
  }
  const ProgramResult chinese = Explained({"--lang", "zh"}, kZeroLimit);
  for (const char* part : {"上限 0", "免费", "quota_zero_free_tier", "怎么办",
                           "GEMINI_API_KEY", "https://aistudio.google.com/"}) {
    EXPECT_THAT(chinese.out, HasSubstr(part));
  }
}

TEST(CliDiagnoseTest, TheLanguageFollowsTheLocale) {
  EXPECT_THAT(Explained({}, kZeroLimit, {{"LANG", "zh_CN.UTF-8"}}).out,
              HasSubstr("怎么办"));
  EXPECT_THAT(Explained({}, kZeroLimit, {{"LANG", "de_DE.UTF-8"}}).out,
              HasSubstr("What to do"));
  EXPECT_THAT(
      Explained({}, kZeroLimit, {{"LANG", "zh_CN.UTF-8"}, {"LC_ALL", "C"}}).out,
      HasSubstr("What to do"));
  EXPECT_THAT(Explained({"--lang", "en"}, kZeroLimit, {{"LANG", "zh_CN"}}).out,
              HasSubstr("What to do"));
}

TEST(CliDiagnoseTest, JsonHasTheLabelsFieldsAndTheAdvice) {
  const ProgramResult result =
      Explained({"--json", "--status", "429"}, kZeroLimit);
  const auto document = internal::JsonDocument::Parse(result.out);
  ASSERT_TRUE(document.has_value()) << result.out;
  const internal::JsonValue root = document->root();
  for (const char* field :
       {"canonical_status", "violations", "model", "retry_delay_s",
        "should_retry", "help_urls", "cause", "code", "evidence", "advice"}) {
    EXPECT_TRUE(root[field].exists()) << field;
  }
  for (const char* field : {"metric", "quota_id", "limit", "limit_source",
                            "period", "unit", "tier", "model", "location"}) {
    EXPECT_TRUE(root["violations"].At(0)[field].exists()) << field;
  }
  EXPECT_EQ(root["should_retry"].string(), "no");
  EXPECT_GT(root["advice"]["steps"].size(), 2U);
}

TEST(CliDiagnoseTest, LogDecorationAroundTheBodyDoesNotMatter) {
  const ProgramResult result = Explained(
      {"--json"},
      "2026-11-24T03:00:00Z WARN draw[7]: answer 503: "
      "{\"error\":{\"code\":503,\"message\":\"The model is overloaded.\","
      "\"status\":\"UNAVAILABLE\"}} (attempt 2 of 4)\n");
  EXPECT_THAT(result.out, HasSubstr("\"code\": \"overloaded\""));
}

TEST(CliDiagnoseTest, KeysInTheInputAreNotRepeated) {
  const ProgramResult result = Explained(
      {"--status", "403"}, "no access with AIzaSyCanary00000000000000000000");
  EXPECT_THAT(result.out + result.err, Not(HasSubstr("Canary")));
}

TEST(CliDiagnoseTest, BadInputIsAUsageErrorThatNamesIt) {
  EXPECT_EQ(Explained({}, "").exit_code, 2);
  EXPECT_THAT(Explained({}, "").err, HasSubstr("standard input"));
  EXPECT_EQ(Explained({"--status", "42"}, "x").exit_code, 2);
  EXPECT_EQ(Explained({"--lang", "fr"}, "x").exit_code, 2);
  EXPECT_EQ(Explained({}, std::string(1000, '\0')).exit_code, 0);
}

}  // namespace
}  // namespace gemini::testing
