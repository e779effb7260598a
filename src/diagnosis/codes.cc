#include "diagnosis/codes.h"

#include <iterator>
#include <utility>

namespace gemini::internal {
namespace {

constexpr DiagnosisCode kCodes[] = {
    {"quota_zero_free_tier", Cause::kZeroQuota},
    {"quota_zero_paid_tier", Cause::kZeroQuota},
    {"quota_zero", Cause::kZeroQuota},
    {"quota_month", Cause::kDailyQuota},
    {"quota_day_free_tier", Cause::kDailyQuota},
    {"quota_day", Cause::kDailyQuota},
    {"quota_hour", Cause::kRateLimited},
    {"quota_minute_free_tier", Cause::kRateLimited},
    {"quota_minute", Cause::kRateLimited},
    {"quota_unspecified", Cause::kRateLimited},
    {"rate_limited", Cause::kRateLimited},
    {"spend_rate", Cause::kSpendRate},

    {"spend_cap", Cause::kBilling},
    {"credits_depleted", Cause::kBilling},
    {"billing_disabled", Cause::kBilling},
    {"payment_required", Cause::kBilling},

    {"overloaded", Cause::kOverloaded},
    {"no_capacity", Cause::kOverloaded},

    {"server_error", Cause::kTransient},
    {"bad_gateway", Cause::kTransient},
    {"server_timeout", Cause::kTransient},
    {"cancelled_by_server", Cause::kTransient},
    {"cannot_connect", Cause::kTransient},
    {"connect_timeout", Cause::kTransient},
    {"connection_lost_unsent", Cause::kTransient},

    {"connection_lost", Cause::kAmbiguous},
    {"stalled", Cause::kAmbiguous},
    {"attempt_timeout", Cause::kAmbiguous},

    {"key_missing", Cause::kCredential},
    {"key_invalid", Cause::kCredential},
    {"key_expired", Cause::kCredential},
    {"key_blocked", Cause::kCredential},
    {"key_wrong_kind", Cause::kCredential},
    {"api_disabled", Cause::kCredential},
    {"account_suspended", Cause::kCredential},
    {"permission_denied", Cause::kCredential},
    {"location_unsupported", Cause::kCredential},
    {"certificate_untrusted", Cause::kCredential},

    {"model_not_found", Cause::kModelNotFound},
    {"model_shut_down", Cause::kModelNotFound},
    {"model_closed", Cause::kModelNotFound},
    {"endpoint_not_found", Cause::kModelNotFound},

    {"invalid_request", Cause::kInvalidRequest},
    {"unknown_field", Cause::kInvalidRequest},
    {"invalid_image", Cause::kInvalidRequest},
    {"request_too_large", Cause::kInvalidRequest},
    {"request_exceeds_limit", Cause::kInvalidRequest},
    {"thought_signature_missing", Cause::kInvalidRequest},

    {"prompt_blocked", Cause::kRefused},
    {"moderation_blocked", Cause::kRefused},
    {"safety", Cause::kRefused},
    {"prohibited_content", Cause::kRefused},
    {"blocklist", Cause::kRefused},
    {"personal_data", Cause::kRefused},
    {"recitation", Cause::kRefused},
    {"language", Cause::kRefused},
    {"image_safety", Cause::kRefused},
    {"image_prohibited_content", Cause::kRefused},
    {"image_recitation", Cause::kRefused},

    {"no_image", Cause::kNoImage},
    {"text_only", Cause::kNoImage},
    {"thought_only", Cause::kNoImage},
    {"finish_other", Cause::kNoImage},
    {"tool_call", Cause::kNoImage},
    {"continuation", Cause::kNoImage},

    {"max_tokens", Cause::kTokenLimit},

    {"empty_answer", Cause::kBadResponse},
    {"cut_off", Cause::kBadResponse},
    {"not_json", Cause::kBadResponse},
    {"bad_base64", Cause::kBadResponse},
    {"wrong_image_type", Cause::kBadResponse},
    {"response_too_large", Cause::kBadResponse},
    {"response_too_complex", Cause::kBadResponse},

    {"local_resource", Cause::kLocalResource},
    {"sink_failed", Cause::kLocalResource},
    {"deadline_exceeded", Cause::kDeadlineExceeded},
    {"unknown", Cause::kUnknown},
};

}  // namespace

DiagnosisCodeList DiagnosisCodes() { return {kCodes, std::size(kCodes)}; }

const DiagnosisCode* FindDiagnosisCode(absl::string_view name) {
  for (const DiagnosisCode& code : kCodes) {
    if (code.name == name) return &code;
  }
  return nullptr;
}

Diagnosis MakeDiagnosis(absl::string_view code, std::string evidence) {
  Diagnosis diagnosis;
  const DiagnosisCode* entry = FindDiagnosisCode(code);
  if (entry != nullptr) diagnosis.cause = entry->cause;
  diagnosis.code = std::string(code);
  diagnosis.evidence = std::move(evidence);
  return diagnosis;
}

}  // namespace gemini::internal
