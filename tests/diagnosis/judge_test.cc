#include "diagnosis/judge.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

QuotaViolation Violation(QuotaWindow window, std::optional<int64_t> limit,
                         QuotaTier tier = QuotaTier::kUnknown) {
  QuotaViolation violation;
  violation.window = window;
  violation.limit = limit;
  violation.tier = tier;
  violation.limit_source = LimitSource::kQuotaValue;
  return violation;
}

Verdict JudgeQuotas(const std::vector<QuotaViolation>& violations) {
  const BodyFacts body;
  const std::vector<StatedQuota> stated;
  Evidence evidence;
  evidence.http = 429;
  evidence.body = &body;
  evidence.violations = &violations;
  evidence.stated = &stated;
  return Judge(evidence);
}

TEST(JudgeTest, TheLongestLivedViolationDecidesWhereverItStands) {
  const QuotaViolation minute = Violation(QuotaWindow::kMinute, 10);
  const QuotaViolation day = Violation(QuotaWindow::kDay, 250);
  const QuotaViolation month = Violation(QuotaWindow::kMonth, 1000);
  EXPECT_EQ(JudgeQuotas({minute}).code, "quota_minute");
  EXPECT_EQ(JudgeQuotas({minute, day}).code, "quota_day");
  EXPECT_EQ(JudgeQuotas({day, minute}).code, "quota_day");
  EXPECT_EQ(JudgeQuotas({minute, month, day}).code, "quota_month");
}

TEST(JudgeTest, ALimitOfZeroOutweighsAllOthers) {
  const QuotaViolation day = Violation(QuotaWindow::kDay, 250);
  EXPECT_EQ(JudgeQuotas({day, Violation(QuotaWindow::kMinute, 0)}).code,
            "quota_zero");
  EXPECT_EQ(
      JudgeQuotas({Violation(QuotaWindow::kMinute, 0, QuotaTier::kFree)}).code,
      "quota_zero_free_tier");
  EXPECT_EQ(
      JudgeQuotas({Violation(QuotaWindow::kMinute, 0, QuotaTier::kTier2)}).code,
      "quota_zero_paid_tier");
  EXPECT_EQ(JudgeQuotas({Violation(QuotaWindow::kMinute, -3)}).code,
            "quota_zero");
}

TEST(JudgeTest, AnUnknownLimitIsNotZero) {
  EXPECT_EQ(JudgeQuotas({Violation(QuotaWindow::kDay, std::nullopt)}).code,
            "quota_day");
}

TEST(JudgeTest, SaysWhichViolationDecidedAndByWhichWord) {
  QuotaViolation day = Violation(QuotaWindow::kDay, 20);
  day.quota_id = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
  EXPECT_EQ(JudgeQuotas({Violation(QuotaWindow::kMinute, 5), day}).evidence,
            "violations[1].quotaId contains PerDay");
}

TEST(JudgeTest, SpendIsMoneyOrARateByItsPeriod) {
  QuotaViolation spend = Violation(QuotaWindow::kTenMinutes, 10);
  spend.unit = QuotaUnit::kSpend;
  EXPECT_EQ(JudgeQuotas({spend}).code, "spend_rate");
  spend.window = QuotaWindow::kMonth;
  EXPECT_EQ(JudgeQuotas({spend}).code, "spend_cap");
}

}  // namespace
}  // namespace gemini::internal
