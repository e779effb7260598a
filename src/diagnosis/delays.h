// When to come back, as the answer states it.

#ifndef GEMINI_SRC_DIAGNOSIS_DELAYS_H_
#define GEMINI_SRC_DIAGNOSIS_DELAYS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "diagnosis/facts.h"

namespace gemini::internal {

struct Delay {
  absl::Duration stated;  // The largest that is stated anywhere.

  // What to wait: `stated`, and a second more where it stands in RetryInfo
  // alone and in whole seconds, since the service rounds those down.
  absl::Duration wait;
};

// Reads RetryInfo, the message's text, fields of the body, and the headers
// retry-after-ms and Retry-After (RFC 9110, 10.2.3: seconds or a date).
// Negative, senseless and past ones are no delays; none exceeds MaxDelay().
std::optional<Delay> DelayOf(
    const ErrorFacts& error,
    const std::vector<std::pair<std::string, std::string>>& headers,
    absl::Time now);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_DELAYS_H_
