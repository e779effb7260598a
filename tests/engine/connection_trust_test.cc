#include "engine/connection_trust.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Duration kInstant = absl::Nanoseconds(1);

// Returns for how long nothing is reused after a loss at `now`.
absl::Duration Distrust(ConnectionTrust* trust, absl::Time now) {
  trust->OnBroke(now);
  absl::Duration time = ConnectionTrust::kShortest;
  while (!trust->MayReuse(now + time)) time *= 2;
  const absl::Time until = now + std::min(time, ConnectionTrust::kLongest);
  EXPECT_FALSE(trust->MayReuse(until - kInstant));
  EXPECT_TRUE(trust->MayReuse(until));
  return until - now;
}

TEST(ConnectionTrustTest, TrustsAtFirst) {
  EXPECT_TRUE(ConnectionTrust().MayReuse(absl::UnixEpoch()));
}

TEST(ConnectionTrustTest, DistrustsTwiceAsLongEachTimeUpToAnHour) {
  ConnectionTrust trust;
  absl::Time now = absl::UnixEpoch();
  for (const int minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const absl::Duration time = Distrust(&trust, now);
    EXPECT_EQ(time, absl::Minutes(minutes));
    now += time;
  }
}

TEST(ConnectionTrustTest, BeginsAnewOnceAConnectionHeld) {
  ConnectionTrust trust;
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 3; ++i) now += Distrust(&trust, now);
  trust.OnHeld(now);
  EXPECT_EQ(Distrust(&trust, now), ConnectionTrust::kShortest);
}

TEST(ConnectionTrustTest, WhatWasSentBeforeOneBrokeProvesNothing) {
  ConnectionTrust trust;
  const absl::Time now = absl::UnixEpoch();
  trust.OnBroke(now);
  trust.OnHeld(now + absl::Seconds(1));
  EXPECT_EQ(Distrust(&trust, now + absl::Minutes(1)), absl::Minutes(2));
}

TEST(ConnectionTrustTest, WhatWasUnderWayCountsOnce) {
  ConnectionTrust trust;
  const absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 50; ++i) trust.OnBroke(now);
  EXPECT_TRUE(trust.MayReuse(now + ConnectionTrust::kShortest));
  EXPECT_EQ(Distrust(&trust, now + absl::Minutes(1)), absl::Minutes(2));
}

}  // namespace
}  // namespace gemini::internal
