#include "call/call_machine.h"

#include <algorithm>
#include <utility>

#include "call/backoff.h"
#include "call/remedy.h"

namespace gemini::internal {
namespace {

Finish Degrade(Diagnosis diagnosis, std::optional<absl::Time> retry_at) {
  return {Finish::Verdict::kDegraded, std::move(diagnosis), retry_at};
}

Diagnosis DeadlinePassed() {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kDeadlineExceeded;
  diagnosis.code = "deadline_exceeded";
  diagnosis.evidence = "the call's deadline passed before an attempt began";
  diagnosis.message = "the call's time limit passed before an attempt began";
  return diagnosis;
}

}  // namespace

CallMachine::CallMachine(const RetryOptions& options,
                         absl::Duration attempt_limit, absl::Time deadline)
    : options_(options), attempt_limit_(attempt_limit), deadline_(deadline) {}

Action CallMachine::OnStarted(absl::Time now) { return BeginAttempt(now); }

Action CallMachine::OnWoke(absl::Time now) { return BeginAttempt(now); }

Action CallMachine::OnCancelled() {
  return Finish{Finish::Verdict::kCancelled, std::nullopt, std::nullopt};
}

Action CallMachine::BeginAttempt(absl::Time now) {
  if (now >= deadline_) return Degrade(DeadlinePassed(), std::nullopt);
  ++requests_;
  return StartAttempt{std::min(deadline_, now + attempt_limit_)};
}

Action CallMachine::OnAttemptEnded(std::optional<Diagnosis> diagnosis,
                                   absl::Time now, double random) {
  if (!diagnosis.has_value()) {
    return Finish{Finish::Verdict::kDelivered, std::nullopt, std::nullopt};
  }
  const Remedy remedy = RemedyFor(diagnosis->cause);
  absl::Duration base = options_.backoff;
  bool exhausted = requests_ > options_.max_retries;
  switch (remedy) {
    case Remedy::kFixRequest:
      return Finish{Finish::Verdict::kInvalid, std::move(diagnosis),
                    std::nullopt};
    case Remedy::kNone: {
      const std::optional<absl::Time> retry_at = diagnosis->retry_at;
      return Degrade(*std::move(diagnosis), retry_at);
    }
    case Remedy::kThrottle:
      base = options_.throttled_backoff;
      break;
    case Remedy::kBackoff:
      break;
    case Remedy::kAskCaller:
      exhausted |= ++ambiguous_ > options_.max_ambiguous_retries;
      break;
    case Remedy::kOnceMore:
      exhausted |= ++unusable_ > 1;
      break;
  }

  absl::Time wake =
      now + Backoff(base, options_.max_backoff, requests_, random);
  if (diagnosis->retry_at.has_value()) {
    wake = std::max(wake, SpreadAfter(*diagnosis->retry_at, now, random));
  }
  if (exhausted || wake >= deadline_) {
    // Coming back makes sense where time heals: not after an answer that may
    // have been paid for or that a repetition did not better.
    const bool time_heals =
        remedy == Remedy::kThrottle || remedy == Remedy::kBackoff;
    std::optional<absl::Time> retry_at = diagnosis->retry_at;
    if (time_heals && !retry_at.has_value()) retry_at = wake;
    return Degrade(*std::move(diagnosis), retry_at);
  }
  return WaitUntil{wake};
}

}  // namespace gemini::internal
