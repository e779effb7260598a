// The time, as an argument.

#ifndef GEMINI_SRC_BASE_CLOCK_H_
#define GEMINI_SRC_BASE_CLOCK_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace gemini::internal {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // A time of day that never runs backwards.
  virtual absl::Time Now() = 0;

  // How long in real time it takes, at the most, until this clock can show
  // `time`. A clock that is moved by hand returns InfiniteDuration.
  virtual absl::Duration RealTimeUntil(absl::Time time) = 0;

  // `wake` is called, on any thread, whenever the clock is moved by hand; an
  // empty function ends that.
  virtual void SetWaker(std::function<void()> wake) = 0;
};

// Starts at the system's time and goes on at the pace of the steady clock, so
// that setting the system's clock moves no deadline.
std::shared_ptr<Clock> NewSystemClock();

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_CLOCK_H_
