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

  // A request was let in, or ended without telling anything.
  void OnSettled(uint64_t id, absl::Time now);
  void OnReleased(uint64_t id);

  // Begins anew, with one request.
  void Reset();

  // Lets everything pass: the limits are known.
  void Open() { phase_ = Phase::kOpen; }

 private:
  enum class Phase {
    kCold,     // The next request goes alone.
    kProbing,  // It is on its way.
    kGrowing,
    kOpen
  };

  // How long growing takes until so many may be in flight.
  absl::Duration TimeTo(double in_flight) const;

  const GateOptions options_;
  Phase phase_ = Phase::kCold;
  uint64_t probe_ = 0;
  absl::Time since_;  // When the probe was sent, or growing began.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_SLOW_START_H_
