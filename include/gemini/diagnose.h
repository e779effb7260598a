// Reading the failures of image services, for those who have an answer but did
// not get it through this library's client: saved bodies, logs, gateways.

#ifndef GEMINI_DIAGNOSE_H_
#define GEMINI_DIAGNOSE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"

namespace gemini {

// What is known of an answer. Nothing is owned.
struct FailureFacts {
  int http_status = 0;                                       // 0: unknown.
  std::vector<std::pair<std::string, std::string>> headers;  // Any case.

  // The body or what remains of it: JSON, an SSE stream, HTML, a log line that
  // holds one. Any bytes are fine.
  absl::string_view body;

  absl::string_view requested_model;  // Empty: unknown.
  absl::Time now;  // For delays given as dates, and for resets.

  // What the diagnosis must not repeat, should the server do so: the key, the
  // prompt. Keys of the usual forms are hidden without being listed.
  std::vector<absl::string_view> secrets;
};

// Returns what the answer means. Never fails: what cannot be read becomes
// Cause::kUnknown or kBadResponse, with the HTTP status's usual meaning.
//
// An HTTP 200 is read too: as an answer without a picture. Bounded in time and
// memory for any input. Thread-safe.
Diagnosis Diagnose(const FailureFacts& facts);

}  // namespace gemini

#endif  // GEMINI_DIAGNOSE_H_
