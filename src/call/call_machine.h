// Decides what is done for one picture, and when. Pure: it is told the time and
// given its random numbers, asks the gates, and carries out nothing itself.

#ifndef GEMINI_SRC_CALL_CALL_MACHINE_H_
#define GEMINI_SRC_CALL_CALL_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "call/gates.h"
#include "gemini/call_options.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// Make one attempt at the machine's model(), then report its end.
struct StartAttempt {
  absl::Time give_up_at;  // The attempt must have ended by then.
  size_t credential = 0;  // Its place among those of the gates.
};

// Do nothing until `time`, or until the gates wake the ticket if that is
// earlier, then report it.
struct WaitUntil {
  absl::Time time;
  bool wakeable = false;  // It stands in line before the gates.
  absl::Time expected;    // When the wait ends, to all that is known.
  std::shared_ptr<const Diagnosis> why;  // Null: there is nothing to tell.
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

// What pictures that are asked for alike share: thousands may wait.
struct Terms {
  RetryOptions retry;
  TimeLimits limits;  // That of the call apart: see Order::deadline.
  std::vector<std::string> models;  // In the order to try; at least one.
};

// What one picture is asked for with.
struct Order {
  std::shared_ptr<const Terms> terms;
  absl::Time deadline;
  Priority priority = Priority::kInteractive;
  double input_tokens = 0;  // A guess.
};

// One picture of one call. Each event returns the next action; no event may
// follow a Finish. After each event the gates may have tickets to be woken.
class CallMachine {
 public:
  // `gates` must outlive the machine.
  CallMachine(const Order& order, Gates* gates);

  // By which the gates wake it.
  uint64_t ticket() const { return demand_.ticket; }

  const Terms& terms() const { return *terms_; }

  // The model of the attempt that was started last. It stays while that is
  // under way.
  const std::string& model() const { return demand_.model; }

  Action OnStarted(absl::Time now);

  // The time of a WaitUntil has come, or the gates woke the ticket.
  Action OnWoke(absl::Time now);

  // The request of the attempt is being sent: its connection stands.
  void OnUnderWay(absl::Time now);

  // The attempt ended: well if `diagnosis` is empty. `random` is uniform in
  // [0, 1).
  Action OnAttemptEnded(std::optional<Diagnosis> diagnosis, absl::Time now,
                        double random);

  Action OnCancelled();

 private:
  Action Ask(absl::Time now);
  Action NextModel(absl::Time now);
  Action Degrade(std::optional<absl::Time> retry_at) const;
  std::optional<absl::Time> ComeBackAt(absl::Time now) const;

  const std::shared_ptr<const Terms> terms_;
  Gates* const gates_;
  Demand demand_;
  std::optional<Permit> permit_;
  absl::InlinedVector<int, 2> requests_;  // For this model, by credential.
  uint32_t model_ = 0;                    // Of terms_->models.
  uint32_t credential_ = 0;               // Of the last attempt.
  int ambiguous_ = 0;
  int unusable_ = 0;  // Answers without a usable picture.

  // Why there is no picture yet, and when the gates were to open, as last told.
  std::shared_ptr<const Diagnosis> why_;
  absl::Time opens_ = absl::InfinitePast();
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_CALL_MACHINE_H_
