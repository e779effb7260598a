// Closed while a cause lasts that waiting does not cure: no quota at all, money
// gone, a day's quota used up, a bad key, no such model.

#ifndef GEMINI_SRC_CALL_VERDICT_GATE_H_
#define GEMINI_SRC_CALL_VERDICT_GATE_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "call/gate_options.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// A verdict is a hypothesis: now and then one request of a caller tests it, and
// opens the gate when it succeeds.
class VerdictGate {
 public:
  explicit VerdictGate(const GateOptions& options) : options_(options) {}

  // Why nothing may pass now; null if something may.
  std::shared_ptr<const Diagnosis> Closed(absl::Time now) const;

  void OnSent(uint64_t id, absl::Time now);

  // A request sent at `sent` ended with a cause that closes this gate.
  void OnVerdict(uint64_t id, absl::Time sent, const Diagnosis& diagnosis,
                 absl::Time now);

  // It ended otherwise: the verdict does not hold, if it was sent after it.
  void OnDisproved(absl::Time sent);

  // The verdict was not found by this process: the next request tests it, a
  // day's quota apart, which is tested when it would be anyway.
  void Doubt(absl::Time now);

  // It ended without saying anything about the verdict.
  void OnReleased(uint64_t id);

 private:
  const GateOptions options_;
  std::shared_ptr<const Diagnosis> verdict_;  // Null: open.
  absl::Time closed_at_;
  absl::Time opened_at_ = absl::InfinitePast();
  absl::Time probe_at_;
  absl::Duration interval_;
  std::optional<uint64_t> probe_;  // On its way.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_VERDICT_GATE_H_
