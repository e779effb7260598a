#include "util/redact.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(RedactTest, HidesWhatMustNotLeave) {
  struct Case {
    const char* in;
    const char* out;
  };
  constexpr Case kCases[] = {
      {"API key AIzaSyD-0123456789_abcdefghijklmnopqrst not valid",
       "API key AIza*** not valid"},
      {"key AQ.Ab8RN6K0123456789-_abcdefg.", "key AQ.***"},
      {"Incorrect API key provided: sk-proj-ab*****************wxyz. See",
       "Incorrect API key provided: sk-*** See"},
      {"token ya29.a0AfB_byC-123", "token ya29.***"},
      {"Authorization: Bearer abc.def-ghi_jkl", "Authorization: Bearer ***"},
      {"\"authorization\":\"Basic dXNlcjpwYXNzd29yZA==\"",
       "\"authorization\":\"Basic ***\""},
      {"x-goog-api-key: my-own-secret", "x-goog-api-key: ***"},
      {"'x-goog-api-key': 'my-own-secret',", "'x-goog-api-key': '***',"},
      {"\\\"api_key\\\": \\\"my-own-secret\\\"",
       "\\\"api_key\\\": \\\"***\\\""},
      {"GET https://host/v1/models?key=my-own-key&alt=sse",
       "GET https://host/v1/models?key=***&alt=sse"},
      {"https://ai.dev/usage?tab=rate-limit. ",
       "https://ai.dev/usage?tab=rate-limit. "},
      {"https://host/upload?upload_id=ABPtcPp&x=1",
       "https://host/upload?upload_id=***&x=***"},
      {"https://host/?key=Bearer abcdefgh-1", "https://host/?key=***"},
      {"https://user:secret@host/path", "https://***@host/path"},
      {"for consumer 'project_number:111111111111'.",
       "for consumer 'project_number:***'."},
      {"projects/111111111111/locations/global",
       "projects/***/locations/global"},
      {"has not been used in project 11111111111 before or it is disabled. "
       "https://console.developers.google.com/apis/x?project=11111111111",
       "has not been used in project *** before or it is disabled. "
       "https://console.developers.google.com/apis/x?project=***"},
      {"in project proj_x1x1x11xxx1x11 organization org-x1xxxxxxx1xx on",
       "in project proj_*** organization org-*** on"},
      {"eyJhbGciOiJSUzI1NiIsInR5cCI6.eyJpc3MiOiJ4.c2ln", "eyJ***"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Redact(c.in), c.out);
}

TEST(RedactTest, LeavesProseAlone) {
  for (const char* text :
       {"Quota exceeded for metric: generativelanguage.googleapis.com/"
        "generate_content_free_tier_requests, limit: 0, model: gemini-2.0",
        "Basic plan, bearer of news; the API key is missing", "task-force",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "", "***",
        "models/gemini-3-pro-image is not found for API version v1beta",
        "projects/test-project/locations/us-central1"}) {
    EXPECT_EQ(Redact(text), text);
  }
}

TEST(RedactTest, HidesGivenSecretsWhateverTheirForm) {
  EXPECT_EQ(Redact("no such key: canary-1234, canary-1234", {"canary-1234"}),
            "no such key: ***, ***");
  EXPECT_EQ(Redact("a cat on a mat", {"a cat"}), "a cat on a mat")
      << "too short to be told from other text";
}

TEST(RedactTest, MakesOneLineOfAText) {
  struct Case {
    absl::string_view in;
    const char* out;
  };
  const Case kCases[] = {
      {"", ""},
      {"a", "a"},
      {" \n ", ""},
      {"\ta  b\r\n\r\n c \n", "a b c"},
      {absl::string_view("a\0\x7F\x01z", 5), "a z"},
      {"a \n b", "a b"},
      {"key\nAIzaSyD-0123456789_abcdefgh\n\nleaked", "key AIza*** leaked"},
      {"sk-abcdefgh \n", "sk-***"},
      {"一 \n二", "一 二"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(RedactToLine(c.in), c.out);
    EXPECT_EQ(IsCleanLine(c.in), c.in == c.out) << c.in;
  }
  EXPECT_EQ(RedactToLine("draw a\n\ncat now", {"a cat now"}), "draw ***")
      << "a secret that spaces had parted";
}

TEST(RedactTest, KnowsALineThatNeedsNothing) {
  EXPECT_TRUE(IsCleanLine("limit: 0, model: gemini-3-pro-image"));
  EXPECT_FALSE(IsCleanLine("in projects/111111111111"));
  EXPECT_FALSE(IsCleanLine("draw a cat now", {"a cat now"}));
  EXPECT_FALSE(IsCleanLine("two  spaces"));
  EXPECT_FALSE(IsCleanLine("a line\n"));
}

TEST(RedactTest, KeepsTheProjectOfALink) {
  EXPECT_EQ(RedactLink("https://console.developers.google.com/apis/api/"
                       "x/overview?project=11111111&key=abcdefgh"),
            "https://console.developers.google.com/apis/api/"
            "x/overview?project=11111111&key=***");
}

TEST(RedactTest, TakesLinearTimeForHostileText) {
  for (const char* unit : {"token=", "://", "?a=", "Bearer ", "sk-", "eyJ",
                           "project ", "AIza", "api_key:", "&"}) {
    std::string text;
    while (text.size() < 1000000) absl::StrAppend(&text, unit);
    EXPECT_LE(Redact(text).size(), 2 * text.size());
  }
}

TEST(RedactTest, ShowsOnlyHeadersThatItKnows) {
  EXPECT_TRUE(IsShowableHeader("Retry-After"));
  EXPECT_FALSE(IsShowableHeader("authorization"));
  EXPECT_FALSE(IsShowableHeader("set-cookie"));
  EXPECT_FALSE(IsShowableHeader("x-goog-api-key"));
}

}  // namespace
}  // namespace gemini::internal
