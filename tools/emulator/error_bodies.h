// The error answers of the Gemini API, in the forms in which they were seen.

#ifndef EMULATOR_ERROR_BODIES_H_
#define EMULATOR_ERROR_BODIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/json.h"

namespace gemini_emulator {

struct ApiError {
  int http_status = 500;
  Json body;                                  // {"error": {...}}
  std::optional<absl::Duration> retry_after;  // As it stands in the body.
};

// An error without details.
ApiError MakeError(int http_status, absl::string_view status,
                   absl::string_view message);

// 400 INVALID_ARGUMENT.
ApiError InvalidArgument(absl::string_view message);

struct FieldViolation {
  std::string field;  // Empty for the root.
  std::string description;
};

// 400 with a BadRequest; the message joins the descriptions.
ApiError BadRequest(const std::vector<FieldViolation>& violations);

// One exceeded quota. A limit of 0 means no access at all: it stands in the
// message but not in quotaValue, as fields of value 0 are left out.
struct QuotaViolation {
  std::string metric;  // Without "generativelanguage.googleapis.com/".
  std::string quota_id;
  std::string model;
  int64_t limit = 0;
};

// 429 with Help, QuotaFailure and RetryInfo. The message states `retry_after`
// to the nanosecond, RetryInfo in whole seconds, rounded down.
ApiError QuotaExceeded(const std::vector<QuotaViolation>& violations,
                       absl::Duration retry_after);

// 404 of a model that does not exist, or not any more.
ApiError ModelNotFound(absl::string_view model, absl::string_view version,
                       absl::string_view method);

// What a template may mention.
struct ErrorContext {
  std::string model = "gemini-nano-banana-2.1";
  std::string quota_model = "gemini-nano-banana-2.1";
  std::string version = "v1beta";
  std::string method = "generateContent";
  std::string project = "111111111111";
  absl::Duration retry_after =
      absl::Milliseconds(38251) + absl::Nanoseconds(487996);
};

// An error by the name under which scenarios order it, or nothing where no
// template has the name.
std::optional<ApiError> ErrorFromTemplate(absl::string_view name,
                                          const ErrorContext& context);

struct ErrorTemplate {
  absl::string_view name;
  int http_status;
  absl::string_view meaning;
};

// All templates, for the manual.
const std::vector<ErrorTemplate>& ErrorTemplates();

// The canonical status of an HTTP status: "UNAVAILABLE" of 503.
absl::string_view CanonicalStatus(int http_status);

// The error of a bare HTTP status, in the words that the service uses for it.
ApiError ErrorFromStatus(int http_status);

}  // namespace gemini_emulator

#endif  // EMULATOR_ERROR_BODIES_H_
