// One quota of the server as far as it is known: its limit, its window, and
// what was sent into it from here. docs/adr/0006-pacing.md explains the rules.

#ifndef GEMINI_SRC_CALL_QUOTA_BUCKET_H_
#define GEMINI_SRC_CALL_QUOTA_BUCKET_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/time/time.h"
#include "call/gate_options.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

bool IsTokens(QuotaUnit unit);

// What one request takes of a quota, as far as it can be told beforehand.
double Amount(QuotaUnit unit, double input_tokens);

class QuotaBucket {
 public:
  // How a window passes.
  enum class Kind {
    kUnknown,
    kFixed,    // All at once, at certain times.
    kSliding,  // Each request by itself, a window after it was sent.
    kDay       // All at once, at midnight in California.
  };

  QuotaBucket(const GateOptions& options, absl::Duration window, Kind kind);

  // A quota of which the server's refusals say nothing, not even its window.
  static QuotaBucket Bare(const GateOptions& options);

  // The limit that the user states: kept to exactly, and never given up.
  void SetLimit(double limit);

  // The earliest time at which `amount` may be sent.
  absl::Time Next(double amount, absl::Time now);

  void OnSent(uint64_t id, double amount, absl::Time now);

  // It has reached the service only now: if it is a probe, its hold begins.
  void OnUnderWay(uint64_t id, absl::Time now);

  // The request was let in.
  void OnSettled(uint64_t id, absl::Time now);

  // Nothing is known of the request's end.
  void OnReleased(uint64_t id);

  // It was not sent: its place is free.
  void OnUnsent(uint64_t id);

  // The request, sent at `sent`, was refused. `limit` in the unit of the
  // amounts, `retry_at` as the server says.
  void OnRefused(uint64_t id, absl::Time sent, std::optional<double> limit,
                 std::optional<absl::Time> retry_at, absl::Time now);

  // A probe was let in when it was not refused for so long.
  void SetHold(absl::Duration hold) { options_.hold = hold; }

  // What was sent before may arrive so much later.
  void SetSpread(absl::Duration spread) { options_.spread = spread; }

  // Whether the last refusal leaves open how much may be sent next time.
  bool uncertain() const { return uncertain_; }

  // Closed since a refusal, until then.
  std::optional<absl::Time> closed_until() const;

  // Forgetting it would let through what it holds back.
  bool HoldsBack(double amount, absl::Time now);

  // Something that was sent is still in its window.
  bool InUse(absl::Time now);

  // How much the server or the user lets in at most within a window, if known.
  std::optional<double> limit() const { return limit_; }
  absl::Duration window() const { return window_; }

  Kind kind() const { return kind_; }
  std::optional<double> cap() const { return cap_; }

 private:
  enum class State { kOpen, kClosed, kProbing };
  struct Use {
    uint64_t id;
    absl::Time at;
    double amount;
    bool refused;
    bool probe;  // Or a test, or came too early by a hair.
  };

  void Forget(absl::Time now);
  void Reopen(absl::Time now);
  void OnTestLetIn(absl::Time now);
  absl::Duration Margin(absl::Duration window) const;
  absl::Time WindowStart(absl::Time t) const;
  absl::Time NextWindow(absl::Time t) const;
  double Counted(const Use& use) const;
  double UsedSince(absl::Time from) const;
  double UsedInWindow(absl::Time now) const;
  double SurelyUsed(absl::Time now) const;
  double AdmittedBefore(absl::Time sent) const;
  absl::Time SlidingOpening(double amount, double cap, absl::Time now) const;
  absl::Time GuessOpening(absl::Time now);
  void LearnKind(absl::Time sent, absl::Time retry_at, absl::Time now);
  void LearnWhatCounts(absl::Time retry_at, absl::Time now);
  void LearnCap(double admitted, bool tested);
  double CapAt(absl::Time t) const;
  bool SharesLimit() const;
  absl::Time NextTest(absl::Time now) const;

  GateOptions options_;
  absl::Duration window_;
  Kind kind_;
  bool bare_ = false;
  bool set_by_user_ = false;
  bool counts_refused_ = false;  // So does the server, to all that is known.
  std::optional<double> cap_;    // What may be used from here in a window.
  std::optional<double> limit_;  // What the server or the user says.
  absl::Time phase_;             // A beginning of a window, if kFixed.
  std::deque<Use> uses_;

  State state_ = State::kOpen;
  absl::Time closed_at_;
  absl::Time until_;           // If closed.
  std::optional<Kind> guess_;  // What is true if the next probe passes.
  absl::Time opened_at_ = absl::InfinitePast();
  uint64_t probe_ = 0;
  absl::Time probe_sent_;
  absl::Time held_from_;
  bool uncertain_ = false;
  uint64_t test_ = 0;  // On its way: more than was ever let in.
  absl::Time test_sent_;
  double test_size_ = 1;  // Of a share of a limit.
  int vain_tests_ = 0;
  int low_ = 0;        // Refusals in a row far below the limit.
  int fruitless_ = 0;  // Probes in a row that were refused.
  absl::Time grows_from_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_QUOTA_BUCKET_H_
