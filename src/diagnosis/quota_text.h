// What the texts of errors say about quotas and delays.

#ifndef GEMINI_SRC_DIAGNOSIS_QUOTA_TEXT_H_
#define GEMINI_SRC_DIAGNOSIS_QUOTA_TEXT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// A quota as a sentence of a message states it. Views point into the message.
struct StatedQuota {
  absl::string_view metric;    // Empty where only a display name is given.
  absl::string_view quota_id;  // Likewise.
  absl::string_view model;
  absl::string_view name;  // What tells period and unit: metric or prose.
  std::optional<int64_t> limit;
  std::optional<int64_t> requested;  // What one request asks for.
};

// Returns the quotas that `message` states, in its order, at most 64:
//
//   Quota exceeded for metric: M, limit: 0, model: X          (Gemini)
//   Quota exceeded for quota metric 'M' and limit 'L' of service 'S' …
//   Quota exceeded for aiplatform.googleapis.com/M with base model: X
//   Rate limit reached for X … on tokens per min (TPM): Limit 1, Requested 30
//
// `cut`: the message's end is missing, so that a number there may be another.
enum class MessageEnd { kWhole, kCut };
std::vector<StatedQuota> QuotasIn(absl::string_view message, MessageEnd end);

// Completes `violations` by what the message states: limits, models, and quotas
// that are stated there alone. Statements of the same metric belong to the
// violations of that metric in their order.
void MergeStatedQuotas(const std::vector<StatedQuota>& stated,
                       std::vector<QuotaViolation>* violations);

// Returns the delay that a message asks for ("Please retry in 33.6s.", "try
// again after 43 seconds", "1h52m56.4s", "387.4ms"), if it does.
std::optional<absl::Duration> DelayIn(absl::string_view message);

// Reads a duration at the beginning of `text`: Go's form ("1h2m3.5s"), or a
// number and a word ("43 seconds"). Nothing for a negative one; a very long one
// is cut to 31 days.
std::optional<absl::Duration> ReadDelay(absl::string_view text);

// The longest delay that is believed.
constexpr absl::Duration MaxDelay() { return absl::Hours(31 * 24); }

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_QUOTA_TEXT_H_
