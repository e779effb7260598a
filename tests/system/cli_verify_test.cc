// gemini-image verify, as a user runs it.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kScenario[] = R"({"unknown_keys":"reject","keys":[
  {"key":"AIzaSecretPaid","project":"1","tier":"tier1"},
  {"key":"AQ.SecretFree","project":"2","tier":"free"}]})";

class CliVerifyTest : public ::testing::Test {
 protected:
  CliVerifyTest() : emulator_(kScenario) {}

  ProgramResult Run(std::vector<std::string> arguments, Variables variables) {
    arguments.insert(arguments.begin(), "verify");
    variables["GOOGLE_GEMINI_BASE_URL"] = emulator_.url();
    const ProgramResult result =
        RunProgram("gemini-image", arguments, variables, directory_.path());
    EXPECT_THAT(result.out + result.err, Not(HasSubstr("Secret")));
    return result;
  }

  Emulator emulator_;
  TemporaryDirectory directory_;
};

TEST_F(CliVerifyTest, AnAcceptedKeyListsItsModelsAndWhatStaysUnknown) {
  const ProgramResult result = Run({}, {{"GEMINI_API_KEY", "AIzaSecretPaid"}});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("standard key"));
  EXPECT_THAT(result.out, HasSubstr("  gemini-nano-banana-2.1\n"));
  EXPECT_THAT(result.out, HasSubstr("--draw"));
  EXPECT_EQ(emulator_.Requests(), 0) << "nothing was drawn";
}

TEST_F(CliVerifyTest, ARefusedKeyIsDiagnosed) {
  const ProgramResult result =
      Run({"--json"}, {{"GEMINI_API_KEY", "AIzaSecretUnknown"}});
  EXPECT_EQ(result.exit_code, 1);
  const auto document = internal::JsonDocument::Parse(result.out);
  ASSERT_TRUE(document.has_value()) << result.out;
  EXPECT_EQ(document->root()["key_accepted"].boolean(), false);
  EXPECT_EQ(document->root()["diagnosis"]["code"].string(), "key_invalid");
}

TEST_F(CliVerifyTest, DrawingFindsAQuotaOfZeroInOneRequest) {
  const ProgramResult result =
      Run({"--draw", "--lang", "en"}, {{"GEMINI_API_KEY", "AQ.SecretFree"}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("auth key"));
  EXPECT_THAT(result.out, HasSubstr("quota_zero_free_tier"));
  EXPECT_EQ(emulator_.Requests(), 1);
}

TEST_F(CliVerifyTest, DrawingThatWorksIsSaidSo) {
  const ProgramResult result =
      Run({"--draw", "--json"}, {{"GEMINI_API_KEY", "AIzaSecretPaid"}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("\"drawing\": true"));
}

TEST_F(CliVerifyTest, ADifferentKeyInTheFileIsPointedOut) {
  directory_.Write(".env", "GEMINI_API_KEY=AQ.SecretFree\n");
  const ProgramResult result = Run({}, {{"GEMINI_API_KEY", "AIzaSecretPaid"}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out,
              HasSubstr("a different API key in GEMINI_API_KEY in .env"));
}

TEST_F(CliVerifyTest, AServiceThatIsNotThereIsDiagnosed) {
  const ProgramResult result =
      RunProgram("gemini-image", {"verify", "--base-url", "http://127.0.0.1:1"},
                 {{"GEMINI_API_KEY", "AIzaSecretPaid"}}, directory_.path());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("cannot_connect"));
}

}  // namespace
}  // namespace gemini::testing
