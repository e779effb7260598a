#include "util/url.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(UrlTest, TakesBaseUrlsApart) {
  const auto url = ParseBaseUrl("HTTPS://Gateway.example:8443/gemini/v1/");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "gateway.example");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->path, "/gemini/v1");
  EXPECT_EQ(ParseBaseUrl("http://[::1]:80")->host, "::1");
}

TEST(UrlTest, RefusesWhatIsNoBaseUrl) {
  for (const char* bad :
       {"", "gateway", "ftp://x", "https://", "https://x:", "https://x:0",
        "https://x:70000", "https://x:1a", "https://x/?a=b", "https://x/#f",
        "https://x/../y", "https://x y", "https://[::1", "https://[::1]x",
        "https://x\r\nHost: y", "https://x/%2e%2e"}) {
    EXPECT_EQ(ParseBaseUrl(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(UrlTest, NeverRepeatsAPassword) {
  const auto url = ParseBaseUrl("https://user:secret@host");
  EXPECT_THAT(std::string(url.status().message()), Not(HasSubstr("secret")));
}

TEST(UrlTest, KnowsLoopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"localhost.example", "127.0.0.1.example", "10.0.0.1",
                           "127.0.0", "127.0.0.300", "::2"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(UrlTest, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(UrlEncoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(UrlEncoded("a b&c=%/?\xff"), "a%20b%26c%3D%25%2F%3F%FF");
}

}  // namespace
}  // namespace gemini::internal
