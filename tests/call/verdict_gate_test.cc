#include "call/verdict_gate.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

Diagnosis Verdict(Cause cause) {
  Diagnosis diagnosis;
  diagnosis.cause = cause;
  return diagnosis;
}

bool IsOpen(const VerdictGate& gate, absl::Time now) {
  return gate.Closed(now) == nullptr;
}

TEST(VerdictGateTest, IsTestedAfterTheTimeThatItsCauseDeserves) {
  struct Case {
    Cause cause;
    absl::Duration told;
    absl::Duration probe;
  };
  const Case cases[] = {
      {Cause::kZeroQuota, absl::ZeroDuration(), absl::Minutes(10)},
      {Cause::kZeroQuota, absl::Seconds(33), absl::Minutes(10)},
      {Cause::kBilling, absl::ZeroDuration(), absl::Minutes(10)},
      {Cause::kDailyQuota, absl::ZeroDuration(), absl::Minutes(5)},
      {Cause::kDailyQuota, absl::Seconds(33), absl::Minutes(5)},
      {Cause::kDailyQuota, absl::Hours(3), absl::Hours(3)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(static_cast<int>(c.cause));
    VerdictGate gate{GateOptions()};
    Diagnosis diagnosis = Verdict(c.cause);
    diagnosis.retry_delay = c.told;
    if (c.cause == Cause::kDailyQuota) {
      diagnosis.retry_at = kStart + absl::Hours(9);
    }
    gate.OnVerdict(1, kStart, diagnosis, kStart);
    EXPECT_FALSE(IsOpen(gate, kStart + c.probe - absl::Nanoseconds(1)));
    EXPECT_TRUE(IsOpen(gate, kStart + c.probe));
  }
}

TEST(VerdictGateTest, LetsOneProbeThroughAndEverRarer) {
  VerdictGate gate{GateOptions()};
  gate.OnVerdict(1, kStart, Verdict(Cause::kZeroQuota), kStart);
  absl::Time now = kStart + absl::Minutes(10);
  gate.OnSent(2, now);
  EXPECT_FALSE(IsOpen(gate, now + absl::Hours(5)));
  gate.OnVerdict(2, now, Verdict(Cause::kZeroQuota), now);
  EXPECT_FALSE(IsOpen(gate, now + absl::Minutes(19)));
  EXPECT_TRUE(IsOpen(gate, now + absl::Minutes(20)));
}

TEST(VerdictGateTest, AProbeThatSucceedsOpensIt) {
  VerdictGate gate{GateOptions()};
  gate.OnVerdict(1, kStart, Verdict(Cause::kZeroQuota), kStart);
  const absl::Time now = kStart + absl::Minutes(10);
  gate.OnSent(2, now);
  gate.OnDisproved(now);
  EXPECT_TRUE(IsOpen(gate, now));
}

TEST(VerdictGateTest, AProbeThatTellsNothingIsReplacedByTheNext) {
  VerdictGate gate{GateOptions()};
  gate.OnVerdict(1, kStart, Verdict(Cause::kZeroQuota), kStart);
  const absl::Time now = kStart + absl::Minutes(10);
  gate.OnSent(2, now);
  gate.OnReleased(2);
  EXPECT_TRUE(IsOpen(gate, now));
}

TEST(VerdictGateTest, AnswersToWhatWasSentBeforeNeitherOpenNorCloseIt) {
  VerdictGate gate{GateOptions()};
  const absl::Time closed = kStart + absl::Seconds(1);
  gate.OnVerdict(1, kStart, Verdict(Cause::kDailyQuota), closed);
  gate.OnDisproved(kStart);  // A picture begun before the quota was gone.
  EXPECT_FALSE(IsOpen(gate, closed));
  const absl::Time probe = closed + absl::Minutes(5);
  gate.OnSent(2, probe);
  gate.OnDisproved(probe);
  gate.OnVerdict(3, kStart, Verdict(Cause::kDailyQuota), probe);
  EXPECT_TRUE(IsOpen(gate, probe));
}

TEST(VerdictGateTest, DoubtLeavesAProbeThatIsOnItsWayAlone) {
  const absl::Time start = absl::UnixEpoch();
  VerdictGate gate{GateOptions()};
  Diagnosis zero;
  zero.cause = Cause::kZeroQuota;
  gate.OnSent(1, start);
  gate.OnVerdict(1, start, zero, start);
  const absl::Time later = start + absl::Minutes(11);
  gate.OnSent(2, later);
  gate.Doubt(later);
  EXPECT_NE(gate.Closed(later), nullptr);
}

}  // namespace
}  // namespace gemini::internal
