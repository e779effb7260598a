#include "call/slow_start.h"

#include <algorithm>
#include <cmath>

namespace gemini::internal {
namespace {

// Beyond that nothing is held back.
constexpr double kWideOpen = 20000;

}  // namespace

SlowStart::SlowStart(const GateOptions& options) : options_(options) {}

absl::Duration SlowStart::TimeTo(double in_flight) const {
  const double careful = std::min(in_flight, options_.ramp_careful);
  absl::Duration time = options_.careful_doubling *
                        std::log2(std::max(1.0, careful / options_.ramp_start));
  if (in_flight > careful) {
    time += options_.ramp_doubling * std::log2(in_flight / careful);
  }
  return time;
}

absl::Time SlowStart::Next(int in_flight, absl::Time now) {
  if (phase_ == Phase::kProbing && now >= since_ + options_.hold) {
    OnSettled(probe_, since_ + options_.hold);
  }
  switch (phase_) {
    case Phase::kCold:
    case Phase::kOpen:
      return now;
    case Phase::kProbing:
      return since_ + options_.hold;
    case Phase::kGrowing:
      break;
  }
  // What is not used does not grow: a lull must not end in a stampede.
  const double most =
      std::max(options_.ramp_start, 2.0 * static_cast<double>(in_flight));
  since_ = std::max(since_, now - TimeTo(most));
  return std::max(now, since_ + TimeTo(in_flight + 1));
}

void SlowStart::OnSent(uint64_t id, int in_flight, absl::Time now) {
  if (phase_ == Phase::kCold) {
    phase_ = Phase::kProbing;
    probe_ = id;
    since_ = now;
  } else if (phase_ == Phase::kGrowing && in_flight >= kWideOpen) {
    phase_ = Phase::kOpen;
  }
}

void SlowStart::OnSettled(uint64_t id, absl::Time now) {
  if (phase_ != Phase::kProbing || id != probe_) return;
  phase_ = Phase::kGrowing;
  since_ = now;
}

void SlowStart::OnReleased(uint64_t id) {
  if (phase_ == Phase::kProbing && id == probe_) phase_ = Phase::kCold;
}

void SlowStart::Reset() { phase_ = Phase::kCold; }

}  // namespace gemini::internal
