// Decides what is done for one picture, and when. Pure: it is told the time and
// given its random numbers, and carries out nothing itself.

#ifndef GEMINI_SRC_CALL_CALL_MACHINE_H_
#define GEMINI_SRC_CALL_CALL_MACHINE_H_

#include <optional>
#include <variant>

#include "absl/time/time.h"
#include "gemini/call_options.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// Make one attempt, then report its end.
struct StartAttempt {
  absl::Time give_up_at;  // The attempt must have ended by then.
};

// Do nothing until `time`, then report it.
struct WaitUntil {
  absl::Time time;
};

// Nothing more is to be done.
struct Finish {
  enum class Verdict {
    kDelivered,  // The last attempt brought the picture.
    kDegraded,   // There is none, through no fault of the request.
    kInvalid,    // The request itself is at fault.
    kCancelled
  };
  Verdict verdict = Verdict::kDelivered;
  std::optional<Diagnosis> diagnosis;  // Present if degraded or invalid.
  std::optional<absl::Time> retry_at;  // When degraded: see Outcome::retry_at.
};

using Action = std::variant<StartAttempt, WaitUntil, Finish>;

// One picture of one call on one route. Each event returns the next action; no
// event may follow a Finish.
class CallMachine {
 public:
  // `options` and `limits` must be valid.
  CallMachine(const RetryOptions& options, absl::Duration attempt_limit,
              absl::Time deadline);

  Action OnStarted(absl::Time now);

  // The time of a WaitUntil has come.
  Action OnWoke(absl::Time now);

  // The attempt ended: well if `diagnosis` is empty. `random` is uniform in
  // [0, 1).
  Action OnAttemptEnded(std::optional<Diagnosis> diagnosis, absl::Time now,
                        double random);

  Action OnCancelled();

 private:
  Action BeginAttempt(absl::Time now);

  const RetryOptions options_;
  const absl::Duration attempt_limit_;
  const absl::Time deadline_;
  int requests_ = 0;  // Begun so far.
  int ambiguous_ = 0;
  int unusable_ = 0;  // Answers without a usable picture.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_CALL_MACHINE_H_
