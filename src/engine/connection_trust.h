// Whether connections that were kept may be used again.

#ifndef GEMINI_SRC_ENGINE_CONNECTION_TRUST_H_
#define GEMINI_SRC_ENGINE_CONNECTION_TRUST_H_

#include <algorithm>

#include "absl/time/time.h"

namespace gemini::internal {

// A server may close connections without saying so, after each answer or after
// a time, and then a request that was just sent on one is lost, maybe billed.
// One such loss mostly means more: many were kept, or the server does so each
// time. A connection more costs little beside a picture.
class ConnectionTrust {
 public:
  static constexpr absl::Duration kShortest = absl::Minutes(1);
  static constexpr absl::Duration kLongest = absl::Hours(1);

  bool MayReuse(absl::Time now) const { return now >= distrusted_until_; }

  // A connection that was used before brought a whole answer.
  void OnHeld(absl::Time now) {
    if (!MayReuse(now)) return;  // It was sent before one broke.
    distrust_ = kShortest;
  }

  // One broke before a byte of the answer.
  void OnBroke(absl::Time now) {
    if (!MayReuse(now)) return;  // The same.
    distrusted_until_ = now + distrust_;
    distrust_ = std::min(distrust_ * 2, kLongest);
  }

 private:
  absl::Duration distrust_ = kShortest;
  absl::Time distrusted_until_ = absl::InfinitePast();
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_CONNECTION_TRUST_H_
