#include "call/retry_budget.h"

#include <algorithm>

namespace gemini::internal {

RetryBudget::RetryBudget(const GateOptions& options)
    : options_(options), left_(options.retry_burst) {}

void RetryBudget::Refill(absl::Time now) {
  if (refilled_ != absl::InfinitePast() && now > refilled_) {
    left_ = std::min(
        options_.retry_burst,
        left_ + absl::FDivDuration(now - refilled_, options_.retry_refill));
  }
  refilled_ = std::max(refilled_, now);
}

absl::Time RetryBudget::Next(absl::Time now) {
  Refill(now);
  if (left_ >= 1) return now;
  // A little more, since it must not be a little less.
  return now + options_.retry_refill * (1 - left_) + absl::Microseconds(1);
}

void RetryBudget::OnRetry(absl::Time now) {
  Refill(now);
  left_ -= 1;
}

void RetryBudget::OnUnsent() {
  left_ = std::min(options_.retry_burst, left_ + 1);
}

void RetryBudget::OnSuccess(absl::Time now) {
  Refill(now);
  left_ = std::min(options_.retry_burst, left_ + options_.retry_share);
}

}  // namespace gemini::internal
