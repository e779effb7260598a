#include "diagnosis/quota_text.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(QuotaTextTest, ReadsEachFormOfSentence) {
  struct Case {
    const char* message;
    const char* metric;
    const char* quota_id;
    const char* model;
    std::optional<int64_t> limit;
  };
  const Case cases[] = {
      {"* Quota exceeded for metric: g.com/m, limit: 0, model: x-1.5\n",
       "g.com/m", "", "x-1.5", 0},
      {"quota exceeded for metric: g.com/m, limit: 20", "g.com/m", "", "", 20},
      {"Quota exceeded for metric: g.com/m", "g.com/m", "", "", std::nullopt},
      {"Quota exceeded for quota metric 'g.com/m' and limit 'PerDay' of "
       "service 's'",
       "g.com/m", "PerDay", "", std::nullopt},
      {"Quota exceeded for a.googleapis.com/per_minute with base model: y.",
       "a.googleapis.com/per_minute", "", "y", std::nullopt},
      {"Rate limit reached for gpt-image-1 in organization org-1 on tokens per "
       "min (TPM): Limit 10, Used 4, Requested 7.",
       "tokens", "", "gpt-image-1", 10},
  };
  for (const Case& c : cases) {
    const auto quotas = QuotasIn(c.message, MessageEnd::kWhole);
    ASSERT_EQ(quotas.size(), 1U) << c.message;
    EXPECT_EQ(quotas[0].metric, c.metric) << c.message;
    EXPECT_EQ(quotas[0].quota_id, c.quota_id) << c.message;
    EXPECT_EQ(quotas[0].model, c.model) << c.message;
    EXPECT_EQ(quotas[0].limit, c.limit) << c.message;
  }
}

TEST(QuotaTextTest, ANumberAtACutEndIsNotBelieved) {
  const char kText[] = "Quota exceeded for metric: g.com/m, limit: 2";
  EXPECT_EQ(QuotasIn(kText, MessageEnd::kWhole)[0].limit, 2);
  EXPECT_EQ(QuotasIn(kText, MessageEnd::kCut)[0].limit, std::nullopt);
}

TEST(QuotaTextTest, StatementsOfOneMetricBelongToItsViolationsInOrder) {
  std::vector<QuotaViolation> violations(3);
  violations[0].metric = "g.com/requests";
  violations[0].quota_id = "PerDay";
  violations[1].metric = "g.com/requests";
  violations[1].quota_id = "PerMinute";
  violations[2].metric = "g.com/tokens";
  violations[2].limit = 7;
  violations[2].limit_source = LimitSource::kQuotaValue;
  MergeStatedQuotas(
      QuotasIn("* Quota exceeded for metric: g.com/tokens, limit: 9\n"
               "* Quota exceeded for metric: g.com/requests, limit: 250\n"
               "* Quota exceeded for metric: g.com/requests, limit: 10\n",
               MessageEnd::kWhole),
      &violations);
  ASSERT_EQ(violations.size(), 3U);
  EXPECT_EQ(violations[0].limit, 250);
  EXPECT_EQ(violations[1].limit, 10);
  EXPECT_EQ(violations[1].limit_source, LimitSource::kMessage);
  EXPECT_EQ(violations[2].limit, 7) << "what the violation says is kept";
}

TEST(QuotaTextTest, AQuotaThatOnlyTheTextStatesIsAViolation) {
  std::vector<QuotaViolation> violations;
  MergeStatedQuotas(
      QuotasIn("Quota exceeded for metric: g.com/free_tier_requests, limit: 0",
               MessageEnd::kWhole),
      &violations);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].limit, 0);
  EXPECT_EQ(violations[0].tier, QuotaTier::kFree);
}

TEST(QuotaTextTest, ReadsDelays) {
  struct Case {
    const char* message;
    std::optional<absl::Duration> delay;
  };
  const Case cases[] = {
      {"Please retry in 33.6s.", absl::Milliseconds(33600)},
      {"Please retry in 387.4ms.", absl::Microseconds(387400)},
      {"retry in 1h52m56.4s",
       absl::Hours(1) + absl::Minutes(52) + absl::Milliseconds(56400)},
      {"Please try again in 12s.", absl::Seconds(12)},
      {"try again after 43 seconds", absl::Seconds(43)},
      {"please wait 2 minutes", absl::Minutes(2)},
      {"Quota resets in 5 days", absl::Hours(120)},
      {"retry in 9000000h", MaxDelay()},
      {"retry in -5s", std::nullopt},
      {"retry in soon", std::nullopt},
      {"limit: 33s", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases)
    EXPECT_EQ(DelayIn(c.message), c.delay) << c.message;
}

TEST(QuotaTextTest, ReadsOverTheLineBreaksOfConsoles) {
  const std::vector<StatedQuota> quotas = QuotasIn(
      "* Quota\n  exceeded for metric:\n  g.com/m, limit:\n  0,\n  model: x\n",
      MessageEnd::kWhole);
  ASSERT_EQ(quotas.size(), 1U);
  EXPECT_EQ(quotas[0].metric, "g.com/m");
  EXPECT_EQ(quotas[0].limit, 0);
  EXPECT_EQ(quotas[0].model, "x");
  EXPECT_EQ(DelayIn("Please retry\n  in 7.25s."), absl::Milliseconds(7250));
  EXPECT_EQ(DelayIn("Please retry in\n7s."), absl::Seconds(7));
  EXPECT_EQ(DelayIn("7s"), std::nullopt);
}

}  // namespace
}  // namespace gemini::internal
