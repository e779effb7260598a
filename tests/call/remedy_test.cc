#include "call/remedy.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(RemedyTest, NothingThatWaitingCannotCureIsRepeated) {
  for (const Cause cause : {Cause::kRefused, Cause::kTokenLimit,
                            Cause::kUnknown, Cause::kDeadlineExceeded}) {
    EXPECT_EQ(RemedyFor(cause), Remedy::kNone) << static_cast<int>(cause);
  }
}

TEST(RemedyTest, WhatHoldsForARouteMovesOnToTheNext) {
  for (const Cause cause :
       {Cause::kZeroQuota, Cause::kDailyQuota, Cause::kBilling,
        Cause::kCredential, Cause::kModelNotFound}) {
    EXPECT_EQ(RemedyFor(cause), Remedy::kNextRoute) << static_cast<int>(cause);
  }
}

TEST(RemedyTest, WhatTimeCuresIsRepeated) {
  EXPECT_EQ(RemedyFor(Cause::kRateLimited), Remedy::kThrottle);
  EXPECT_EQ(RemedyFor(Cause::kSpendRate), Remedy::kThrottle);
  EXPECT_EQ(RemedyFor(Cause::kOverloaded), Remedy::kBackoff);
  EXPECT_EQ(RemedyFor(Cause::kTransient), Remedy::kBackoff);
}

TEST(RemedyTest, WhatMayHaveBeenPaidForIsTheCallersDecision) {
  EXPECT_EQ(RemedyFor(Cause::kAmbiguous), Remedy::kAskCaller);
}

TEST(MayBeQuotaTest, A429ThatNamesCapacityIsNot) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kOverloaded;
  diagnosis.http_status = 503;
  EXPECT_FALSE(MayBeQuota(diagnosis));
  diagnosis.http_status = 429;
  EXPECT_TRUE(MayBeQuota(diagnosis));
  diagnosis.reason = "MODEL_CAPACITY_EXHAUSTED";
  EXPECT_FALSE(MayBeQuota(diagnosis));
  diagnosis.cause = Cause::kRateLimited;
  EXPECT_TRUE(MayBeQuota(diagnosis));
}

}  // namespace
}  // namespace gemini::internal
