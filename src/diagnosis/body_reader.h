// Finds the error, or the answer, in a body.

#ifndef GEMINI_SRC_DIAGNOSIS_BODY_READER_H_
#define GEMINI_SRC_DIAGNOSIS_BODY_READER_H_

#include "absl/strings/string_view.h"
#include "diagnosis/facts.h"

namespace gemini::internal {

// Reads JSON, a stream of it, text that holds some, HTML, what is left of any
// of these. Errors are found inside arrays, events, and other errors' texts.
//
// Linear in time and memory; of a very long body the beginning and the end are
// read. `body` must outlive the result.
BodyFacts ReadBody(absl::string_view body);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_BODY_READER_H_
