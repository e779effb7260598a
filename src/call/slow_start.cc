#include "call/slow_start.h"

#include <algorithm>
#include <cmath>

namespace gemini::internal {
namespace {

// Beyond that nothing is held back.
constexpr double kWideOpen = 20000;

}  // namespace

SlowStart::SlowStart(const GateOptions& options) : options_(options) {}

double SlowStart::Allowed(absl::Time now) const {
  const double doublings =
      absl::FDivDuration(now - since_, options_.ramp_doubling);
  if (doublings > 20) return kWideOpen;
  return options_.ramp_start * std::exp2(doublings);
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
  if (Allowed(now) > most) {
    since_ =
        now - options_.ramp_doubling * std::log2(most / options_.ramp_start);
  }
  const double wanted = in_flight + 1;
  if (wanted <= options_.ramp_start) return now;
  const absl::Time when =
      since_ + options_.ramp_doubling * std::log2(wanted / options_.ramp_start);
  return std::max(now, when);
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
