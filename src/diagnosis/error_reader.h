// Reads objects that describe errors: google.rpc.Status with its details, and
// the forms of other services.

#ifndef GEMINI_SRC_DIAGNOSIS_ERROR_READER_H_
#define GEMINI_SRC_DIAGNOSIS_ERROR_READER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "diagnosis/facts.h"
#include "wire/json.h"

namespace gemini::internal {

// Whether `object`, found under `name` (empty at the top), describes an error.
bool LooksLikeError(JsonValue object, absl::string_view name);

// Whether `array` holds details of google.rpc.Status, as JSON or as the text
// form of protocol buffers.
bool LooksLikeDetails(JsonValue array);

ErrorFacts ReadError(JsonValue object);

// The HTTP status that an object states beside an error.
std::optional<int> HttpStatusIn(JsonValue object);

// Adds what the details say to `facts`. They come as an array, or as members
// that repeat (text form of protocol buffers); in camelCase or snake_case.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
void ReadDetails(JsonValue details, ErrorFacts* facts);

// Whether `word` is one of the canonical codes of google.rpc.Code.
bool IsCanonicalStatus(absl::string_view word);

// The canonical code that belongs to an HTTP status; empty where none does.
absl::string_view CanonicalStatusOf(int http_status);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_ERROR_READER_H_
