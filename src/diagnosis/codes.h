// The codes of diagnoses: stable names, finer than a cause, that say nothing
// about anybody.

#ifndef GEMINI_SRC_DIAGNOSIS_CODES_H_
#define GEMINI_SRC_DIAGNOSIS_CODES_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

struct DiagnosisCode {
  absl::string_view name;
  Cause cause;
};

// A view of the table of all codes, valid for the whole program.
struct DiagnosisCodeList {
  const DiagnosisCode* first;
  size_t count;

  const DiagnosisCode* begin() const { return first; }
  const DiagnosisCode* end() const { return first + count; }
};
DiagnosisCodeList DiagnosisCodes();

// Returns the entry of `name`, or null.
const DiagnosisCode* FindDiagnosisCode(absl::string_view name);

// Returns a diagnosis of this code and its cause. A name that is not in the
// table gives kUnknown.
Diagnosis MakeDiagnosis(absl::string_view code, std::string evidence);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_CODES_H_
