#include "diagnosis/delays.h"

#include "diagnosis/quota_text.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

// Tue, 24 Nov 2026 12:00:00 GMT
const absl::Time kNow = absl::FromCivil(
    absl::CivilSecond(2026, 11, 24, 12, 0, 0), absl::UTCTimeZone());

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST(DelaysTest, TheLargestOfAllThatIsStatedCounts) {
  ErrorFacts error;
  error.retry_info = absl::Seconds(38);
  error.message = "Please retry in 38.251487996s.";
  const auto delay = DelayOf(error, {{"Retry-After", "5"}}, kNow);
  ASSERT_TRUE(delay.has_value());
  EXPECT_EQ(delay->stated, absl::Nanoseconds(38251487996));
  EXPECT_EQ(delay->wait, delay->stated);
}

TEST(DelaysTest, RetryInfoAloneInWholeSecondsIsWaitedASecondLonger) {
  ErrorFacts error;
  error.retry_info = absl::ZeroDuration();
  auto delay = DelayOf(error, {}, kNow);
  ASSERT_TRUE(delay.has_value());
  EXPECT_EQ(delay->stated, absl::ZeroDuration());
  EXPECT_EQ(delay->wait, absl::Seconds(1));

  error.retry_info = absl::Nanoseconds(45837906927);
  delay = DelayOf(error, {}, kNow);
  EXPECT_EQ(delay->wait, absl::Nanoseconds(45837906927));
}

TEST(DelaysTest, ReadsHeadersInSecondsMillisecondsAndAsDates) {
  struct Case {
    const char* name;
    const char* value;
    absl::Duration delay;  // Negative: none.
  };
  const absl::Duration none = absl::Seconds(-1);
  const Case cases[] = {
      {"Retry-After", "120", absl::Seconds(120)},
      {"retry-after", " 1.5 ", absl::Milliseconds(1500)},
      {"RETRY-AFTER", "Tue, 24 Nov 2026 12:01:00 GMT", absl::Minutes(1)},
      {"Retry-After", "Tue, 24 Nov 2026 11:59:00 GMT", none},
      {"Retry-After", "-5", none},
      {"Retry-After", "nan", none},
      {"Retry-After", "inf", none},
      {"Retry-After", "soon", none},
      {"Retry-After", "1e300", MaxDelay()},
      {"retry-after-ms", "250", absl::Milliseconds(250)},
      {"x-retry-later", "7", none},
  };
  for (const Case& c : cases) {
    const auto delay = DelayOf({}, Headers{{c.name, c.value}}, kNow);
    EXPECT_EQ(delay.has_value(), c.delay != none) << c.value;
    if (!delay.has_value()) continue;
    EXPECT_EQ(delay->wait, c.delay) << c.value;
  }
}

TEST(DelaysTest, WithoutAnyStatementThereIsNone) {
  EXPECT_FALSE(DelayOf({}, {}, kNow).has_value());
}

}  // namespace
}  // namespace gemini::internal
