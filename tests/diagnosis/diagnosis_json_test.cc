#include "diagnosis/diagnosis_json.h"

#include "gemini/json.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

Diagnosis Full() {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kDailyQuota;
  diagnosis.code = "quota_day";
  diagnosis.evidence = "violations[0].quotaId contains PerDay";
  diagnosis.message = "Quota \"exceeded\"";
  diagnosis.http_status = 429;
  diagnosis.canonical_status = "RESOURCE_EXHAUSTED";
  diagnosis.reason = "RATE_LIMIT_EXCEEDED";
  diagnosis.request_id = "r-1";
  diagnosis.model = "m";
  QuotaViolation violation;
  violation.metric = "g.com/m";
  violation.quota_id = "PerDay";
  violation.model = "m-internal";
  violation.location = "global";
  violation.limit = 250;
  violation.limit_source = LimitSource::kMessage;
  violation.future_limit = 500;
  violation.window = QuotaWindow::kDay;
  violation.unit = QuotaUnit::kImages;
  violation.tier = QuotaTier::kTier2;
  violation.subject = "s";
  violation.description = "d";
  violation.api_service = "a";
  violation.dimensions = {{"model", "m-internal"}};
  diagnosis.violations.push_back(violation);
  diagnosis.field_violations.push_back({"f", "bad"});
  diagnosis.help.push_back({"more", "https://x.example/"});
  diagnosis.details.push_back({"google.rpc.DebugInfo", "{\"detail\":\"x\"}"});
  diagnosis.retry_delay = absl::Milliseconds(1500);
  diagnosis.retry_at = absl::FromUnixMillis(1795400000250);
  return diagnosis;
}

TEST(DiagnosisJsonTest, ADiagnosisReadsBackAsItWasWritten) {
  std::string json;
  JsonWriter writer(&json);
  WriteDiagnosis(&writer, Full());
  const auto document = JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value()) << json;
  const Diagnosis read = ReadDiagnosis(document->root());
  std::string again;
  JsonWriter second(&again);
  WriteDiagnosis(&second, read);
  EXPECT_EQ(again, json);
  EXPECT_EQ(read.retry_at, Full().retry_at);
  EXPECT_EQ(read.violations[0].unit, QuotaUnit::kImages);
  EXPECT_EQ(read.details[0].json, Full().details[0].json);
}

TEST(DiagnosisJsonTest, WhatIsNotStatedIsNull) {
  Diagnosis diagnosis;
  diagnosis.violations.emplace_back();
  const std::string json = ToJson(diagnosis);
  const auto document = JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value());
  const JsonValue root = document->root();
  EXPECT_EQ(root["canonical_status"].type(), JsonValue::Type::kNull);
  EXPECT_EQ(root["model"].type(), JsonValue::Type::kNull);
  EXPECT_EQ(root["retry_delay_s"].type(), JsonValue::Type::kNull);
  const JsonValue violation = root["violations"].At(0);
  EXPECT_EQ(violation["limit"].type(), JsonValue::Type::kNull);
  EXPECT_EQ(violation["limit_source"].type(), JsonValue::Type::kNull);
  EXPECT_EQ(violation["tier"].string(), "unknown");
  EXPECT_TRUE(root["advice"]["summary"].is_string());
}

TEST(DiagnosisJsonTest, TellsWhetherRepeatingHelps) {
  struct Case {
    Cause cause;
    const char* code;
    std::optional<absl::Duration> delay;
    const char* answer;
  };
  const Case cases[] = {
      {Cause::kRateLimited, "quota_minute", {}, "after-delay"},
      {Cause::kRateLimited, "quota_unspecified", {}, "no"},
      {Cause::kRateLimited, "quota_unspecified", absl::Seconds(3),
       "after-delay"},
      {Cause::kDailyQuota, "quota_day", absl::Seconds(3), "no"},
      {Cause::kZeroQuota, "quota_zero", absl::Seconds(3), "no"},
      {Cause::kBilling, "spend_cap", {}, "no"},
      {Cause::kOverloaded, "overloaded", {}, "yes"},
      {Cause::kNoImage, "text_only", {}, "no"},
      {Cause::kNoImage, "no_image", {}, "yes"},
      {Cause::kRefused, "safety", {}, "no"},
  };
  for (const Case& c : cases) {
    Diagnosis diagnosis;
    diagnosis.cause = c.cause;
    diagnosis.code = c.code;
    diagnosis.retry_delay = c.delay;
    EXPECT_EQ(ShouldRetry(diagnosis), c.answer) << c.code;
  }
}

}  // namespace
}  // namespace gemini::internal
