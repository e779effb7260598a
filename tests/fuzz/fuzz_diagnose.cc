// Any body ends in a diagnosis that is whole.

#include <string>

#include "absl/strings/match.h"
#include "diagnosis/codes.h"
#include "diagnosis/diagnosis_json.h"
#include "fuzz/fuzz_target.h"
#include "gemini/diagnose.h"

using gemini::Diagnosis;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view body(reinterpret_cast<const char*>(data), size);
  constexpr char kSecret[] = "limit: 0, ";
  for (const int http_status : {0, 200, 429}) {
    gemini::FailureFacts facts;
    facts.http_status = http_status;
    facts.body = body;
    facts.now = absl::FromUnixSeconds(1795000000);
    facts.secrets = {kSecret};
    const Diagnosis diagnosis = gemini::Diagnose(facts);
    const auto* code = gemini::internal::FindDiagnosisCode(diagnosis.code);
    GEMINI_FUZZ_CHECK(code != nullptr);
    GEMINI_FUZZ_CHECK(code->cause == diagnosis.cause);
    GEMINI_FUZZ_CHECK(!absl::StrContains(diagnosis.message, kSecret));
    GEMINI_FUZZ_CHECK(diagnosis.message.size() <= 2100);
    GEMINI_FUZZ_CHECK(diagnosis.violations.size() <= 64);
    if (diagnosis.retry_at.has_value()) {
      GEMINI_FUZZ_CHECK(*diagnosis.retry_at >= facts.now);
      GEMINI_FUZZ_CHECK(*diagnosis.retry_at <=
                        facts.now + absl::Hours(32 * 24));
      GEMINI_FUZZ_CHECK(diagnosis.cause != gemini::Cause::kZeroQuota);
    }
    std::string json;
    gemini::internal::JsonWriter writer(&json);
    gemini::internal::WriteDiagnosis(&writer, diagnosis);
    const auto document = gemini::internal::JsonDocument::Parse(json);
    GEMINI_FUZZ_CHECK(document.has_value());
    std::string again;
    gemini::internal::JsonWriter second(&again);
    gemini::internal::WriteDiagnosis(
        &second, gemini::internal::ReadDiagnosis(document->root()));
    GEMINI_FUZZ_CHECK(again == json);
    const gemini::Advice advice = gemini::AdviceFor(
        diagnosis, gemini::Language::kChinese, absl::UTCTimeZone());
    GEMINI_FUZZ_CHECK(!advice.summary.empty());
  }
  return 0;
}
