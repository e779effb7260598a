// Keeps requests from a model that does not serve, and comes back gently.

#ifndef GEMINI_SRC_CALL_CIRCUIT_BREAKER_H_
#define GEMINI_SRC_CALL_CIRCUIT_BREAKER_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/time/time.h"
#include "call/gate_options.h"

namespace gemini::internal {

// Opens after a row of failures, if they are half of what was sent since the
// first, or when half of the attempts of the last time failed; one probe then
// closes it or keeps it open. After that the requests in flight grow from a
// few, and shrink again while the model is overloaded.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(const GateOptions& options) : options_(options) {}

  // The earliest time at which one more than `in_flight` may be sent;
  // InfiniteFuture: when an answer came. A call that ends at `deadline` may be
  // the probe earlier than others, so that it is not failed by a guess.
  absl::Time Next(int in_flight, absl::Time deadline, absl::Time now);

  void OnSent(uint64_t id, absl::Time now);

  // The model served the request, well or not, but it served it.
  void OnServed(uint64_t id, absl::Time sent, absl::Time now);

  // It did not. `retry_at` as the server says; `random` in [0, 1).
  void OnFailed(uint64_t id, absl::Time sent, int in_flight,
                std::optional<absl::Time> retry_at, absl::Time now,
                double random);

  // Its end says nothing about the model.
  void OnReleased(uint64_t id);

  // It was not sent at `sent` after all.
  void OnUnsent(uint64_t id, absl::Time sent);

  bool is_closed() const { return state_ == State::kClosed; }

 private:
  enum class State { kClosed, kOpen, kHalfOpen };
  struct End {
    absl::Time at;
    bool failed;
  };

  void Note(bool failed, absl::Time now);
  bool HalfFailed() const;
  bool RowFailed() const;
  void Open(std::optional<absl::Time> retry_at, absl::Time now, double random);
  double Allowed(absl::Time now) const;

  const GateOptions options_;
  State state_ = State::kClosed;
  std::deque<End> ends_;
  std::deque<absl::Time> sends_;  // Of the last time.
  int row_ = 0;                   // Failures in a row.
  absl::Time row_from_;           // When the first of them was sent.
  absl::Time failed_at_;
  absl::Time until_;   // If open.
  bool told_ = false;  // By the server.
  absl::Duration open_for_;
  uint64_t probe_ = 0;
  absl::Time closed_at_ = absl::InfinitePast();

  // Requests in flight after an outage; without a value they are not bounded.
  std::optional<double> bound_;
  absl::Time bound_since_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_CIRCUIT_BREAKER_H_
