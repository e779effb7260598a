#include "call/quota_bucket.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using Kind = QuotaBucket::Kind;

const absl::Time kMinuteBegins = absl::FromUnixSeconds(1800000000);
constexpr absl::Duration kStep = absl::Milliseconds(10);

QuotaBucket NewBucket() {
  return QuotaBucket(GateOptions(), absl::Minutes(1), Kind::kUnknown);
}

// Sends as many as may go at `now`, ids from `first`; returns how many.
int SendAll(QuotaBucket* bucket, uint64_t first, absl::Time now) {
  int sent = 0;
  while (sent < 1000 && bucket->Next(1, now) <= now) {
    bucket->OnSent(first + static_cast<uint64_t>(sent++), 1, now);
  }
  return sent;
}

// Sends `count`, a step apart, and has the one after them refused.
absl::Time Exhaust(QuotaBucket* bucket, int count, absl::Time start,
                   std::optional<double> limit,
                   std::optional<absl::Time> retry_at) {
  absl::Time now = start;
  for (int i = 0; i <= count; ++i) {
    now += kStep;
    bucket->OnSent(static_cast<uint64_t>(i) + 1, 1, now);
  }
  const absl::Time sent = now;
  now += kStep;
  bucket->OnRefused(static_cast<uint64_t>(count) + 1, sent, limit, retry_at,
                    now);
  return now;
}

TEST(QuotaBucketTest, SendsNothingBeforeTheTimeThatTheServerTold) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Nanoseconds(33251487996);
  const absl::Time now = Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  EXPECT_EQ(bucket.Next(1, now), told);
  EXPECT_EQ(bucket.Next(1, told - absl::Nanoseconds(1)), told);
  EXPECT_EQ(bucket.Next(1, told), told);
}

TEST(QuotaBucketTest, WhatWasNotSentWasNotLetInEither) {
  QuotaBucket bucket = NewBucket();
  for (uint64_t i = 101; i <= 103; ++i) {
    bucket.OnSent(i, 1, kMinuteBegins);
    bucket.OnUnsent(i);
  }
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  Exhaust(&bucket, 5, kMinuteBegins, std::nullopt, told);
  EXPECT_EQ(bucket.cap(), 5);
  // A probe that is not sent is another's to be.
  bucket.OnSent(200, 1, told);
  bucket.OnUnsent(200);
  EXPECT_EQ(SendAll(&bucket, 300, told), 1);
}

TEST(QuotaBucketTest, LetsOneProbeThroughWhenItOpens) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  EXPECT_EQ(SendAll(&bucket, 100, told), 1);
  const absl::Time held = told + GateOptions().hold;
  EXPECT_EQ(SendAll(&bucket, 200, held), 4);  // With the probe: the limit.
}

TEST(QuotaBucketTest, AProbeAtAGuessedTimeIsHeldLonger) {
  QuotaBucket bucket = QuotaBucket::Bare(GateOptions());
  const absl::Time now =
      Exhaust(&bucket, 5, kMinuteBegins, std::nullopt, std::nullopt);
  const absl::Time guessed = bucket.Next(1, now);
  EXPECT_EQ(SendAll(&bucket, 100, guessed), 1);
  EXPECT_EQ(bucket.Next(1, guessed), guessed + GateOptions().cold_hold);
}

TEST(QuotaBucketTest, AWindowAlignedToTheClockIsKnownByItsEarlyEnd) {
  QuotaBucket bucket = NewBucket();
  const absl::Time next = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins + absl::Seconds(40), 20, next);
  EXPECT_EQ(bucket.kind(), Kind::kFixed);
  EXPECT_EQ(SendAll(&bucket, 100, next), 1);
  EXPECT_EQ(SendAll(&bucket, 200, next + absl::Seconds(30)), 19);
  // All of it again in the next minute, half a minute after the last.
  EXPECT_EQ(SendAll(&bucket, 300, next + absl::Seconds(61)), 20);
}

TEST(QuotaBucketTest, ASlidingWindowIsKnownByTheEndOfItsOldestUse) {
  QuotaBucket bucket = NewBucket();
  const absl::Time start = kMinuteBegins + absl::Seconds(40);
  const absl::Time told = start + kStep + absl::Minutes(1);
  Exhaust(&bucket, 20, start, 20, told);
  EXPECT_EQ(bucket.kind(), Kind::kSliding);
  const absl::Time probe = bucket.Next(1, told);
  EXPECT_LT(probe, told + absl::Seconds(1));
  EXPECT_EQ(SendAll(&bucket, 100, probe), 1);
  const absl::Time held = told + absl::Seconds(30);
  EXPECT_EQ(SendAll(&bucket, 200, held), 19);
  // The probe's place is the only one that is free a minute after it.
  EXPECT_EQ(SendAll(&bucket, 300, told + absl::Seconds(61)), 1);
}

TEST(QuotaBucketTest, AnUnsteadyNetworkIsWaitedForWhenAPlaceGetsFree) {
  const absl::Time start = kMinuteBegins + absl::Seconds(40);
  const absl::Time oldest = start + kStep;
  const auto opens = [&](absl::Duration spread) {
    QuotaBucket bucket = NewBucket();
    bucket.SetSpread(spread);
    const absl::Time told = oldest + absl::Minutes(1);
    Exhaust(&bucket, 20, start, 20, told);
    return bucket.Next(1, told) - told;
  };
  EXPECT_LT(opens(absl::ZeroDuration()), absl::Milliseconds(300));
  EXPECT_GE(opens(absl::Milliseconds(700)), absl::Milliseconds(700));
  // However unsteady it is.
  EXPECT_LE(opens(absl::Seconds(20)), absl::Seconds(2));
}

// Two windows of a minute in which 5 of 20 were let in, and a third one in
// which they are sent; returns when it began.
absl::Time LearnShare(QuotaBucket* bucket) {
  absl::Time told = kMinuteBegins + absl::Minutes(1);
  Exhaust(bucket, 5, told - absl::Seconds(20), 20, told);
  uint64_t id = 100;
  for (int i = 0; i < 6; ++i) bucket->OnSent(++id, 1, told);
  const absl::Time sent = told + absl::Seconds(1);
  told += absl::Minutes(1);
  bucket->OnSent(++id, 1, sent);
  bucket->OnRefused(id, sent, 20, told, sent);
  return told;
}

TEST(QuotaBucketTest, ATimeThatOneOfOursWouldNotKeepMakesAWindowFixed) {
  QuotaBucket bucket = NewBucket();
  LearnShare(&bucket);
  EXPECT_EQ(bucket.kind(), Kind::kFixed);
  EXPECT_EQ(bucket.cap(), 6);
}

TEST(QuotaBucketTest, WhetherOthersLeaveMoreIsTestedByOneRequest) {
  QuotaBucket bucket = NewBucket();
  absl::Time now = LearnShare(&bucket);
  ASSERT_EQ(SendAll(&bucket, 200, now), 1);
  const absl::Time window = now;
  now += absl::Seconds(1);
  ASSERT_EQ(SendAll(&bucket, 300, now), 5);
  now = bucket.Next(1, now);
  EXPECT_GT(now, window + absl::Seconds(2));
  EXPECT_LT(now, window + absl::Seconds(5));
  EXPECT_EQ(SendAll(&bucket, 400, now), 1);
  // They do not: again in the window after the next.
  now += kStep;
  bucket.OnRefused(400, now - kStep, 20, window + absl::Minutes(1), now);
  EXPECT_EQ(bucket.cap(), 6);
  now = window + absl::Minutes(1);
  ASSERT_EQ(SendAll(&bucket, 500, now), 1);
  now += absl::Seconds(1);
  ASSERT_EQ(SendAll(&bucket, 600, now), 5);
  EXPECT_GE(bucket.Next(1, now), window + absl::Minutes(2));
}

TEST(QuotaBucketTest, WhatOthersDoNotUseAnyMoreIsTakenWithinTheWindow) {
  QuotaBucket bucket = NewBucket();
  absl::Time now = LearnShare(&bucket);
  ASSERT_EQ(SendAll(&bucket, 200, now), 1);
  const absl::Time window = now;
  std::vector<int> sent;
  uint64_t id = 300;
  while (true) {
    now = std::max(now, bucket.Next(1, now));
    if (now > window + absl::Seconds(10)) break;
    const int some = SendAll(&bucket, id, now);
    if (some > 0) sent.push_back(some);
    id += 100;
  }
  EXPECT_EQ(sent, (std::vector<int>{5, 1, 2, 4, 7}));
  EXPECT_EQ(bucket.cap(), 20);
}

TEST(QuotaBucketTest, ATestThatIsSettledSoonerThanAnybodyAsksIsLetIn) {
  QuotaBucket bucket = NewBucket();
  absl::Time now = LearnShare(&bucket);
  ASSERT_EQ(SendAll(&bucket, 200, now), 1);
  // One call at a time: nobody waits when the hold of a test ends.
  int sent = 1;
  uint64_t id = 300;
  const absl::Time window = now;
  while (true) {
    now = std::max(now, bucket.Next(1, now));
    if (now > window + absl::Seconds(30)) break;
    bucket.OnSent(id, 1, now);
    ++sent;
    now += absl::Seconds(1);
    bucket.OnSettled(id++, now);
  }
  EXPECT_EQ(sent, 20);
  EXPECT_EQ(bucket.cap(), 20);
}

TEST(QuotaBucketTest, WhatGoesOutWhenItWasToldToTestsNoRaisedLimit) {
  QuotaBucket bucket = NewBucket();
  bucket.OnSent(50, 1, kMinuteBegins);
  const absl::Time told = kMinuteBegins + absl::Seconds(59);
  Exhaust(&bucket, 19, kMinuteBegins + absl::Seconds(1), 20, told);
  ASSERT_EQ(bucket.kind(), Kind::kSliding);
  ASSERT_EQ(bucket.cap(), 20);
  // By our own record there is no room yet.
  bucket.OnSent(100, 1, told);
  bucket.OnSettled(100, told + absl::Seconds(5));
  EXPECT_EQ(bucket.limit(), 20);
}

TEST(QuotaBucketTest, WhatMayBeRefusedTooMakesNoWindowFixed) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
  absl::Time now = kMinuteBegins;
  // At first few, then so many at once that of the ones after the limit nothing
  // is known when the first refusal comes.
  for (uint64_t id = 1; id <= 200; ++id) {
    now += absl::Milliseconds(20);
    bucket.OnSent(id, 1, now);
  }
  const absl::Time sent = now;
  for (uint64_t id = 201; id <= 280; ++id) bucket.OnSent(id, 1, now);
  bucket.OnRefused(201, sent, 200, told, now + absl::Milliseconds(50));
  EXPECT_EQ(bucket.kind(), Kind::kSliding);
}

TEST(QuotaBucketTest, AFixedWindowDoesNotOpenTwice) {
  QuotaBucket bucket = NewBucket();
  const absl::Time next = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins + absl::Seconds(40), 20, next);
  ASSERT_EQ(bucket.kind(), Kind::kFixed);
  absl::Time now = next;
  ASSERT_EQ(SendAll(&bucket, 100, now), 1);
  now += absl::Seconds(1);
  ASSERT_EQ(SendAll(&bucket, 200, now), 19);
  // Only one place was free, and the next one is soon.
  bucket.OnRefused(200, now, 20, now + absl::Milliseconds(100), now);
  EXPECT_EQ(bucket.kind(), Kind::kSliding);
}

TEST(QuotaBucketTest, RefusedOnesCountWhereTheOthersDoNotFillTheWindow) {
  // Some come too early by a hair, a minute after the first 20, and then fewer
  // than 20 find a place.
  const auto free = [](int early, int let_in) {
    QuotaBucket bucket = NewBucket();
    const absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
    Exhaust(&bucket, 20, kMinuteBegins, 20, told);
    absl::Time now = told;
    uint64_t id = 100;
    for (int i = 0; i < early; ++i) {
      bucket.OnSent(++id, 1, now);
      bucket.OnRefused(id, now, 20, now + absl::Milliseconds(50), now);
      now += absl::Seconds(1);
    }
    now += absl::Seconds(3);
    for (int i = 0; i <= let_in; ++i) bucket.OnSent(++id, 1, now);
    bucket.OnRefused(id, now, 20, now + absl::Seconds(1), now);
    now += absl::Seconds(1);
    bucket.OnSent(++id, 1, now);  // A probe.
    return SendAll(&bucket, 1000, now + absl::Seconds(1));
  };
  EXPECT_EQ(free(5, 16), 0);
  EXPECT_EQ(free(0, 16), 3);  // Strangers came first, perhaps.
}

TEST(QuotaBucketTest, ATestForMoreCostsNoPlaceWhenItIsRefused) {
  QuotaBucket bucket = NewBucket();
  absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins, std::nullopt, told);
  uint64_t id = 100;
  // Window after window is used up, until one more is tried.
  absl::Time now = told;
  int sent = 0;
  while (sent <= 20 && now < told + absl::Minutes(20)) {
    now += absl::Seconds(62);
    sent = SendAll(&bucket, id, now);
    if (sent == 1) sent += SendAll(&bucket, id + 1, now + absl::Seconds(1));
    id += 100;
  }
  ASSERT_EQ(sent, 21);
  // Any of them may have come last.
  const absl::Time before = now;
  now += kStep;
  bucket.OnRefused(id - 100 + 3, before, std::nullopt, std::nullopt, now);
  const absl::Time later = before + absl::Seconds(63);
  EXPECT_EQ(SendAll(&bucket, id, later) +
                SendAll(&bucket, id + 50, later + absl::Seconds(1)),
            20);
}

TEST(QuotaBucketTest, ALimitThatWasRaisedIsFoundOut) {
  QuotaBucket bucket = NewBucket();
  absl::Time now = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 10, kMinuteBegins + absl::Seconds(40), 10, now);
  ASSERT_EQ(bucket.kind(), Kind::kFixed);
  uint64_t id = 100;
  int windows = 0;
  int sent = 0;
  while (sent < 100 && windows < 40) {
    sent = 0;
    for (int second = 0; second < 50; second += 10) {
      const int more = SendAll(&bucket, id, now + absl::Seconds(second));
      for (int i = 0; i < more; ++i) {
        bucket.OnSettled(id++, now + absl::Seconds(second + 5));
      }
      sent += more;
    }
    now += absl::Minutes(1);
    if (++windows < 10) {
      EXPECT_EQ(sent, 10);
    }
  }
  EXPECT_GE(sent, 100) << "after " << windows << " minutes";
}

TEST(QuotaBucketTest, ALimitThatStandsIsTestedEverMoreRarely) {
  QuotaBucket bucket = NewBucket();
  absl::Time now = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 10, kMinuteBegins + absl::Seconds(40), 10, now);
  uint64_t id = 100;
  int tests = 0;
  for (int window = 0; window < 1000; ++window) {
    int sent = 0;
    for (int second = 0; second < 50; second += 10) {
      const absl::Time at = now + absl::Seconds(second);
      const int more = SendAll(&bucket, id, at);
      for (int i = 0; i < more; ++i, ++id) {
        if (++sent <= 10) {
          bucket.OnSettled(id, at + absl::Seconds(5));
        } else {
          ++tests;
          bucket.OnRefused(id, at, 10, now + absl::Minutes(1), at);
        }
      }
    }
    now += absl::Minutes(1);
    EXPECT_GE(sent, 10);
  }
  EXPECT_GE(tests, 10);
  EXPECT_LE(tests, 16);
}

TEST(QuotaBucketTest, ARefusalAtTheEdgeOfAWindowLowersNoCap) {
  QuotaBucket bucket = NewBucket();
  // Of tokens, say: the server's limit is in other units.
  const absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins, std::nullopt, told);
  ASSERT_EQ(bucket.cap(), 20);
  const absl::Time now = told + absl::Seconds(62);
  for (uint64_t id = 100; id < 104; ++id) {
    bucket.OnSent(id, 1, now);
    bucket.OnRefused(id, now, std::nullopt, now + absl::Milliseconds(2), now);
    EXPECT_EQ(bucket.cap(), 20);
  }
}

TEST(QuotaBucketTest, ACapThatWasLearntIsLoweredBySecondThoughts) {
  QuotaBucket bucket = NewBucket();
  absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins, std::nullopt, told);
  uint64_t id = 100;
  for (const double cap : {20, 3}) {
    const absl::Time now = bucket.Next(1, told) + absl::Seconds(1);
    EXPECT_EQ(SendAll(&bucket, id, now), 1);
    bucket.OnSettled(id, now);
    for (int i = 1; i <= 3; ++i) bucket.OnSent(++id, 1, now + kStep * i);
    told = now + absl::Minutes(1);
    bucket.OnRefused(id, now + kStep * 3, std::nullopt, told,
                     now + absl::Seconds(1));
    EXPECT_EQ(bucket.cap(), cap);
    id += 100;
  }
}

TEST(QuotaBucketTest, ARefusedOneKeepsItsPlaceInASlidingWindow) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + kStep + absl::Minutes(1);
  Exhaust(&bucket, 20, kMinuteBegins, 20, told);
  ASSERT_EQ(SendAll(&bucket, 100, bucket.Next(1, told)), 1);
  // A minute and its margin after the refused one.
  const absl::Time freed =
      kMinuteBegins + 21 * kStep + absl::Milliseconds(60240);
  EXPECT_EQ(SendAll(&bucket, 200, freed - absl::Milliseconds(1)), 18);
  EXPECT_EQ(SendAll(&bucket, 300, freed + absl::Milliseconds(1)), 1);
}

TEST(QuotaBucketTest, OthersOfTheSameThrongOnlyProlongTheWait) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  const absl::Time now = Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  bucket.OnRefused(900, now - kStep, 5, told - absl::Seconds(3), now);
  EXPECT_EQ(bucket.Next(1, now), told);
  bucket.OnRefused(901, now - kStep, 5, told + absl::Seconds(3), now);
  EXPECT_EQ(bucket.Next(1, now), told + absl::Seconds(3));
}

TEST(QuotaBucketTest, ALateRefusalFromAnEarlierWindowClosesNothing) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  bucket.OnSent(100, 1, told);
  bucket.OnSettled(100, told + kStep);
  bucket.OnRefused(3, kMinuteBegins, 5, told + absl::Seconds(20), told + kStep);
  EXPECT_EQ(bucket.Next(1, told + kStep), told + kStep);
}

TEST(QuotaBucketTest, ARefusedProbeClosesItAgain) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  bucket.OnSent(100, 1, told);
  bucket.OnRefused(100, told, 5, told + absl::Seconds(7), told + kStep);
  EXPECT_EQ(bucket.Next(1, told + kStep), told + absl::Seconds(7));
}

TEST(QuotaBucketTest, AnAbandonedProbeIsReplaced) {
  QuotaBucket bucket = NewBucket();
  const absl::Time told = kMinuteBegins + absl::Seconds(33);
  Exhaust(&bucket, 5, kMinuteBegins, 5, told);
  bucket.OnSent(100, 1, told);
  bucket.OnReleased(100);
  EXPECT_EQ(bucket.Next(1, told), told);
}

TEST(QuotaBucketTest, WithoutALimitWhatWasLetInIsTheLimit) {
  QuotaBucket bucket = NewBucket();
  const absl::Time next = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 7, kMinuteBegins + absl::Seconds(40), std::nullopt, next);
  EXPECT_FALSE(bucket.uncertain());
  EXPECT_EQ(SendAll(&bucket, 100, next), 1);
  EXPECT_EQ(SendAll(&bucket, 200, next + absl::Seconds(1)), 6);
}

TEST(QuotaBucketTest, WhatStrangersUsedLeavesTheLimitInDoubtOnlyOnce) {
  QuotaBucket bucket = NewBucket();
  const absl::Time next = kMinuteBegins + absl::Minutes(1);
  Exhaust(&bucket, 5, kMinuteBegins + absl::Seconds(40), 20, next);
  EXPECT_TRUE(bucket.uncertain());
  EXPECT_EQ(bucket.cap(), 20);
  Exhaust(&bucket, 5, next, 20, next + absl::Minutes(1));
  const absl::Time now = next + absl::Seconds(1);
  bucket.OnSent(300, 1, next + absl::Minutes(1));
  bucket.OnSettled(300, next + absl::Minutes(1) + kStep);
  for (uint64_t id = 301; id < 305; ++id) {
    bucket.OnSent(id, 1, next + absl::Minutes(1) + 2 * kStep);
  }
  bucket.OnSent(305, 1, next + absl::Minutes(1) + 3 * kStep);
  bucket.OnRefused(305, next + absl::Minutes(1) + 3 * kStep, 20,
                   next + absl::Minutes(2), now + absl::Minutes(1));
  EXPECT_FALSE(bucket.uncertain());
  EXPECT_LT(*bucket.cap(), 20);
}

TEST(QuotaBucketTest, ALimitOfTheUserIsKeptExactlyWhateverIsRefused) {
  QuotaBucket bucket(GateOptions(), absl::Minutes(1), Kind::kSliding);
  bucket.SetLimit(7);
  EXPECT_EQ(SendAll(&bucket, 1, kMinuteBegins), 7);
  EXPECT_EQ(SendAll(&bucket, 100, kMinuteBegins + absl::Seconds(59)), 0);
  EXPECT_EQ(SendAll(&bucket, 200, kMinuteBegins + absl::Seconds(61)), 7);
  bucket.OnRefused(200, kMinuteBegins + absl::Seconds(61), 3,
                   kMinuteBegins + absl::Minutes(2),
                   kMinuteBegins + absl::Seconds(62));
  EXPECT_EQ(bucket.cap(), 7);
}

TEST(QuotaBucketTest, ADayBeginsAtMidnightInCalifornia) {
  QuotaBucket bucket(GateOptions(), absl::Hours(24), Kind::kDay);
  bucket.SetLimit(2);
  const absl::Time evening = absl::FromCivil(
      absl::CivilSecond(2026, 7, 1, 23, 0, 0), absl::FixedTimeZone(-7 * 3600));
  EXPECT_EQ(SendAll(&bucket, 1, evening), 2);
  EXPECT_EQ(bucket.Next(1, evening), evening + absl::Hours(1));
  EXPECT_EQ(SendAll(&bucket, 10, evening + absl::Hours(1)), 2);
}

TEST(QuotaBucketTest, ABareRefusalIsTestedSoonThenLaterThenWithTheMinute) {
  QuotaBucket bucket = QuotaBucket::Bare(GateOptions());
  const absl::Time now =
      Exhaust(&bucket, 5, kMinuteBegins, std::nullopt, std::nullopt);
  std::vector<absl::Duration> waits;
  absl::Time at = now;
  for (uint64_t id = 100; id < 103; ++id) {
    const absl::Time next = bucket.Next(1, at);
    waits.push_back(next - at);
    at = next;
    bucket.OnSent(id, 1, at);
    bucket.OnRefused(id, at, std::nullopt, std::nullopt, at);
  }
  EXPECT_EQ(waits[0], absl::Seconds(2));
  EXPECT_EQ(waits[1], absl::Seconds(8));
  EXPECT_GT(at, kMinuteBegins + absl::Minutes(1));
  EXPECT_LT(at, kMinuteBegins + absl::Seconds(61));
}

TEST(QuotaBucketTest, WhatIsBareAndOpensSoonIsNoMinute) {
  QuotaBucket bucket = QuotaBucket::Bare(GateOptions());
  const absl::Time now =
      Exhaust(&bucket, 5, kMinuteBegins, std::nullopt, std::nullopt);
  const absl::Time probe = bucket.Next(1, now);
  bucket.OnSent(100, 1, probe);
  EXPECT_EQ(SendAll(&bucket, 200, probe + absl::Seconds(4)), 5);
  EXPECT_GE(SendAll(&bucket, 300, probe + absl::Seconds(8)), 5);
}

}  // namespace
}  // namespace gemini::internal
