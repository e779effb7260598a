// Diagnoses as JSON.

#ifndef GEMINI_SRC_DIAGNOSIS_DIAGNOSIS_JSON_H_
#define GEMINI_SRC_DIAGNOSIS_DIAGNOSIS_JSON_H_

#include "absl/strings/string_view.h"
#include "gemini/diagnosis.h"
#include "wire/json.h"
#include "wire/json_writer.h"

namespace gemini::internal {

// Whether the same request is worth repeating by itself: "yes", "after-delay"
// (a short quota) or "no".
absl::string_view ShouldRetry(const Diagnosis& diagnosis);

// Writes an object. What the server did not state is null.
void WriteDiagnosis(JsonWriter* writer, const Diagnosis& diagnosis);

// The same without its braces, for an object with further members.
void WriteDiagnosisMembers(JsonWriter* writer, const Diagnosis& diagnosis);

// Reads what WriteDiagnosis() wrote.
Diagnosis ReadDiagnosis(JsonValue value);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_DIAGNOSIS_JSON_H_
