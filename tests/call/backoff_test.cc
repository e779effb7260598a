#include "call/backoff.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(BackoffTest, DoublesItsCeilingUpToTheMaximum) {
  struct Case {
    int repetition;
    absl::Duration ceiling;
  };
  const Case cases[] = {{1, absl::Seconds(1)},
                        {2, absl::Seconds(2)},
                        {3, absl::Seconds(4)},
                        {7, absl::Seconds(60)},
                        {100, absl::Seconds(60)}};
  for (const Case& c : cases) {
    EXPECT_EQ(Backoff(absl::Seconds(1), absl::Minutes(1), c.repetition, 0.5),
              c.ceiling / 2)
        << c.repetition;
  }
}

TEST(BackoffTest, TakesTheWholeRangeOfTheJitter) {
  EXPECT_EQ(Backoff(absl::Seconds(8), absl::Minutes(1), 1, 0.0),
            absl::ZeroDuration());
  EXPECT_EQ(Backoff(absl::Seconds(8), absl::Minutes(1), 1, 0.75),
            absl::Seconds(6));
}

TEST(BackoffTest, ABaseAboveTheMaximumIsCutDown) {
  EXPECT_EQ(Backoff(absl::Minutes(9), absl::Minutes(1), 1, 0.5),
            absl::Seconds(30));
}

TEST(SpreadAfterTest, IsNeverEarlierThanTheServerSaid) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  const absl::Time told = now + absl::Seconds(33);
  EXPECT_EQ(SpreadAfter(told, now, 0.0), told);
  EXPECT_GT(SpreadAfter(told, now, 0.5), told);
  EXPECT_LE(SpreadAfter(told, now, 0.999), told + absl::Seconds(1));
}

TEST(SpreadAfterTest, ATimeThatHasPassedIsNow) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(SpreadAfter(now - absl::Hours(1), now, 0.9), now);
}

}  // namespace
}  // namespace gemini::internal
