// From what a body says to what it means.

#ifndef GEMINI_SRC_DIAGNOSIS_JUDGE_H_
#define GEMINI_SRC_DIAGNOSIS_JUDGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "diagnosis/facts.h"
#include "diagnosis/quota_text.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// What the judge looks at. Nothing is owned.
struct Evidence {
  int http = 0;              // 0: unknown.
  bool is_success = false;   // 200 without an error inside.
  absl::string_view status;  // "RESOURCE_EXHAUSTED"
  absl::string_view model;   // That the error is about.
  const BodyFacts* body = nullptr;
  const std::vector<QuotaViolation>* violations = nullptr;
  const std::vector<StatedQuota>* stated = nullptr;
};

struct Verdict {
  absl::string_view code;  // One of DiagnosisCodes().
  std::string evidence;    // What decided.
};

// Goes down one table of rules; the first that fits decides.
Verdict Judge(const Evidence& evidence);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_JUDGE_H_
