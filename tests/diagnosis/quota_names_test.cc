#include "diagnosis/quota_names.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(QuotaNamesTest, NamesTellPeriodUnitAndTier) {
  struct Case {
    const char* name;
    QuotaWindow window;
    QuotaUnit unit;
    QuotaTier tier;
  };
  const Case cases[] = {
      {"GenerateRequestsPerDayPerProjectPerModel-FreeTier", QuotaWindow::kDay,
       QuotaUnit::kRequests, QuotaTier::kFree},
      {"GenerateContentInputTokensPerModelPerMinute-FreeTier",
       QuotaWindow::kMinute, QuotaUnit::kInputTokens, QuotaTier::kFree},
      {"GenerateContentPaidTierImagesPerMinutePerProjectPerModel",
       QuotaWindow::kMinute, QuotaUnit::kImages, QuotaTier::kPaid},
      {"GenerateContentPaidTier3InputTokensPerModelPerMinute",
       QuotaWindow::kMinute, QuotaUnit::kInputTokens, QuotaTier::kTier3},
      {"generate_content_paid_tier_2_input_token_count", QuotaWindow::kUnknown,
       QuotaUnit::kInputTokens, QuotaTier::kTier2},
      {"generate_requests_per_model_per_day", QuotaWindow::kDay,
       QuotaUnit::kRequests, QuotaTier::kUnknown},
      {"Request limit per minute for a region", QuotaWindow::kMinute,
       QuotaUnit::kRequests, QuotaTier::kUnknown},
      {"tokens per min", QuotaWindow::kMinute, QuotaUnit::kTokens,
       QuotaTier::kUnknown},
      {"SpendPer10MinutesPerProject", QuotaWindow::kTenMinutes,
       QuotaUnit::kSpend, QuotaTier::kUnknown},
      {"file_storage_bytes", QuotaWindow::kUnknown, QuotaUnit::kBytes,
       QuotaTier::kUnknown},
      {"", QuotaWindow::kUnknown, QuotaUnit::kUnknown, QuotaTier::kUnknown},
  };
  for (const Case& c : cases) {
    const QuotaTraits traits = TraitsIn(c.name);
    EXPECT_EQ(traits.window, c.window) << c.name;
    EXPECT_EQ(traits.unit, c.unit) << c.name;
    EXPECT_EQ(traits.tier, c.tier) << c.name;
  }
}

TEST(QuotaNamesTest, TheWordThatTellsThePeriodIsFoundAsWritten) {
  EXPECT_EQ(WindowWordIn("GenerateRequestsPerDayPerProject"), "PerDay");
  EXPECT_EQ(WindowWordIn("generate_requests_per_minute"), "per_minute");
  EXPECT_EQ(WindowWordIn("per-day"), "per-day");
  EXPECT_EQ(WindowWordIn("GenerateRequests"), "");
}

TEST(QuotaNamesTest, TheIdTellsMoreThanTheMetric) {
  QuotaViolation violation;
  violation.quota_id = "GenerateRequestsPerMinutePerProjectPerModel";
  violation.metric = "x.googleapis.com/images_per_day_free_tier";
  ClassifyQuota(&violation);
  EXPECT_EQ(violation.window, QuotaWindow::kMinute);
  EXPECT_EQ(violation.unit, QuotaUnit::kRequests);
  EXPECT_EQ(violation.tier, QuotaTier::kFree);
}

}  // namespace
}  // namespace gemini::internal
