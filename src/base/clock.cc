#include "base/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace gemini::internal {
namespace {

class SystemClock final : public Clock {
 public:
  absl::Time Now() override {
    return wall_start_ +
           absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

  absl::Duration RealTimeUntil(absl::Time time) override {
    return time - Now();
  }

  void SetWaker(std::function<void()> /*wake*/) override {}

 private:
  const absl::Time wall_start_ = absl::Now();
  const std::chrono::steady_clock::time_point steady_start_ =
      std::chrono::steady_clock::now();
};

}  // namespace

std::shared_ptr<Clock> NewSystemClock() {
  return std::make_shared<SystemClock>();
}

}  // namespace gemini::internal
