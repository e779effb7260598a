#include "call/slow_start.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gemini::internal {
namespace {

// Beyond that nothing is held back.
constexpr double kWideOpen = 20000;

// Quicker ones, and clocks that are set back, are not believed.
constexpr absl::Duration kShortestAnswer = absl::Milliseconds(1);

}  // namespace

SlowStart::SlowStart(const GateOptions& options) : options_(options) {}

// Never less than before, although events of other processes may be told late.
double SlowStart::AllowedAt(absl::Time now) const {
  if (!doubling_.has_value()) {
    const double steps =
        absl::FDivDuration(now - since_, options_.careful_step);
    return allowed_ + std::max(steps, 0.0);
  }
  const double doublings = absl::FDivDuration(now - since_, *doubling_);
  return allowed_ * std::exp2(std::clamp(doublings, 0.0, 30.0));
}

absl::Time SlowStart::TimeOf(double allowed) const {
  if (allowed <= allowed_) return since_;
  if (!doubling_.has_value()) {
    return since_ + options_.careful_step * (allowed - allowed_);
  }
  return since_ + *doubling_ * std::log2(allowed / allowed_);
}

void SlowStart::GrowFrom(double allowed, absl::Time now) {
  allowed_ = allowed;
  since_ = now;
}

absl::Time SlowStart::Next(int in_flight, absl::Time now) {
  if (phase_ == Phase::kProbing && now >= held_from_ + options_.cold_hold) {
    OnSettled(probe_, held_from_ + options_.cold_hold);
  }
  switch (phase_) {
    case Phase::kCold:
    case Phase::kOpen:
      return now;
    case Phase::kProbing:
      return held_from_ + options_.cold_hold;
    case Phase::kGrowing:
      break;
  }
  if (!doubling_.has_value() && AllowedAt(now) > options_.ramp_careful) {
    GrowFrom(options_.ramp_careful, TimeOf(options_.ramp_careful));
    doubling_ = options_.ramp_doubling;
  }
  // What is not used does not grow: a lull must not end in a stampede.
  const double most = std::max(options_.ramp_start, 2.0 * in_flight);
  if (AllowedAt(now) > most) GrowFrom(most, now);
  return std::max(now, TimeOf(in_flight + 1));
}

void SlowStart::OnSent(uint64_t id, int in_flight, absl::Time now) {
  if (phase_ == Phase::kCold) {
    phase_ = Phase::kProbing;
    probe_ = id;
    probe_sent_ = now;
    held_from_ = now;
  } else if (phase_ == Phase::kGrowing && in_flight >= kWideOpen) {
    phase_ = Phase::kOpen;
  }
}

void SlowStart::OnUnderWay(uint64_t id, absl::Time now) {
  if (phase_ == Phase::kProbing && id == probe_) held_from_ = now;
}

void SlowStart::OnSettled(uint64_t id, absl::Time now) {
  if (phase_ != Phase::kProbing || id != probe_) return;
  phase_ = Phase::kGrowing;
  doubling_.reset();
  delivered_ = false;
  GrowFrom(options_.ramp_start, now);
}

void SlowStart::OnReleased(uint64_t id) {
  if (phase_ == Phase::kProbing && id == probe_) phase_ = Phase::kCold;
}

void SlowStart::OnDelivered(absl::Time sent, double wanted, absl::Time now) {
  if (phase_ == Phase::kCold || phase_ == Phase::kOpen || sent < probe_sent_) {
    return;
  }
  OnSettled(probe_, now);
  if (std::exchange(delivered_, true)) return;
  GrowFrom(AllowedAt(now), now);
  const absl::Duration fast =
      std::min(options_.ramp_time / std::max(1.0, std::log2(wanted / allowed_)),
               std::max(now - sent, kShortestAnswer) * options_.ramp_answers);
  doubling_ = std::min(fast, doubling_.value_or(fast));
}

void SlowStart::Reset() { phase_ = Phase::kCold; }

}  // namespace gemini::internal
