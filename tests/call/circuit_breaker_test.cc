#include "call/circuit_breaker.h"

#include <optional>

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();
const absl::Time kFar = kStart + absl::Hours(1);

void Fail(CircuitBreaker* breaker, int times, absl::Time now,
          std::optional<absl::Time> retry_at = std::nullopt) {
  for (int i = 0; i < times; ++i) {
    breaker->OnFailed(1, now, 10, retry_at, now, 0.5);
  }
}

TEST(CircuitBreakerTest, OpensAfterARowOfFailures) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 4, kStart);
  EXPECT_TRUE(breaker.is_closed());
  Fail(&breaker, 1, kStart);
  EXPECT_FALSE(breaker.is_closed());
  EXPECT_EQ(breaker.Next(10, kFar, kStart), kStart + absl::Seconds(1));
}

TEST(CircuitBreakerTest, ASuccessEndsTheRow) {
  CircuitBreaker breaker{GateOptions()};
  for (int i = 0; i < 4; ++i) {
    Fail(&breaker, 4, kStart);
    for (int served = 0; served < 10; ++served) {
      breaker.OnServed(2, kStart, kStart);
    }
  }
  EXPECT_TRUE(breaker.is_closed());
}

TEST(CircuitBreakerTest, APictureBegunBeforeTheFailuresDoesNotEndTheRow) {
  CircuitBreaker breaker{GateOptions()};
  const absl::Time now = kStart + absl::Seconds(5);
  for (int i = 0; i < 5; ++i) {
    Fail(&breaker, 1, now);
    breaker.OnServed(2, kStart, now);
  }
  EXPECT_FALSE(breaker.is_closed());
}

TEST(CircuitBreakerTest, WhatWasNotSentIsNotAmongWhatWas) {
  CircuitBreaker breaker{GateOptions()};
  for (uint64_t id = 1; id <= 15; ++id) breaker.OnSent(id, kStart);
  for (uint64_t id = 6; id <= 15; ++id) breaker.OnUnsent(id, kStart);
  Fail(&breaker, 5, kStart);
  EXPECT_FALSE(breaker.is_closed()) << "five of five, not of fifteen";
}

TEST(CircuitBreakerTest, AFewFailuresAmongManyRequestsAreNoRow) {
  CircuitBreaker breaker{GateOptions()};
  for (uint64_t i = 1; i <= 20; ++i) breaker.OnSent(i, kStart);
  Fail(&breaker, 5, kStart);
  EXPECT_TRUE(breaker.is_closed()) << "fifteen are being drawn";
  Fail(&breaker, 5, kStart);
  EXPECT_FALSE(breaker.is_closed());
}

TEST(CircuitBreakerTest, OpensWhenHalfOfTheAttemptsFail) {
  CircuitBreaker breaker{GateOptions()};
  for (int i = 0; i < 9; ++i) {
    Fail(&breaker, 1, kStart);
    breaker.OnServed(2, kStart, kStart);
  }
  breaker.OnServed(2, kStart, kStart);
  EXPECT_TRUE(breaker.is_closed());
  Fail(&breaker, 1, kStart);
  EXPECT_FALSE(breaker.is_closed());
}

TEST(CircuitBreakerTest, ForgetsWhatIsOlderThanItsWindow) {
  CircuitBreaker breaker{GateOptions()};
  for (int i = 0; i < 9; ++i) {
    Fail(&breaker, 1, kStart);
    breaker.OnServed(2, kStart, kStart);
  }
  const absl::Time later = kStart + absl::Seconds(11);
  breaker.OnServed(2, later, later);
  Fail(&breaker, 2, later);
  EXPECT_TRUE(breaker.is_closed());
}

TEST(CircuitBreakerTest, LetsOneProbeThroughAndWaitsForItsAnswer) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  const absl::Time probe = kStart + absl::Seconds(1);
  ASSERT_EQ(breaker.Next(0, kFar, probe), probe);
  breaker.OnSent(7, probe);
  EXPECT_EQ(breaker.Next(1, kFar, probe), absl::InfiniteFuture());
  breaker.OnServed(7, probe, probe);
  EXPECT_TRUE(breaker.is_closed());
}

TEST(CircuitBreakerTest, AProbeThatFailsMakesTheNextOneLater) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  const absl::Time probe = kStart + absl::Seconds(1);
  breaker.OnSent(7, probe);
  breaker.OnFailed(7, probe, 1, std::nullopt, probe, 0.5);
  EXPECT_EQ(breaker.Next(0, kFar, probe), probe + absl::Milliseconds(1300));
}

TEST(CircuitBreakerTest, AProbeThatIsGivenUpIsReplaced) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  const absl::Time probe = kStart + absl::Seconds(1);
  breaker.OnSent(7, probe);
  breaker.OnReleased(7);
  EXPECT_EQ(breaker.Next(0, kFar, probe), probe);
}

TEST(CircuitBreakerTest, StaysOpenAsLongAsTheServerSays) {
  CircuitBreaker breaker{GateOptions()};
  const absl::Time told = kStart + absl::Seconds(40);
  Fail(&breaker, 5, kStart, told);
  EXPECT_EQ(breaker.Next(0, kStart + absl::Seconds(5), kStart), told);
}

TEST(CircuitBreakerTest, ACallThatEndsBeforeAGuessedTimeMayProbeItself) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  absl::Time now = kStart;
  for (uint64_t id = 10; id < 20; ++id) {
    now = breaker.Next(0, kFar, now);
    breaker.OnSent(id, now);
    breaker.OnFailed(id, now, 1, std::nullopt, now, 0.5);
  }
  const absl::Time deadline = now + absl::Seconds(2);
  EXPECT_GT(breaker.Next(0, kFar, now), deadline);
  EXPECT_LT(breaker.Next(0, deadline, now), deadline);
}

TEST(CircuitBreakerTest, ComesBackGently) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  const absl::Time probe = kStart + absl::Seconds(1);
  breaker.OnSent(7, probe);
  breaker.OnServed(7, probe, probe);
  const int few = static_cast<int>(GateOptions().recovery_start);
  EXPECT_EQ(breaker.Next(few - 1, kFar, probe), probe);
  EXPECT_GT(breaker.Next(few, kFar, probe), probe);
  const absl::Time later = probe + absl::Seconds(30);
  EXPECT_EQ(breaker.Next(2000, kFar, later), later);
}

TEST(CircuitBreakerTest, AFailureFromBeforeTheProbeDoesNotOpenItAgain) {
  CircuitBreaker breaker{GateOptions()};
  Fail(&breaker, 5, kStart);
  const absl::Time probe = kStart + absl::Seconds(1);
  breaker.OnSent(7, probe);
  breaker.OnServed(7, probe, probe);
  for (int i = 0; i < 10; ++i) {
    breaker.OnFailed(1, kStart, 10, std::nullopt, probe, 0.5);
  }
  EXPECT_TRUE(breaker.is_closed());
}

}  // namespace
}  // namespace gemini::internal
