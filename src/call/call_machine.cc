#include "call/call_machine.h"

#include <algorithm>
#include <utility>

#include "call/backoff.h"
#include "call/remedy.h"

namespace gemini::internal {
namespace {

Diagnosis DeadlinePassed() {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kDeadlineExceeded;
  diagnosis.code = "deadline_exceeded";
  diagnosis.evidence = "the call's deadline passed before an attempt began";
  diagnosis.message = "the call's time limit passed before an attempt began";
  return diagnosis;
}

}  // namespace

CallMachine::CallMachine(const Order& order, Gates* gates)
    : terms_(order.terms), gates_(gates) {
  demand_.ticket = gates->NewTicket();
  demand_.place = demand_.ticket;
  demand_.model = terms_->models.front();
  demand_.priority = order.priority;
  demand_.input_tokens = order.input_tokens;
  demand_.deadline = order.deadline;
}

Action CallMachine::OnStarted(absl::Time now) { return Ask(now); }

Action CallMachine::OnWoke(absl::Time now) { return Ask(now); }

void CallMachine::OnUnderWay(absl::Time now) {
  if (permit_.has_value()) gates_->OnUnderWay(*permit_, now);
}

Action CallMachine::OnCancelled() {
  gates_->Leave(demand_);
  permit_.reset();
  return Finish{Finish::Verdict::kCancelled, std::nullopt, std::nullopt};
}

Action CallMachine::Degrade(std::optional<absl::Time> retry_at) const {
  return Finish{Finish::Verdict::kDegraded,
                why_ != nullptr ? *why_ : DeadlinePassed(), retry_at};
}

// Of a call whose time is over.
std::optional<absl::Time> CallMachine::ComeBackAt(absl::Time now) const {
  if (why_ == nullptr) return std::nullopt;
  std::optional<absl::Time> at = why_->retry_at;
  const Remedy remedy = RemedyFor(why_->cause);
  if (remedy == Remedy::kThrottle || remedy == Remedy::kBackoff) {
    at = std::max(at.value_or(now), opens_);
    if (at == absl::InfiniteFuture()) at = now;  // When an answer comes.
  }
  if (at.has_value()) at = std::max(*at, now);
  return at;
}

Action CallMachine::Ask(absl::Time now) {
  if (now >= demand_.deadline) {
    gates_->Leave(demand_);
    return Degrade(ComeBackAt(now));
  }
  Admission admission = gates_->Admit(demand_, now);
  if (auto* permit = std::get_if<Permit>(&admission)) {
    credential_ = static_cast<uint32_t>(permit->credential());
    if (requests_.size() <= credential_) requests_.resize(credential_ + 1);
    if (requests_[credential_] > terms_->retry.max_retries) {
      // By a verdict that another call's request disproved.
      return Degrade(ComeBackAt(now));
    }
    permit_.emplace(std::move(*permit));
    ++requests_[credential_];
    return StartAttempt{
        std::min(demand_.deadline, now + terms_->limits.attempt), credential_};
  }
  if (auto* again = std::get_if<AskAgain>(&admission)) {
    if (again->why != nullptr) {
      why_ = again->why;
      opens_ = again->opens;
    }
    return WaitUntil{
        std::min(again->time.value_or(demand_.deadline), demand_.deadline),
        true, again->opens, std::move(again->why)};
  }
  auto& refusal = std::get<NotAdmitted>(admission);
  if (why_ == nullptr) why_ = std::move(refusal.why);
  const std::optional<absl::Time> retry_at = refusal.retry_at;
  if (model_ + 1 < terms_->models.size()) return NextModel(now);
  return Degrade(retry_at);
}

Action CallMachine::NextModel(absl::Time now) {
  demand_.model = terms_->models[++model_];
  demand_.repeats = false;
  demand_.exhausted.clear();
  requests_.clear();
  ambiguous_ = 0;
  unusable_ = 0;
  return Ask(now);
}

Action CallMachine::OnAttemptEnded(std::optional<Diagnosis> diagnosis,
                                   absl::Time now, double random) {
  gates_->Record(*std::move(permit_), now, diagnosis, random);
  permit_.reset();
  if (!diagnosis.has_value()) {
    return Finish{Finish::Verdict::kDelivered, std::nullopt, std::nullopt};
  }
  why_ = std::make_shared<const Diagnosis>(*std::move(diagnosis));
  const RetryOptions& options = terms_->retry;
  const Remedy remedy =
      MayBeQuota(*why_) ? Remedy::kThrottle : RemedyFor(why_->cause);
  const int requests = requests_[credential_];
  const bool last = model_ + 1 == terms_->models.size();
  absl::Duration base = options.backoff;
  bool exhausted = requests > options.max_retries;
  switch (remedy) {
    case Remedy::kFixRequest:
      return Finish{Finish::Verdict::kInvalid, *why_, std::nullopt};
    case Remedy::kNone:
      return Degrade(why_->retry_at);
    case Remedy::kNextRoute:
      // Whichever it is: the gates know which keys remain.
      return Ask(now);
    case Remedy::kThrottle:
      base = options.throttled_backoff;
      break;
    case Remedy::kBackoff:
      break;
    case Remedy::kAskCaller:
      exhausted |= ++ambiguous_ > options.max_ambiguous_retries;
      break;
    case Remedy::kOnceMore:
      exhausted |= ++unusable_ > 1;
      break;
  }

  const std::optional<absl::Time> told = why_->retry_at;
  // What the server said holds for all, and the gates know it.
  if (!exhausted && remedy == Remedy::kThrottle && told.has_value()) {
    demand_.repeats = false;
    return Ask(now);
  }
  absl::Time wake = now + Backoff(base, options.max_backoff, requests, random);
  if (told.has_value()) {
    wake = std::max(wake, SpreadAfter(*told, now, random));
  }
  absl::Time expected = wake;
  if (remedy == Remedy::kThrottle) {
    // It may be known by now that the quota opens later.
    const std::optional<absl::Time> opens = gates_->OpensAt(demand_, now);
    if (!exhausted && opens.has_value() && *opens >= demand_.deadline) {
      demand_.repeats = false;
      return Ask(now);
    }
    if (opens != absl::InfiniteFuture()) {
      expected = std::max(wake, opens.value_or(wake));
    }
  }
  demand_.repeats = remedy == Remedy::kBackoff || remedy == Remedy::kAskCaller;
  // Behind those who wait: else the oldest call would be the probe each time
  // while a model fails, until it has no repetitions left.
  if (demand_.repeats) demand_.place = gates_->NewTicket();
  if (!exhausted && wake < demand_.deadline) {
    return WaitUntil{wake, false, expected, why_};
  }
  // Another key has repetitions of its own.
  if (exhausted && remedy != Remedy::kAskCaller &&
      demand_.exhausted.size() + 1 < gates_->credentials()) {
    demand_.exhausted.push_back(credential_);
    demand_.repeats = false;
    return Ask(now);
  }
  // Maybe billed already: not twice elsewhere.
  if (!last && remedy != Remedy::kAskCaller) return NextModel(now);
  // Coming back makes sense where time heals: not after an answer that may have
  // been paid for or that a repetition did not better.
  const bool time_heals =
      remedy == Remedy::kThrottle || remedy == Remedy::kBackoff;
  if (time_heals && !told.has_value()) return Degrade(expected);
  return Degrade(told);
}

}  // namespace gemini::internal
