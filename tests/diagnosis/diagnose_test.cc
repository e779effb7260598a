#include "gemini/diagnose.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "diagnosis/diagnosis_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "wire/json_writer.h"

namespace gemini {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Tue, 24 Nov 2026 12:00:00 UTC: 4:00 PST.
const absl::Time kNow = absl::FromCivil(
    absl::CivilSecond(2026, 11, 24, 12, 0, 0), absl::UTCTimeZone());

std::string Quota(absl::string_view quota_id, absl::string_view value,
                  absl::string_view delay) {
  return absl::StrCat(
      R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"g.com/m","quotaId":")",
      quota_id, R"(","quotaValue":")", value,
      R"("}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")",
      delay, R"("}]}})");
}

Diagnosis Read(const std::string& body, int http_status = 429) {
  FailureFacts facts;
  facts.http_status = http_status;
  facts.body = body;
  facts.now = kNow;
  return Diagnose(facts);
}

TEST(DiagnoseTest, RetryInfoNeverOverridesAZeroLimit) {
  const Diagnosis diagnosis = Read(Quota("RequestsPerMinute", "0", "20s"));
  EXPECT_EQ(diagnosis.cause, Cause::kZeroQuota);
  EXPECT_EQ(diagnosis.retry_delay, absl::Seconds(20));
  EXPECT_EQ(diagnosis.retry_at, std::nullopt);
}

TEST(DiagnoseTest, ANegativeLimitIsNoneAndNotZero) {
  const Diagnosis diagnosis = Read(Quota("RequestsPerMinute", "-7", "20s"));
  EXPECT_EQ(diagnosis.cause, Cause::kRateLimited) << diagnosis.code;
  ASSERT_EQ(diagnosis.violations.size(), 1U);
  EXPECT_EQ(diagnosis.violations[0].limit, std::nullopt);
}

TEST(DiagnoseTest, AShortDelayOfADailyQuotaIsNotBelieved) {
  const absl::Time midnight = absl::FromCivil(
      absl::CivilSecond(2026, 11, 25, 8, 0, 0), absl::UTCTimeZone());
  EXPECT_EQ(Read(Quota("RequestsPerDay", "250", "30s")).retry_at, midnight);
  EXPECT_EQ(Read(Quota("RequestsPerDay", "250", "899.5s")).retry_at, midnight);
}

TEST(DiagnoseTest, ALongDelayOfADailyQuotaWinsOverMidnight) {
  EXPECT_EQ(Read(Quota("RequestsPerDay", "250", "6776.5s")).retry_at,
            kNow + absl::Milliseconds(6776500));
}

TEST(DiagnoseTest, AMinuteQuotaComesBackWhenTheServerSays) {
  EXPECT_EQ(Read(Quota("RequestsPerMinute", "10", "45.837906927s")).retry_at,
            kNow + absl::Nanoseconds(45837906927));
  EXPECT_EQ(Read(Quota("RequestsPerMinute", "10", "45s")).retry_at,
            kNow + absl::Seconds(46));
}

TEST(DiagnoseTest, NonsenseDelaysAreNone) {
  for (const char* delay : {"-5s", "soon", "", "NaN"}) {
    EXPECT_EQ(Read(Quota("RequestsPerMinute", "10", delay)).retry_at,
              std::nullopt)
        << delay;
  }
}

TEST(DiagnoseTest, TheHttpStatusComesBeforeTheCanonicalOne) {
  EXPECT_EQ(Read(Quota("RequestsPerMinute", "10", "5s"), 402).cause,
            Cause::kBilling);
}

TEST(DiagnoseTest, NeverRepeatsKeysProjectsOrPrompts) {
  const std::string key = "AIzaSyC0nary-0123456789abcdefghijklmno";
  const std::string prompt = "a fox in a blue coat";
  const std::string body = absl::StrCat(
      R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"Key )",
      key, " of project 123456789012 drew ", prompt,
      R"(","details":[{"@type":"type.googleapis.com/google.rpc.DebugInfo","detail":")",
      key, " ", prompt,
      R"("},{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")",
      key, R"("},{"@type":"type.googleapis.com/google.rpc.QuotaFailure",)",
      R"("violations":[{"subject":"project:123456789012","description":")", key,
      R"(","quotaDimensions":{"model":")", key, R"("}}]},)",
      R"({"@type":"type.googleapis.com/google.rpc.BadRequest",)",
      R"("fieldViolations":[{"field":")", key, R"(","description":")", prompt,
      R"("}]},{"@type":"type.googleapis.com/google.rpc.Help","links":[{)",
      R"("description":")", prompt, R"(","url":"https://x.example/?key=)", key,
      R"("}]},{"@type":"type.googleapis.com/google.rpc.RequestInfo",)",
      R"("requestId":")", key, R"("}]}})");
  for (const int http_status : {0, 200, 400, 403, 429, 503}) {
    FailureFacts facts;
    facts.http_status = http_status;
    facts.body = body;
    facts.now = kNow;
    facts.secrets = {prompt};
    std::string json;
    internal::JsonWriter writer(&json);
    internal::WriteDiagnosis(&writer, Diagnose(facts));
    EXPECT_THAT(json, Not(HasSubstr("C0nary"))) << http_status;
    EXPECT_THAT(json, Not(HasSubstr("blue coat"))) << http_status;
    EXPECT_THAT(json, Not(HasSubstr("123456789012"))) << http_status;
  }
}

TEST(DiagnoseTest, MessagesAreOneLineOfBoundedLength) {
  const Diagnosis diagnosis =
      Read(absl::StrCat(R"({"error":{"code":500,"message":"a\nb\t)",
                        std::string(1 << 20, 'x'), R"("}})"),
           500);
  EXPECT_EQ(diagnosis.message.substr(0, 5), "a b x");
  EXPECT_LE(diagnosis.message.size(), 2000U);
}

TEST(DiagnoseTest, UnknownDetailsAreKept) {
  const Diagnosis diagnosis = Read(
      R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"m","details":[{"@type":"type.googleapis.com/a.b.New","x":[1,{"y":true}]}]}})",
      400);
  ASSERT_EQ(diagnosis.details.size(), 1U);
  EXPECT_EQ(diagnosis.details[0].type, "a.b.New");
  EXPECT_EQ(diagnosis.details[0].json, R"({"x":[1,{"y":true}]})");
}

TEST(DiagnoseTest, TheRequestedModelStandsInWhereNoneIsNamed) {
  FailureFacts facts;
  facts.http_status = 503;
  facts.requested_model = "models/my-model";
  facts.now = kNow;
  EXPECT_EQ(Diagnose(facts).model, "my-model");
}

TEST(DiagnoseTest, ALimitInErrorInfoIsThatOfTheSameQuota) {
  const std::string quota =
      R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure",)"
      R"("violations":[{"quotaMetric":"g/images","quotaId":"ImagesPerDay"}]})";
  const std::string info =
      R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
      R"("reason":"RATE_LIMIT_EXCEEDED","metadata":{"quota_metric":"g/images",)"
      R"("quota_limit":"ImagesPerDay","quota_limit_value":"0"}})";
  for (const std::string& details : {quota + "," + info, info + "," + quota}) {
    const std::string body = absl::StrCat(
        R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED",)",
        R"("message":"Quota exceeded.","details":[)", details, "]}}");
    FailureFacts facts;
    facts.http_status = 429;
    facts.body = body;
    EXPECT_EQ(Diagnose(facts).cause, Cause::kZeroQuota) << details;
  }
}

}  // namespace
}  // namespace gemini
