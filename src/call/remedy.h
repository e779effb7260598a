// What may be done about a failure: the table of docs/ARCHITECTURE.md.

#ifndef GEMINI_SRC_CALL_REMEDY_H_
#define GEMINI_SRC_CALL_REMEDY_H_

#include "gemini/diagnosis.h"

namespace gemini::internal {

enum class Remedy {
  kNone,        // Repeating cannot help, or not within any call's time.
  kNextRoute,   // Another key, project or model may do; this one will not.
  kFixRequest,  // Only the caller can help.
  kThrottle,    // Repeat after the server's delay, or a long backoff.
  kBackoff,     // Repeat after a backoff.
  kAskCaller,   // Repeat as often as the caller said: it may cost twice.
  kOnceMore     // Repeat once.
};

Remedy RemedyFor(Cause cause);

// A quota may be the reason, so that it is paced by: also a bare 429, of which
// nobody can tell whether a quota or the model's capacity is exhausted.
bool MayBeQuota(const Diagnosis& diagnosis);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_REMEDY_H_
