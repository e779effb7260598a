// How one call is to be made.

#ifndef GEMINI_CALL_OPTIONS_H_
#define GEMINI_CALL_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gemini/sink.h"

namespace gemini {

// When and how often an attempt is repeated on the same route.
struct RetryOptions {
  // Further requests for one picture after the first, 0 to 100. 0 means exactly
  // one request.
  int max_retries = 3;

  // Full jitter: before its n-th repetition a call waits a random time between
  // 0 and min(max_backoff, backoff * 2^(n-1)). After a refusal for quota that
  // states no delay, throttled_backoff stands in for backoff. A delay that the
  // server states is always waited out first.
  // https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  absl::Duration backoff = absl::Milliseconds(500);
  absl::Duration throttled_backoff = absl::Seconds(5);
  absl::Duration max_backoff = absl::Seconds(60);

  // How often an attempt is repeated whose answer was lost after the request
  // was sent. The lost picture may have been billed, so each repetition may be
  // paid for twice. Counts against max_retries too.
  int max_ambiguous_retries = 1;
};

// Limits of time; each must be positive.
struct TimeLimits {
  // To look up the host, connect and shake hands.
  absl::Duration connect = absl::Seconds(10);

  // Between two pieces of a body that has begun. Before its first byte the
  // service may be silent for minutes while it draws.
  absl::Duration stall = absl::Seconds(30);

  // One attempt, from its start to its last byte. Never more than the call has
  // left.
  absl::Duration attempt = absl::Minutes(3);

  // The whole call, waiting included.
  absl::Duration call = absl::Minutes(5);
};

// What a call ends with when there is no picture.
enum class Degradation {
  kPromptOnly,  // An outcome with the prompt, and why.
  kForbidden    // A status; DiagnosisOf() and AttemptsOf() tell why.
};

// Who goes first when not all may: interactive calls before batch calls, and
// within both in order of arrival.
enum class Priority { kInteractive, kBatch };

// Options of one call. What is absent is taken from ClientOptions.
struct CallOptions {
  std::optional<std::string> model;
  std::optional<RetryOptions> retry;
  std::optional<absl::Duration> timeout;  // Replaces TimeLimits::call.
  Degradation degradation = Degradation::kPromptOnly;
  Priority priority = Priority::kInteractive;
  Sink sink;  // Where pictures go: into memory, a file, or your code.
};

// Return OK, or kInvalidArgument that names the first field at fault.
absl::Status Validate(const RetryOptions& options);
absl::Status Validate(const TimeLimits& limits);
absl::Status Validate(const CallOptions& options);

}  // namespace gemini

#endif  // GEMINI_CALL_OPTIONS_H_
