// Statuses that carry what was learnt: the other side of DiagnosisOf() and
// AttemptsOf().

#ifndef GEMINI_SRC_CLIENT_STATUS_DETAILS_H_
#define GEMINI_SRC_CLIENT_STATUS_DETAILS_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "gemini/outcome.h"

namespace gemini::internal {

// The status that says what `diagnosis` says.
absl::Status StatusFor(const Diagnosis& diagnosis);

absl::Status StatusWithDetails(absl::Status status,
                               const std::optional<Diagnosis>& diagnosis,
                               const std::vector<AttemptReport>& attempts);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_STATUS_DETAILS_H_
