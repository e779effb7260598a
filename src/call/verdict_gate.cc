#include "call/verdict_gate.h"

#include <algorithm>

namespace gemini::internal {
namespace {

// Nobody has mended anything since.
constexpr absl::Duration kFresh = absl::Seconds(10);

}  // namespace

std::shared_ptr<const Diagnosis> VerdictGate::Closed(absl::Time now) const {
  if (verdict_ == nullptr) return nullptr;
  return probe_.has_value() || now < probe_at_ ? verdict_ : nullptr;
}

void VerdictGate::OnSent(uint64_t id, absl::Time now) {
  if (verdict_ != nullptr && !probe_.has_value() && now >= probe_at_) {
    probe_ = id;
  }
}

void VerdictGate::OnVerdict(uint64_t id, absl::Time sent,
                            const Diagnosis& diagnosis, absl::Time now) {
  if (verdict_ == nullptr) {
    if (sent < opened_at_) return;
    interval_ = diagnosis.cause == Cause::kDailyQuota ? options_.day_probe
                                                      : options_.verdict_probe;
    if (diagnosis.cause == Cause::kDailyQuota) {
      // Not earlier than told, even by a delay that misleads.
      interval_ = std::max(
          interval_, diagnosis.retry_delay.value_or(absl::ZeroDuration()));
    }
  } else if (probe_ == id) {
    probe_.reset();
    interval_ = std::min(interval_ * 2, options_.max_probe);
  } else {
    return;
  }
  verdict_ = std::make_shared<const Diagnosis>(diagnosis);
  closed_at_ = now;
  probe_at_ = now + interval_;
  if (diagnosis.cause == Cause::kDailyQuota && diagnosis.retry_at.has_value() &&
      *diagnosis.retry_at > now) {
    probe_at_ = std::min(probe_at_, *diagnosis.retry_at);
    if (diagnosis.retry_delay.has_value()) {
      probe_at_ = std::max(probe_at_, now + *diagnosis.retry_delay);
    }
  }
}

void VerdictGate::OnDisproved(absl::Time sent) {
  if (verdict_ == nullptr || sent < closed_at_) return;
  opened_at_ = sent;
  verdict_.reset();
  probe_.reset();
}

void VerdictGate::Doubt(absl::Time now) {
  if (verdict_ == nullptr || verdict_->cause == Cause::kDailyQuota) return;
  probe_at_ = std::min(probe_at_, std::max(now, closed_at_ + kFresh));
}

void VerdictGate::OnReleased(uint64_t id) {
  if (probe_ == id) probe_.reset();
}

}  // namespace gemini::internal
