#include <functional>

#include "gemini/call_options.h"
#include "gemini/client_options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

using ::testing::StartsWith;

TEST(ValidateTest, DefaultsAreGood) {
  EXPECT_TRUE(Validate(RetryOptions()).ok());
  EXPECT_TRUE(Validate(TimeLimits()).ok());
  EXPECT_TRUE(Validate(CallOptions()).ok());
  EXPECT_TRUE(Validate(ClientOptions()).ok());
}

TEST(ValidateTest, NamesTheFirstBadField) {
  struct Case {
    const char* field;
    std::function<void(ClientOptions*)> spoil;
  };
  const Case cases[] = {
      {"retry.max_retries", [](auto* o) { o->retry.max_retries = -1; }},
      {"retry.max_retries", [](auto* o) { o->retry.max_retries = 101; }},
      {"retry.max_ambiguous_retries",
       [](auto* o) { o->retry.max_ambiguous_retries = -1; }},
      {"retry.backoff",
       [](auto* o) { o->retry.backoff = absl::ZeroDuration(); }},
      {"retry.throttled_backoff",
       [](auto* o) { o->retry.throttled_backoff = -absl::Seconds(1); }},
      {"retry.max_backoff",
       [](auto* o) { o->retry.max_backoff = absl::ZeroDuration(); }},
      {"time_limits.connect",
       [](auto* o) { o->time_limits.connect = absl::ZeroDuration(); }},
      {"time_limits.stall",
       [](auto* o) { o->time_limits.stall = absl::ZeroDuration(); }},
      {"time_limits.attempt",
       [](auto* o) { o->time_limits.attempt = absl::ZeroDuration(); }},
      {"time_limits.call",
       [](auto* o) { o->time_limits.call = absl::ZeroDuration(); }},
      {"rate_limits.requests_per_minute",
       [](auto* o) { o->rate_limits.requests_per_minute = 0; }},
      {"rate_limits.images_per_minute",
       [](auto* o) { o->rate_limits.images_per_minute = -1; }},
      {"rate_limits.input_tokens_per_minute",
       [](auto* o) { o->rate_limits.input_tokens_per_minute = 0; }},
      {"rate_limits.requests_per_day",
       [](auto* o) { o->rate_limits.requests_per_day = 0; }},
      {"credentials", [](auto* o) { o->credentials.resize(101); }},
      {"credentials",
       [](auto* o) {
         o->api_key = "a";
         o->credentials.push_back({"b", ""});
       }},
      {"max_calls", [](auto* o) { o->max_calls = 0; }},
      {"max_input_bytes", [](auto* o) { o->max_input_bytes = 0; }},
      {"max_response_bytes", [](auto* o) { o->max_response_bytes = -1; }},
      {"max_connections_per_host",
       [](auto* o) { o->max_connections_per_host = -1; }},
      {"model", [](auto* o) { o->model = "a/../b"; }},
      {"model", [](auto* o) { o->model = "a?key=1"; }},
      {"api_version", [](auto* o) { o->api_version = "v2"; }},
  };
  for (const Case& c : cases) {
    ClientOptions options;
    c.spoil(&options);
    const absl::Status status = Validate(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.field;
    EXPECT_THAT(std::string(status.message()),
                StartsWith(std::string(c.field) + ":"));
  }
}

TEST(ValidateTest, OptionsOfACallAreCheckedToo) {
  CallOptions options;
  options.timeout = absl::ZeroDuration();
  EXPECT_THAT(std::string(Validate(options).message()), StartsWith("timeout:"));
  options = {};
  options.model = "";
  EXPECT_THAT(std::string(Validate(options).message()), StartsWith("model:"));
  options = {};
  options.retry.emplace().max_retries = -5;
  EXPECT_THAT(std::string(Validate(options).message()),
              StartsWith("retry.max_retries:"));
}

}  // namespace
}  // namespace gemini
