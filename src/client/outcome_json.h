// Attempts as JSON, and back.

#ifndef GEMINI_SRC_CLIENT_OUTCOME_JSON_H_
#define GEMINI_SRC_CLIENT_OUTCOME_JSON_H_

#include "gemini/outcome.h"
#include "wire/json.h"
#include "wire/json_writer.h"

namespace gemini::internal {

// Writes one object.
void WriteAttempt(JsonWriter* writer, const AttemptReport& attempt);

// Reads what WriteAttempt() wrote; what is missing keeps its default.
AttemptReport ReadAttempt(JsonValue value);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_OUTCOME_JSON_H_
