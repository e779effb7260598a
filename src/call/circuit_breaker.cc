#include "call/circuit_breaker.h"

#include <algorithm>
#include <cmath>

namespace gemini::internal {
namespace {

// At a share of 7 % of failures one row of five in 600,000 is due to chance.
// Pictures take long, though: only what was sent since the first failure tells
// whether it is a row.
constexpr int kRow = 5;

// So many ends within the window make half of them worth a judgement.
constexpr size_t kEnough = 20;

// Fast enough to notice the end of an outage of seconds, slow enough not to
// spend twenty requests on one of minutes.
constexpr double kLonger = 1.3;

constexpr double kUnbounded = 10000;

}  // namespace

double CircuitBreaker::Allowed(absl::Time now) const {
  const absl::Duration since = now - bound_since_;
  const double doublings =
      absl::FDivDuration(since, options_.recovery_doubling);
  return std::max(*bound_ + absl::FDivDuration(since, options_.recovery_step),
                  *bound_ * std::exp2(std::min(doublings, 30.0)));
}

absl::Time CircuitBreaker::Next(int in_flight, absl::Time deadline,
                                absl::Time now) {
  switch (state_) {
    case State::kHalfOpen:
      return absl::InfiniteFuture();
    case State::kOpen:
      if (!told_ && until_ >= deadline) {
        return std::max(now, failed_at_ + options_.breaker_open);
      }
      return std::max(now, until_);
    case State::kClosed:
      break;
  }
  if (!bound_.has_value()) return now;
  if (Allowed(now) > kUnbounded) {
    bound_.reset();
    return now;
  }
  const double wanted = in_flight + 1;
  if (wanted <= *bound_) return now;
  const absl::Duration wait =
      std::min(options_.recovery_step * (wanted - *bound_),
               options_.recovery_doubling * std::log2(wanted / *bound_));
  return std::max(now, bound_since_ + wait);
}

void CircuitBreaker::OnSent(uint64_t id, absl::Time now) {
  sends_.push_back(now);
  while (sends_.front() < now - options_.breaker_window) sends_.pop_front();
  if (state_ != State::kOpen) return;
  state_ = State::kHalfOpen;
  probe_ = id;
}

void CircuitBreaker::Note(bool failed, absl::Time now) {
  ends_.push_back({now, failed});
  while (ends_.front().at < now - options_.breaker_window) ends_.pop_front();
}

bool CircuitBreaker::HalfFailed() const {
  const auto failed = std::count_if(ends_.begin(), ends_.end(),
                                    [](const End& end) { return end.failed; });
  return ends_.size() >= kEnough &&
         2 * static_cast<size_t>(failed) >= ends_.size();
}

bool CircuitBreaker::RowFailed() const {
  const auto since =
      sends_.end() - std::lower_bound(sends_.begin(), sends_.end(), row_from_);
  return row_ >= kRow && int64_t{2} * row_ >= since;
}

void CircuitBreaker::OnServed(uint64_t id, absl::Time sent, absl::Time now) {
  Note(false, now);
  // A picture begun before the failures says nothing about now.
  if (row_ > 0 && sent >= row_from_) row_ = 0;
  if (state_ != State::kHalfOpen || id != probe_) return;
  state_ = State::kClosed;
  row_ = 0;
  ends_.clear();
  closed_at_ = now;
  bound_ = options_.recovery_start;
  bound_since_ = now;
}

void CircuitBreaker::Open(std::optional<absl::Time> retry_at, absl::Time now,
                          double random) {
  state_ = State::kOpen;
  failed_at_ = now;
  told_ = retry_at.has_value() && *retry_at > now;
  until_ = now + open_for_ * (0.75 + 0.5 * random);
  if (told_) until_ = std::max(until_, *retry_at);
}

void CircuitBreaker::OnFailed(uint64_t id, absl::Time sent, int in_flight,
                              std::optional<absl::Time> retry_at,
                              absl::Time now, double random) {
  Note(true, now);
  if (state_ == State::kHalfOpen && id == probe_) {
    open_for_ = std::min(open_for_ * kLonger, options_.breaker_max_open);
    Open(retry_at, now, random);
    return;
  }
  if (state_ != State::kClosed || sent < closed_at_) return;
  if (row_++ == 0) row_from_ = sent;
  if (RowFailed() || HalfFailed()) {
    open_for_ = options_.breaker_open;
    Open(retry_at, now, random);
  } else if (bound_.has_value() && row_ >= 2) {
    bound_ = std::max(1.0, in_flight / 2.0);
    bound_since_ = now;
  }
}

void CircuitBreaker::OnReleased(uint64_t id) {
  if (state_ == State::kHalfOpen && id == probe_) state_ = State::kOpen;
}

void CircuitBreaker::OnUnsent(uint64_t id, absl::Time sent) {
  OnReleased(id);
  const auto place = std::lower_bound(sends_.begin(), sends_.end(), sent);
  if (place != sends_.end() && *place == sent) sends_.erase(place);
}

}  // namespace gemini::internal
