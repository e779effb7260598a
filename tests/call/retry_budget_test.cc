#include "call/retry_budget.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

// Takes all that is left at `now`.
int TakeAll(RetryBudget* budget, absl::Time now) {
  int taken = 0;
  while (taken < 10000 && budget->Next(now) <= now) {
    budget->OnRetry(now);
    ++taken;
  }
  return taken;
}

TEST(RetryBudgetTest, ABurstIsFollowedByWhatTimeRefills) {
  RetryBudget budget{GateOptions()};
  EXPECT_EQ(TakeAll(&budget, kStart), 50);
  EXPECT_EQ(TakeAll(&budget, kStart + absl::Milliseconds(10500)), 10);
  EXPECT_EQ(TakeAll(&budget, budget.Next(kStart + absl::Milliseconds(10500))),
            1);
}

TEST(RetryBudgetTest, SuccessesAddTheirShare) {
  RetryBudget budget{GateOptions()};
  TakeAll(&budget, kStart);
  for (int i = 0; i < 101; ++i) budget.OnSuccess(kStart);
  EXPECT_EQ(TakeAll(&budget, kStart), 20);
}

TEST(RetryBudgetTest, HoldsNoMoreThanABurst) {
  RetryBudget budget{GateOptions()};
  for (int i = 0; i < 1000; ++i) budget.OnSuccess(kStart);
  EXPECT_EQ(TakeAll(&budget, kStart + absl::Hours(24)), 50);
}

TEST(RetryBudgetTest, AClockThatJumpsBackRefillsNothing) {
  RetryBudget budget{GateOptions()};
  TakeAll(&budget, kStart + absl::Hours(1));
  EXPECT_EQ(TakeAll(&budget, kStart), 0);
}

}  // namespace
}  // namespace gemini::internal
