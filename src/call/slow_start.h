// Feels its way to a limit that nobody stated: first one request, then ever
// more at once, as long as none is refused.

#ifndef GEMINI_SRC_CALL_SLOW_START_H_
#define GEMINI_SRC_CALL_SLOW_START_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "call/gate_options.h"

namespace gemini::internal {

class SlowStart {
 public:
  explicit SlowStart(const GateOptions& options);

  // The earliest time at which one more than `in_flight` may be sent.
  absl::Time Next(int in_flight, absl::Time now);

  void OnSent(uint64_t id, int in_flight, absl::Time now);

  // It has reached the service only now: its hold begins.
  void OnUnderWay(uint64_t id, absl::Time now);

  // A request was let in, or ended without telling anything.
  void OnSettled(uint64_t id, absl::Time now);
  void OnReleased(uint64_t id);

  // A request that was sent at `sent` brought its picture; `wanted` requests
  // would be in flight if they might.
  void OnDelivered(absl::Time sent, double wanted, absl::Time now);

  // Begins anew, with one request.
  void Reset();

  // Lets everything pass: the limits are known.
  void Open() { phase_ = Phase::kOpen; }

  // Refusals are seen to take so long that only this time without one tells
  // that a request was let in.
  void SetHold(absl::Duration hold) { options_.cold_hold = hold; }

 private:
  enum class Phase {
    kCold,     // The next request goes alone.
    kProbing,  // It is on its way.
    kGrowing,
    kOpen
  };

  double AllowedAt(absl::Time now) const;
  absl::Time TimeOf(double allowed) const;
  void GrowFrom(double allowed, absl::Time now);

  GateOptions options_;
  Phase phase_ = Phase::kCold;
  uint64_t probe_ = 0;
  absl::Time probe_sent_;
  absl::Time held_from_;

  // When growing: `allowed_` in flight at `since_`, and from then on one more
  // each `careful_step`, or twice as many each time that `doubling_` passes.
  double allowed_ = 0;
  absl::Time since_;
  std::optional<absl::Duration> doubling_;
  bool delivered_ = false;  // A picture came since the first request.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_SLOW_START_H_
