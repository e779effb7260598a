// A clock that a test moves.

#ifndef GEMINI_TESTS_TESTING_MANUAL_CLOCK_H_
#define GEMINI_TESTS_TESTING_MANUAL_CLOCK_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "util/mutex_lock.h"

namespace gemini::testing {

class ManualClock final : public internal::Clock {
 public:
  absl::Time Now() override {
    internal::MutexLock lock(&mutex_);
    return now_;
  }

  absl::Duration RealTimeUntil(absl::Time time) override {
    return time <= Now() ? absl::ZeroDuration() : absl::InfiniteDuration();
  }

  void SetWaker(std::function<void()> wake) override {
    internal::MutexLock lock(&mutex_);
    wake_ = std::move(wake);
  }

  void Advance(absl::Duration duration) {
    internal::MutexLock lock(&mutex_);
    now_ += duration;
    if (wake_) wake_();
  }

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1795400000);
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_TESTING_MANUAL_CLOCK_H_
