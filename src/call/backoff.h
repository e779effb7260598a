// How long to wait before a repetition.

#ifndef GEMINI_SRC_CALL_BACKOFF_H_
#define GEMINI_SRC_CALL_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"

namespace gemini::internal {

// Exponential backoff with full jitter: random * min(max, base * 2^(n-1)) for
// the n-th repetition, from 1. `random` is in [0, 1).
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
absl::Duration Backoff(absl::Duration base, absl::Duration max, int repetition,
                       double random);

// The earliest time after `floor` that keeps callers who were told the same
// time apart: later by up to a tenth of the wait, at most a second. Never
// earlier than `floor`.
absl::Time SpreadAfter(absl::Time floor, absl::Time now, double random);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_BACKOFF_H_
