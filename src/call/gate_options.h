// The time constants and bounds of the gates.

#ifndef GEMINI_SRC_CALL_GATE_OPTIONS_H_
#define GEMINI_SRC_CALL_GATE_OPTIONS_H_

#include "absl/time/time.h"

namespace gemini::internal {

// docs/adr/0006-pacing.md tells where the defaults come from.
struct GateOptions {
  // The length of the window that quotas call a minute; others follow from it.
  absl::Duration minute = absl::Minutes(1);

  // What was not refused for so long was let in: refusals take a fraction of a
  // second, pictures take many. Longer as long as nothing is known of how long
  // refusals take, and once they are seen to take long, at most `max_hold`.
  absl::Duration hold = absl::Milliseconds(125);
  absl::Duration cold_hold = absl::Milliseconds(300);
  absl::Duration max_hold = absl::Seconds(2);

  // What is sent later may arrive so much sooner than what was sent before it,
  // to all that was seen of the network: that is learnt.
  absl::Duration spread;

  // Slow start: requests in flight once the first was let in, and the time
  // until there may be one more, since what is sent until a refusal arrives is
  // wasted; from `ramp_careful` on, the time in which they may double. Once a
  // picture came, all that wait may be in flight after `ramp_time`, or sooner:
  // a refusal takes no longer than a picture does, so they may double in
  // `ramp_answers` times as long as that one took.
  double ramp_start = 3;
  absl::Duration careful_step = absl::Milliseconds(40);
  double ramp_careful = 100;
  absl::Duration ramp_doubling = absl::Milliseconds(200);
  absl::Duration ramp_time = absl::Milliseconds(600);
  double ramp_answers = 2;

  // A refusal for quota that states no delay is tested after this time, then
  // after four times as long, then when the next minute begins.
  absl::Duration bare_probe = absl::Seconds(2);

  // The first probe of a gate that was closed for a cause that lasts. Each
  // refused probe doubles the time, up to `max_probe`.
  absl::Duration day_probe = absl::Minutes(5);
  absl::Duration verdict_probe = absl::Minutes(10);
  absl::Duration max_probe = absl::Hours(6);

  // The circuit breaker judges the attempts that ended within the window. Its
  // first probe comes after `breaker_open`, the next ones ever later.
  absl::Duration breaker_window = absl::Seconds(10);
  absl::Duration breaker_open = absl::Seconds(1);
  absl::Duration breaker_max_open = absl::Seconds(30);

  // After an outage requests in flight grow from `recovery_start`: by one each
  // step, or double in their time, whichever is more.
  double recovery_start = 3;
  absl::Duration recovery_step = absl::Milliseconds(60);
  absl::Duration recovery_doubling = absl::Seconds(2);

  // Repetitions after faults: as many at once, and then a share of what
  // succeeds and one more each time that `retry_refill` passes.
  double retry_burst = 50;
  double retry_share = 0.2;
  absl::Duration retry_refill = absl::Seconds(1);
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_GATE_OPTIONS_H_
