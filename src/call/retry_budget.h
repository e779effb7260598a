// Bounds what repetitions add to the load of a service that fails: a share of
// what succeeds, as gRPC (proposal A6) and Envoy have it.

#ifndef GEMINI_SRC_CALL_RETRY_BUDGET_H_
#define GEMINI_SRC_CALL_RETRY_BUDGET_H_

#include "absl/time/time.h"
#include "call/gate_options.h"

namespace gemini::internal {

// In any time t with s successes it lets through at most
// retry_burst + retry_share * s + t / retry_refill repetitions.
class RetryBudget {
 public:
  explicit RetryBudget(const GateOptions& options);

  // The earliest time at which there is something left, should nothing succeed.
  absl::Time Next(absl::Time now);

  void OnRetry(absl::Time now);
  void OnUnsent();  // The repetition was not sent after all.
  void OnSuccess(absl::Time now);

 private:
  void Refill(absl::Time now);

  const GateOptions options_;
  double left_;
  absl::Time refilled_ = absl::InfinitePast();
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_RETRY_BUDGET_H_
