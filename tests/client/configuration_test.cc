#include "client/configuration.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "util/fingerprint.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

Environment Of(Variables variables) {
  return [variables = std::move(variables)](
             const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// A .env file of a test's own, removed again.
class DotenvFile {
 public:
  explicit DotenvFile(const std::string& text)
      : path_(directory_.Write("test.env", text)) {}
  const std::string& path() const { return path_; }

 private:
  const gemini::testing::TemporaryDirectory directory_;
  const std::string path_;
};

TEST(ConfigurationTest, WhatIsExplicitComesBeforeTheEnvironmentBeforeTheFile) {
  const DotenvFile file("GOOGLE_API_KEY=k-file\n");
  struct Case {
    std::string explicit_key;
    Variables variables;
    std::string key;
    std::string source;
  };
  const Case cases[] = {
      {"k-given", {{"GOOGLE_API_KEY", "k-google"}}, "k-given", "options"},
      {"",
       {{"GOOGLE_API_KEY", "k-google"}, {"GEMINI_API_KEY", "k-gemini"}},
       "k-google",
       "GOOGLE_API_KEY"},
      {"", {{"GEMINI_API_KEY", "k-gemini"}}, "k-gemini", "GEMINI_API_KEY"},
      {"", {}, "k-file", "GOOGLE_API_KEY in " + file.path()},
      // Empty means unset, and values are trimmed.
      {" ",
       {{"GOOGLE_API_KEY", ""}, {"GEMINI_API_KEY", " k-gemini\n"}},
       "k-gemini",
       "GEMINI_API_KEY"},
  };
  for (const Case& c : cases) {
    ClientOptions options;
    options.api_key = c.explicit_key;
    options.dotenv_path = file.path();
    const auto configuration = Configure(options, Of(c.variables));
    ASSERT_TRUE(configuration.ok()) << configuration.status();
    EXPECT_EQ(configuration->keys.front().api_key, c.key);
    EXPECT_EQ(configuration->shown.key_source, c.source);
    EXPECT_EQ(configuration->shown.key_fingerprint, Fingerprint(c.key));
  }
}

TEST(ConfigurationTest, AnIgnoredKeyThatDiffersIsReportedWithoutBeingShown) {
  const DotenvFile file("GEMINI_API_KEY=k-file-secret\n");
  ClientOptions options;
  options.dotenv_path = file.path();
  const auto configuration =
      Configure(options, Of({{"GEMINI_API_KEY", "k-environment-secret"}}));
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  ASSERT_THAT(configuration->shown.warnings,
              ElementsAre(HasSubstr(
                  "a different API key in GEMINI_API_KEY in " + file.path())));
  EXPECT_THAT(configuration->shown.warnings[0], Not(HasSubstr("secret")));
}

TEST(ConfigurationTest, TheSameKeyTwiceIsNoMatter) {
  const auto configuration =
      Configure({}, Of({{"GOOGLE_API_KEY", "k"}, {"GEMINI_API_KEY", "k"}}));
  ASSERT_TRUE(configuration.ok());
  EXPECT_THAT(configuration->shown.warnings, IsEmpty());
}

TEST(ConfigurationTest, AFileIsReadOnlyWhenAskedTo) {
  const auto configuration = Configure({}, Of({}));
  EXPECT_EQ(configuration.status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(ConfigurationTest, AMissingKeySaysWhereToGetOne) {
  const auto configuration = Configure({}, Of({}));
  EXPECT_EQ(configuration.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(configuration.status().message(), HasSubstr("GEMINI_API_KEY"));
  EXPECT_THAT(configuration.status().message(),
              HasSubstr("https://aistudio.google.com/apikey"));
}

TEST(ConfigurationTest, AKeyThatCannotBeSentIsRefusedWithoutBeingShown) {
  ClientOptions options;
  options.api_key = "k-secret\r\nX-Evil: 1";
  const auto configuration = Configure(options, Of({}));
  EXPECT_EQ(configuration.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(configuration.status().message(), Not(HasSubstr("secret")));
}

TEST(ConfigurationTest, KeysOfAnyKindAreTaken) {
  for (const char* key : {"AIzaSyX", "AQ.Ab8-_x", "something-new/1"}) {
    ClientOptions options;
    options.api_key = key;
    EXPECT_TRUE(Configure(options, Of({})).ok()) << key;
  }
}

TEST(ConfigurationTest, KeysOfThePoolReplaceThoseOfTheEnvironment) {
  ClientOptions options;
  options.credentials = {{"k1", "shop"}, {" k2 ", ""}, {"k3", ""}};
  const auto configuration =
      Configure(options, Of({{"GEMINI_API_KEY", "other"}}));
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  ASSERT_EQ(configuration->keys.size(), 3u);
  EXPECT_EQ(configuration->keys[0].api_key, "k1");
  EXPECT_EQ(configuration->keys[0].project, "shop");
  EXPECT_EQ(configuration->keys[1].api_key, "k2");
  EXPECT_NE(configuration->keys[1].project, configuration->keys[2].project);
  EXPECT_EQ(configuration->shown.key_source, "options");
}

TEST(ConfigurationTest, ABadKeyOfThePoolIsNamedByItsPlaceAndNotShown) {
  for (const char* bad : {"", "   ", "k-secret\r\nX: 1", "k-secret"}) {
    ClientOptions options;
    options.credentials = {{"k-secret", ""}, {bad, ""}};
    const auto configuration = Configure(options, Of({}));
    EXPECT_EQ(configuration.status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(configuration.status().message(),
                HasSubstr("credentials[1].api_key"));
    EXPECT_THAT(configuration.status().message(), Not(HasSubstr("secret")));
  }
}

TEST(ConfigurationTest, AMalformedFileIsNamedWithItsLine) {
  const DotenvFile file("GOOD=1\nthis is a secret\n");
  ClientOptions options;
  options.dotenv_path = file.path();
  const auto configuration = Configure(options, Of({}));
  EXPECT_EQ(configuration.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(configuration.status().message(), HasSubstr(file.path()));
  EXPECT_THAT(configuration.status().message(), HasSubstr("line 2"));
  EXPECT_THAT(configuration.status().message(), Not(HasSubstr("secret")));
}

TEST(ConfigurationTest, AFileThatIsNotThereIsAnError) {
  ClientOptions options;
  options.api_key = "k";
  options.dotenv_path = "/no/such/.env";
  EXPECT_EQ(Configure(options, Of({})).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ConfigurationTest, TheBaseUrlComesFromOptionsThenEnvironmentThenGoogle) {
  ClientOptions options;
  options.api_key = "k";
  EXPECT_EQ(Configure(options, Of({}))->shown.base_url,
            "https://generativelanguage.googleapis.com");
  const Variables variables = {
      {"GOOGLE_GEMINI_BASE_URL", "https://gateway.example/gemini/"}};
  EXPECT_EQ(Configure(options, Of(variables))->shown.base_url,
            "https://gateway.example/gemini");
  options.base_url = "http://127.0.0.1:8080";
  EXPECT_EQ(Configure(options, Of(variables))->shown.base_url,
            "http://127.0.0.1:8080");
}

TEST(ConfigurationTest, PlainHttpIsForLoopbackAndHostsThatAreNamed) {
  ClientOptions options;
  options.api_key = "k";
  for (const char* url :
       {"http://127.0.0.1", "http://localhost:1", "http://[::1]:8080"}) {
    options.base_url = url;
    const auto configuration = Configure(options, Of({}));
    ASSERT_TRUE(configuration.ok()) << url;
    EXPECT_TRUE(configuration->is_loopback);
  }
  options.base_url = "http://gateway.internal:8080";
  EXPECT_THAT(Configure(options, Of({})).status().message(),
              HasSubstr("plain_http_hosts"));
  options.plain_http_hosts = {"Gateway.internal"};
  EXPECT_TRUE(Configure(options, Of({})).ok());
}

TEST(ConfigurationTest, AModelThatIsShutDownIsUsedAllTheSameWithAWarning) {
  ClientOptions options;
  options.api_key = "k";
  options.model = "models/gemini-2.5-flash-image-preview";
  const auto configuration = Configure(options, Of({}));
  ASSERT_TRUE(configuration.ok());
  EXPECT_EQ(configuration->shown.model, "gemini-2.5-flash-image-preview");
  EXPECT_THAT(configuration->shown.warnings,
              ElementsAre(HasSubstr("gemini-nano-banana-2.1")));
}

}  // namespace
}  // namespace gemini::internal
