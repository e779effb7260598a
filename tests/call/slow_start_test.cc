#include "call/slow_start.h"

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
  EXPECT_EQ(slow_start.Next(1, kStart), kStart + options.hold);
}

TEST(SlowStartTest, ReachesTwoThousandInFlightInAboutASecond) {
  SlowStart slow_start{GateOptions()};
  EXPECT_LT(TimeTo(2000, &slow_start), absl::Milliseconds(1050));
}

TEST(SlowStartTest, SpreadsWhatItAddsInsteadOfSendingItAtOnce) {
  const GateOptions options;
  SlowStart slow_start(options);
  const absl::Duration ten = TimeTo(10, &slow_start);
  SlowStart other(options);
  EXPECT_GT(TimeTo(11, &other), ten + options.careful_doubling / 20);
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
