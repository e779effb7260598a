#include "client/status_details.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "client/outcome_json.h"
#include "diagnosis/diagnosis_json.h"
#include "wire/json.h"
#include "wire/json_writer.h"

namespace gemini {
namespace internal {
namespace {

constexpr char kDiagnosisPayload[] = "gemini/diagnosis";
constexpr char kAttemptsPayload[] = "gemini/attempts";

absl::StatusCode CodeFor(Cause cause) {
  switch (cause) {
    case Cause::kInvalidRequest:
      return absl::StatusCode::kInvalidArgument;
    case Cause::kRateLimited:
    case Cause::kDailyQuota:
    case Cause::kZeroQuota:
    case Cause::kSpendRate:
    case Cause::kBilling:
    case Cause::kLocalResource:
      return absl::StatusCode::kResourceExhausted;
    case Cause::kOverloaded:
    case Cause::kTransient:
    case Cause::kAmbiguous:
      return absl::StatusCode::kUnavailable;
    case Cause::kCredential:
      return absl::StatusCode::kPermissionDenied;
    case Cause::kModelNotFound:
      return absl::StatusCode::kNotFound;
    case Cause::kRefused:
    case Cause::kTokenLimit:
      return absl::StatusCode::kFailedPrecondition;
    case Cause::kDeadlineExceeded:
      return absl::StatusCode::kDeadlineExceeded;
    case Cause::kNoImage:
    case Cause::kBadResponse:
    case Cause::kUnknown:
      break;
  }
  return absl::StatusCode::kUnknown;
}

std::optional<JsonDocument> PayloadOf(const absl::Status& status,
                                      absl::string_view type) {
  const auto payload = status.GetPayload(type);
  if (!payload.has_value()) return std::nullopt;
  return JsonDocument::Parse(std::string(*payload));
}

}  // namespace

absl::Status StatusFor(const Diagnosis& diagnosis) {
  std::string message = absl::StrCat(diagnosis.code, ": ", diagnosis.message);
  for (const FieldViolation& violation : diagnosis.field_violations) {
    if (violation.field.empty()) continue;
    absl::StrAppend(&message, " [", violation.field, ": ",
                    violation.description, "]");
  }
  return absl::Status(CodeFor(diagnosis.cause), message);
}

absl::Status StatusWithDetails(absl::Status status,
                               const std::optional<Diagnosis>& diagnosis,
                               const std::vector<AttemptReport>& attempts) {
  if (diagnosis.has_value()) {
    std::string json;
    JsonWriter writer(&json);
    WriteDiagnosis(&writer, *diagnosis);
    status.SetPayload(kDiagnosisPayload, absl::Cord(json));
  }
  std::string json;
  JsonWriter writer(&json);
  writer.BeginArray();
  for (const AttemptReport& attempt : attempts) WriteAttempt(&writer, attempt);
  writer.EndArray();
  status.SetPayload(kAttemptsPayload, absl::Cord(json));
  return status;
}

}  // namespace internal

std::optional<Diagnosis> DiagnosisOf(const absl::Status& status) {
  const auto document =
      internal::PayloadOf(status, internal::kDiagnosisPayload);
  if (!document.has_value()) return std::nullopt;
  return internal::ReadDiagnosis(document->root());
}

std::vector<AttemptReport> AttemptsOf(const absl::Status& status) {
  std::vector<AttemptReport> attempts;
  const auto document = internal::PayloadOf(status, internal::kAttemptsPayload);
  if (!document.has_value()) return attempts;
  for (const internal::JsonValue value : document->root().elements()) {
    attempts.push_back(internal::ReadAttempt(value));
  }
  return attempts;
}

}  // namespace gemini
