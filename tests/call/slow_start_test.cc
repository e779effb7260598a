#include "call/slow_start.h"

#include <utility>

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

// Sends as fast as it may while nothing is answered; returns how long it took.
absl::Duration TimeTo(int in_flight, SlowStart* slow_start) {
  absl::Time now = kStart;
  for (int sent = 0; sent < in_flight; ++sent) {
    const absl::Time next = slow_start->Next(sent, now);
    EXPECT_GE(next, now);
    now = next;
    EXPECT_LE(slow_start->Next(sent, now), now);
    slow_start->OnSent(static_cast<uint64_t>(sent) + 1, sent + 1, now);
  }
  return now - kStart;
}

TEST(SlowStartTest, TheFirstRequestGoesAlone) {
  const GateOptions options;
  SlowStart slow_start(options);
  EXPECT_EQ(slow_start.Next(0, kStart), kStart);
  slow_start.OnSent(1, 1, kStart);
  EXPECT_EQ(slow_start.Next(1, kStart), kStart + options.cold_hold);
}

TEST(SlowStartTest, TheHoldBeginsWhenTheConnectionStands) {
  SlowStart slow_start{GateOptions()};
  slow_start.OnSent(1, 1, kStart);
  const absl::Time connected = kStart + absl::Milliseconds(200);
  slow_start.OnUnderWay(1, connected);
  EXPECT_EQ(slow_start.Next(1, connected), connected + GateOptions().cold_hold);
}

TEST(SlowStartTest, FeelsItsWayUntilAPictureComes) {
  SlowStart slow_start{GateOptions()};
  const GateOptions options;
  // More than it begins with one by one.
  EXPECT_EQ(
      TimeTo(20, &slow_start),
      options.cold_hold + options.careful_step * (20 - options.ramp_start));
}

TEST(SlowStartTest, ReachesTwoThousandInFlightThoughNoPictureComes) {
  SlowStart slow_start{GateOptions()};
  EXPECT_LT(TimeTo(2000, &slow_start), absl::Seconds(6));
}

TEST(SlowStartTest, ReachesTwoThousandInFlightWithinASecondOfAPicture) {
  SlowStart slow_start{GateOptions()};
  int sent = 40;
  absl::Time now = kStart + TimeTo(sent, &slow_start);
  slow_start.OnDelivered(kStart, 2000, now);
  const absl::Time delivered = now;
  for (; sent < 2000; ++sent) {
    now = slow_start.Next(sent, now);
    slow_start.OnSent(static_cast<uint64_t>(sent) + 1, sent + 1, now);
  }
  EXPECT_LT(now - delivered, absl::Seconds(1));
}

// Refusals are no slower than pictures, so less is wasted by haste.
TEST(SlowStartTest, AQuickPictureIsFollowedSooner) {
  for (const auto& [took, most] :
       {std::pair(absl::Milliseconds(2), absl::Milliseconds(45)),
        std::pair(absl::Milliseconds(10), absl::Milliseconds(200)),
        std::pair(-absl::Seconds(1), absl::Milliseconds(45))}) {
    SlowStart slow_start{GateOptions()};
    slow_start.OnSent(1, 1, kStart);
    const absl::Time delivered = kStart + took;
    slow_start.OnDelivered(kStart, 2000, delivered);
    absl::Time now = delivered;
    for (int sent = 0; sent < 2000; ++sent) {
      now = slow_start.Next(sent, now);
      slow_start.OnSent(static_cast<uint64_t>(sent) + 2, sent + 1, now);
    }
    EXPECT_LT(now - delivered, most) << took;
    EXPECT_GT(now - delivered, most / 3) << took;
  }
}

// As one of another process is, of which the ledger tells.
TEST(SlowStartTest, APictureThatIsToldLateStartsNoStampede) {
  SlowStart slow_start{GateOptions()};
  slow_start.OnSent(1, 1, kStart);
  const absl::Time begun = kStart + absl::Seconds(1);
  slow_start.Next(1, begun);
  slow_start.Next(3, begun);
  slow_start.OnDelivered(kStart, 2000, begun - absl::Milliseconds(400));
  absl::Time now = begun;
  for (int sent = 3; sent < 2000; ++sent) {
    now = slow_start.Next(sent, now);
    slow_start.OnSent(static_cast<uint64_t>(sent) + 2, sent + 1, now);
  }
  EXPECT_GT(now - begun, absl::Milliseconds(200));
  EXPECT_LT(now - begun, absl::Seconds(1));
}

TEST(SlowStartTest, FewWhoWaitAreNotLetInAtOnce) {
  SlowStart slow_start{GateOptions()};
  const absl::Time now = kStart + TimeTo(40, &slow_start);
  slow_start.OnDelivered(kStart, 60, now);
  EXPECT_LE(slow_start.Next(40, now), now + absl::Milliseconds(25));
  EXPECT_GE(slow_start.Next(59, now), now + absl::Milliseconds(300));
}

TEST(SlowStartTest, APictureFromBeforeARefusalHastensNothing) {
  SlowStart slow_start{GateOptions()};
  TimeTo(40, &slow_start);
  slow_start.Reset();
  const absl::Time now = kStart + absl::Seconds(5);
  slow_start.OnSent(100, 1, now);
  slow_start.OnDelivered(kStart, 2000, now);
  EXPECT_EQ(slow_start.Next(1, now), now + GateOptions().cold_hold);
}

TEST(SlowStartTest, AnAnswerToTheProbeEndsItsHold) {
  SlowStart slow_start{GateOptions()};
  slow_start.OnSent(1, 1, kStart);
  slow_start.OnSettled(1, kStart + absl::Milliseconds(10));
  EXPECT_EQ(slow_start.Next(0, kStart + absl::Milliseconds(10)),
            kStart + absl::Milliseconds(10));
}

TEST(SlowStartTest, AProbeThatIsGivenUpIsReplaced) {
  SlowStart slow_start{GateOptions()};
  slow_start.OnSent(1, 1, kStart);
  slow_start.OnReleased(1);
  EXPECT_EQ(slow_start.Next(0, kStart), kStart);
}

TEST(SlowStartTest, ALullDoesNotEndInAStampede) {
  const GateOptions options;
  SlowStart slow_start(options);
  slow_start.OnSent(1, 1, kStart);
  absl::Time now = kStart + absl::Hours(1);
  int sent = 1;
  while (slow_start.Next(sent, now) <= now) ++sent;
  EXPECT_LE(sent, options.ramp_start);
}

TEST(SlowStartTest, ARefusalBeginsItAnew) {
  SlowStart slow_start{GateOptions()};
  TimeTo(100, &slow_start);
  slow_start.Reset();
  const absl::Time now = kStart + absl::Seconds(2);
  EXPECT_EQ(slow_start.Next(100, now), now);
  slow_start.OnSent(200, 101, now);
  EXPECT_GT(slow_start.Next(101, now), now);
}

}  // namespace
}  // namespace gemini::internal
