#include "call/backoff.h"

#include <algorithm>

namespace gemini::internal {

absl::Duration Backoff(absl::Duration base, absl::Duration max, int repetition,
                       double random) {
  absl::Duration ceiling = std::min(base, max);
  for (int i = 1; i < repetition && ceiling < max; ++i) {
    ceiling = std::min(ceiling * 2, max);
  }
  return ceiling * random;
}

absl::Time SpreadAfter(absl::Time floor, absl::Time now, double random) {
  const absl::Duration wait = std::max(floor - now, absl::ZeroDuration());
  return std::max(floor, now) + std::min(wait / 10, absl::Seconds(1)) * random;
}

}  // namespace gemini::internal
