// What the names of quotas tell: "GenerateRequestsPerDayPerProjectPerModel-
// FreeTier" is a quota of requests, a day, for the free tier.

#ifndef GEMINI_SRC_DIAGNOSIS_QUOTA_NAMES_H_
#define GEMINI_SRC_DIAGNOSIS_QUOTA_NAMES_H_

#include "absl/strings/string_view.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

struct QuotaTraits {
  QuotaWindow window = QuotaWindow::kUnknown;
  QuotaUnit unit = QuotaUnit::kUnknown;
  QuotaTier tier = QuotaTier::kUnknown;
};

// What `name` tells: a quota id, a metric, or prose such as "request limit per
// minute for a region".
QuotaTraits TraitsIn(absl::string_view name);

// The word in `name` that tells the period, as it is written there ("PerDay");
// empty if none does.
absl::string_view WindowWordIn(absl::string_view name);

// Sets what is unknown of `violation` by its quota id, else its metric, else
// its description.
void ClassifyQuota(QuotaViolation* violation);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_QUOTA_NAMES_H_
