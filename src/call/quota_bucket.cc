#include "call/quota_bucket.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "util/pacific_time.h"

namespace gemini::internal {
namespace {

// A request may arrive later than the one before it, and must then find that
// one's place free: so much of a window is left between them at least.
constexpr double kMargin = 0.004;

// Times of the server are compared with our own record up to this part of a
// window. No more is left between requests, however unsteady the network is.
constexpr double kTolerance = 0.025;

// In windows, the longest delay that is believed.
constexpr double kLongestDelay = 2;

// Where this part of the limit was let in from here, nobody else uses it.
constexpr double kOurs = 0.9;

// CUBIC (RFC 9438, 4.2), counted in windows instead of seconds: flat around
// what was let in last, steeper with each window without a refusal. For limits
// that nobody stated.
constexpr double kGrowth = 0.2;
constexpr double kPlateau = 4;

// A share of a limit that is known is what others left. One request, when all
// others have sent theirs in a window, tests whether they leave more now; twice
// as many follow what is let in. After a test that is refused the next one
// comes so many windows later. Where all begin a window at once, shares are a
// matter of luck, and tested in the very next one; where windows slide, who was
// let in is let in again, and they are tested as after a refused test.
constexpr double kTestOfShare = 0.05;
constexpr double kWindowsFixed = 1;
constexpr double kWindowsSliding = 2;

// A limit that the server stated may have been raised since: after so many
// windows without a refusal one request more than it tests that, after each
// test that is refused twice as many, up to a bound.
constexpr double kWindowsToTest = 10;
constexpr int kMostDoublings = 3;

}  // namespace

bool IsTokens(QuotaUnit unit) {
  return unit == QuotaUnit::kInputTokens || unit == QuotaUnit::kOutputTokens ||
         unit == QuotaUnit::kTokens;
}

double Amount(QuotaUnit unit, double input_tokens) {
  return IsTokens(unit) ? std::max(1.0, input_tokens) : 1;
}

QuotaBucket::QuotaBucket(const GateOptions& options, absl::Duration window,
                         Kind kind)
    : options_(options), window_(window), kind_(kind) {}

QuotaBucket QuotaBucket::Bare(const GateOptions& options) {
  QuotaBucket bucket(options, options.minute, Kind::kUnknown);
  bucket.bare_ = true;
  return bucket;
}

void QuotaBucket::SetLimit(double limit) {
  set_by_user_ = true;
  limit_ = limit;
  cap_ = limit;
}

void QuotaBucket::Forget(absl::Time now) {
  const absl::Time oldest = now - window_ * (1 + 2 * kTolerance) -
                            absl::Hours(2) * (kind_ == Kind::kDay ? 1 : 0);
  while (!uses_.empty() && uses_.front().at < oldest) uses_.pop_front();
  // A whole window passed without another refusal.
  if (state_ == State::kOpen && opened_at_ + window_ < now) uncertain_ = false;
}

absl::Duration QuotaBucket::Margin(absl::Duration window) const {
  return std::clamp(options_.spread, window * kMargin, window * kTolerance);
}

absl::Time QuotaBucket::WindowStart(absl::Time t) const {
  if (kind_ == Kind::kDay) return LastPacificMidnight(t);
  return phase_ + absl::Floor(t - phase_, window_);
}

absl::Time QuotaBucket::NextWindow(absl::Time t) const {
  if (kind_ == Kind::kDay) return NextPacificMidnight(t);
  return WindowStart(t) + window_ * (1 + kMargin / 8);
}

double QuotaBucket::Counted(const Use& use) const {
  // In a sliding window a refused one makes little difference where it does not
  // count, since its place is free as soon as those of the others sent with it.
  // Probes, tests and who came alone, too early by a hair, have no such
  // company.
  const bool counts = !use.refused || counts_refused_ ||
                      (kind_ == Kind::kSliding && !use.probe);
  return counts ? use.amount : 0;
}

double QuotaBucket::UsedSince(absl::Time from) const {
  double used = 0;
  for (auto use = uses_.rbegin(); use != uses_.rend() && use->at >= from;
       ++use) {
    used += Counted(*use);
  }
  return used;
}

double QuotaBucket::AdmittedBefore(absl::Time sent) const {
  const absl::Time from =
      kind_ == Kind::kFixed ? WindowStart(sent) : sent - window_;
  double admitted = 0;
  for (const Use& use : uses_) {
    if (use.at >= from && use.at < sent && !use.refused) admitted += use.amount;
  }
  return admitted;
}

absl::Time QuotaBucket::SlidingOpening(double amount, double cap,
                                       absl::Time now) const {
  const absl::Duration length = window_ + Margin(window_);
  double used = UsedSince(now - length);
  absl::Time opening = now;
  for (const Use& use : uses_) {
    if (use.at < now - length) continue;
    if (used + amount <= cap) break;
    used -= Counted(use);
    opening = use.at + length;
  }
  return opening;
}

bool QuotaBucket::SharesLimit() const {
  return !set_by_user_ && limit_.has_value() && cap_.has_value() &&
         *cap_ < *limit_;
}

absl::Time QuotaBucket::NextTest(absl::Time now) const {
  if (test_size_ > 1) return now;  // The last one was let in.
  absl::Time window = now;
  double windows = kWindowsSliding;
  if (kind_ == Kind::kFixed || kind_ == Kind::kDay) {
    window = WindowStart(now);
    windows = vain_tests_ == 0 ? 0 : kWindowsFixed;
  } else {
    for (const Use& use : uses_) {
      if (use.refused || use.at < now - window_) continue;
      window = use.at;
      break;
    }
  }
  return std::max(window, grows_from_ + windows * window_) +
         window_ * kTestOfShare;
}

double QuotaBucket::CapAt(absl::Time t) const {
  if (set_by_user_) return *cap_;
  const double windows =
      std::max(0.0, absl::FDivDuration(t - grows_from_, window_));
  if (limit_.has_value() && *cap_ >= *limit_) {
    const double wanted = std::ldexp(kWindowsToTest, vain_tests_);
    return windows < wanted ? *cap_ : *cap_ + 1;
  }
  if (limit_.has_value()) {
    return t < NextTest(t) ? *cap_ : std::min(*cap_ + test_size_, *limit_);
  }
  return *cap_ + kGrowth * *cap_ * std::pow(windows / kPlateau, 3);
}

absl::Time QuotaBucket::Next(double amount, absl::Time now) {
  Forget(now);
  if (state_ == State::kClosed) {
    const absl::Time told = std::max(now, until_);
    if (kind_ != Kind::kSliding || !cap_.has_value()) return told;
    // The server's time may leave out the very request that it refused.
    const absl::Time free = SlidingOpening(amount, *cap_, now);
    const absl::Time latest = until_ + window_ * kTolerance + Margin(window_);
    return free <= latest ? std::max(told, free) : told;
  }
  if (state_ == State::kProbing) {
    // What was only guessed is waited for longer: all that wait follow it.
    const absl::Duration hold =
        guess_.has_value() ? std::max(options_.hold, options_.cold_hold)
                           : options_.hold;
    if (now < held_from_ + hold) return held_from_ + hold;
    Reopen(now);
  }
  if (!cap_.has_value()) return now;
  // Not refused: others left that much.
  if (test_ != 0 && SharesLimit() && now >= test_sent_ + options_.hold) {
    OnTestLetIn(now);
  }
  // What exceeds the whole limit is the server's to refuse.
  const double cap = std::max(CapAt(now), amount);
  absl::Time opening = now;
  if (kind_ == Kind::kUnknown || kind_ == Kind::kSliding) {
    opening = SlidingOpening(amount, cap, now);
  } else if (UsedInWindow(now) + amount > cap) {
    opening = NextWindow(now);
  }
  if (opening <= now || !SharesLimit()) return opening;
  const absl::Time test =
      test_ != 0 ? test_sent_ + options_.hold : NextTest(now);
  return test > now ? std::min(opening, test) : opening;
}

bool QuotaBucket::HoldsBack(double amount, absl::Time now) {
  if (Next(amount, now) > now || test_ != 0) return true;
  // One is to test it first, unless nobody has wanted to for long.
  return state_ == State::kProbing ||
         (state_ == State::kClosed && now <= until_ + window_);
}

bool QuotaBucket::InUse(absl::Time now) {
  Forget(now);
  return !uses_.empty();
}

double QuotaBucket::UsedInWindow(absl::Time now) const {
  if (kind_ == Kind::kUnknown || kind_ == Kind::kSliding) {
    return UsedSince(now - window_);
  }
  return UsedSince(WindowStart(now) - window_ * (kMargin / 8));
}

double QuotaBucket::SurelyUsed(absl::Time now) const {
  // By the server's account of a sliding window some may have left it already,
  // and then more than a limit it stated seems to be let in.
  return limit_.has_value() &&
                 (kind_ == Kind::kUnknown || kind_ == Kind::kSliding)
             ? UsedSince(now - window_ * (1 - kTolerance))
             : UsedInWindow(now);
}

void QuotaBucket::OnSent(uint64_t id, double amount, absl::Time now) {
  const bool probe = state_ == State::kClosed && now >= until_;
  if (probe) {
    state_ = State::kProbing;
    probe_ = id;
    probe_sent_ = now;
    held_from_ = now;
  }
  // More than was ever let in: whether it is, is to be seen. What goes out at
  // the time that the server told is none: by its account there is room.
  const bool test = !probe && cap_.has_value() && !set_by_user_ &&
                    SurelyUsed(now) + amount > *cap_;
  if (test) {
    if (test_ == 0 || !SharesLimit()) test_sent_ = now;
    test_ = id;
  }
  // What other processes sent may be told a little late.
  auto place = uses_.end();
  while (place != uses_.begin() && std::prev(place)->at > now) --place;
  uses_.insert(place, {id, now, amount, false, probe || test});
}

void QuotaBucket::OnUnderWay(uint64_t id, absl::Time now) {
  if (state_ == State::kProbing && id == probe_) held_from_ = now;
}

void QuotaBucket::OnSettled(uint64_t id, absl::Time now) {
  if (state_ == State::kProbing && id == probe_) Reopen(now);
  if (id == test_) OnTestLetIn(now);
}

void QuotaBucket::OnTestLetIn(absl::Time now) {
  test_ = 0;
  vain_tests_ = 0;
  if (SharesLimit()) {
    cap_ = std::min(*cap_ + test_size_, *limit_);
    test_size_ *= 2;
  } else if (limit_.has_value()) {
    // It is not the limit any more. What is, is felt for from here.
    limit_.reset();
    grows_from_ = now - window_ * kPlateau;
  }
}

void QuotaBucket::OnReleased(uint64_t id) {
  if (state_ == State::kProbing && id == probe_) state_ = State::kClosed;
  if (id == test_) test_ = 0;
}

void QuotaBucket::OnUnsent(uint64_t id) {
  OnReleased(id);
  for (auto use = uses_.rbegin(); use != uses_.rend(); ++use) {
    if (use->id != id) continue;
    uses_.erase(std::next(use).base());
    return;
  }
}

void QuotaBucket::Reopen(absl::Time now) {
  if (guess_.has_value()) {
    if (*guess_ == Kind::kUnknown) {
      // It came back soon: its window is not a minute but what it took.
      window_ = std::max(options_.bare_probe, until_ - closed_at_);
      kind_ = Kind::kSliding;
    } else {
      kind_ = *guess_;
      window_ = options_.minute;
    }
    phase_ = until_;
    guess_.reset();
  }
  state_ = State::kOpen;
  fruitless_ = 0;
  opened_at_ = std::min(probe_sent_, now);
}

absl::Time QuotaBucket::GuessOpening(absl::Time now) {
  const absl::Time minute =
      absl::UnixEpoch() +
      absl::Floor(now - absl::UnixEpoch(), options_.minute) +
      options_.minute * (1 + kMargin / 8);
  if (kind_ == Kind::kFixed && fruitless_ == 0) return NextWindow(now);
  if (kind_ == Kind::kSliding && fruitless_ == 0) {
    // It held what was let in, and this one did not fit in.
    const double held = std::max(1.0, AdmittedBefore(now));
    return std::max(SlidingOpening(1, held, now), now + options_.hold);
  }
  if (bare_ && fruitless_ < 2) {
    guess_ = Kind::kUnknown;
    return now + options_.bare_probe * (fruitless_ == 0 ? 1 : 4);
  }
  if (fruitless_ % 2 == 0) {
    guess_ = Kind::kFixed;
    return minute;
  }
  guess_ = Kind::kSliding;
  const absl::Duration length = options_.minute + Margin(options_.minute);
  for (const Use& use : uses_) {
    if (!use.refused && use.at + length > now) return use.at + length;
  }
  return now + options_.minute / 2;
}

void QuotaBucket::LearnKind(absl::Time sent, absl::Time retry_at,
                            absl::Time now) {
  if (kind_ == Kind::kDay) return;
  double admitted = 0;
  double unsure = 0;  // Refused too, perhaps: that is not told yet.
  for (const Use& use : uses_) {
    if (use.refused) continue;
    admitted += use.amount;
    if (use.at >= sent - options_.hold) unsure += use.amount;
  }
  if (admitted == 0) {
    phase_ = retry_at;
    return;  // Any kind fits.
  }
  const absl::Duration tolerance = window_ * kTolerance;
  // No less than what is surely full.
  double limit = std::max(1.0, limit_.value_or(admitted));
  limit = std::max(limit, std::min(limit + unsure, admitted));
  const absl::Time sliding = SlidingOpening(1, limit, now);
  const absl::Duration off =
      kind_ == Kind::kFixed
          ? retry_at - phase_ -
                absl::Floor(retry_at - phase_ + tolerance, window_)
          : absl::ZeroDuration();
  // It had opened already, and would not again so soon.
  const bool too_soon =
      opened_at_ >= phase_ && retry_at < phase_ + window_ - tolerance;
  const bool no_fixed =
      retry_at > now + window_ + tolerance ||
      (kind_ == Kind::kFixed && (off > tolerance || too_soon));
  // One of ours would leave a sliding window before that, and this is just
  // when the windows that were told begin.
  const bool outlives =
      std::any_of(uses_.begin(), uses_.end(), [&](const Use& use) {
        return !use.refused && use.at > now - window_ + tolerance &&
               use.at + window_ + tolerance < retry_at;
      });
  const absl::Duration near = Margin(window_);
  const absl::Duration into =
      retry_at + near - phase_ - absl::Floor(retry_at + near - phase_, window_);
  const bool in_phase = retry_at > phase_ + window_ / 2 && into <= 2 * near;
  if (!no_fixed && (retry_at + tolerance < sliding || (outlives && in_phase))) {
    kind_ = Kind::kFixed;
  } else if (no_fixed || kind_ == Kind::kUnknown) {
    kind_ = Kind::kSliding;
  }
  phase_ = retry_at;
}

void QuotaBucket::LearnWhatCounts(absl::Time retry_at, absl::Time now) {
  if (kind_ != Kind::kSliding) return;
  const auto oldest = std::find_if(
      uses_.begin(), uses_.end(),
      [&](const Use& use) { return !use.refused && use.at > now - window_; });
  // Its place would be free by then, had the refused ones not taken it.
  if (oldest != uses_.end() &&
      retry_at > oldest->at + window_ +
                     std::max(options_.hold / 2, window_ * kTolerance)) {
    counts_refused_ = true;
  }
  if (!limit_.has_value()) return;
  // It was full, and what was let in alone does not fill it, though it is too
  // much to think that others did.
  double admitted = 0;
  double refused = 0;
  double largest = 0;
  for (const Use& use : uses_) {
    if (use.at < now - window_ * (1 + kTolerance)) continue;
    (use.refused ? refused : admitted) += use.amount;
    largest = std::max(largest, use.amount);
  }
  // The one that is refused now is not what filled it.
  if (admitted >= *limit_ / 2 && admitted + largest <= *limit_ &&
      admitted + refused > *limit_) {
    counts_refused_ = true;
  }
}

void QuotaBucket::LearnCap(double admitted, bool tested) {
  if (set_by_user_) return;
  uncertain_ = false;
  grows_from_ = until_;
  if (tested && SharesLimit()) {
    // A part of the test was let in, perhaps.
    cap_ = std::clamp(admitted, *cap_, *limit_);
    return;
  }
  if (!limit_.has_value()) {
    if (cap_.has_value() && admitted < *cap_ && ++low_ < 2) {
      // One that just missed the end of a window, or a test for more.
    } else if (admitted >= 1) {
      cap_ = admitted;
      low_ = 0;
    } else {
      uncertain_ = true;
    }
    return;
  }
  if (admitted >= kOurs * *limit_ - 1) {
    cap_ = limit_;
    low_ = 0;
  } else if (++low_ >= 2 && admitted >= 1) {
    cap_ = admitted;  // Others use the rest.
  } else {
    cap_ = limit_;
    uncertain_ = true;
  }
}

void QuotaBucket::OnRefused(uint64_t id, absl::Time sent,
                            std::optional<double> limit,
                            std::optional<absl::Time> retry_at,
                            absl::Time now) {
  // It misses the end of a window by a hair: others have just left our record.
  const bool by_a_hair = cap_.has_value() && retry_at.has_value() &&
                         *retry_at < now + window_ * kTolerance;
  for (auto use = uses_.rbegin(); use != uses_.rend(); ++use) {
    if (use->id != id) continue;
    use->refused = true;
    // Of those sent with a test any may have come last.
    const auto test = std::find_if(uses_.begin(), uses_.end(), [&](auto& u) {
      return u.probe && !u.refused && u.at <= use->at + options_.hold &&
             use->at <= u.at + options_.hold;
    });
    if (test != uses_.end()) std::swap(test->probe, use->probe);
    use->probe |= by_a_hair;
    break;
  }
  test_size_ = 1;
  const bool tested = test_ != 0;
  if (tested && limit.has_value() && limit == limit_) {
    vain_tests_ = std::min(vain_tests_ + 1, kMostDoublings);
  }
  test_ = 0;
  if (limit.has_value() && !set_by_user_) limit_ = limit;
  const bool is_probe = state_ == State::kProbing && id == probe_;
  if (state_ == State::kClosed) {
    // Sent before the gate closed: others of the same throng.
    if (retry_at.has_value()) {
      LearnWhatCounts(*retry_at, now);
      until_ =
          std::max(until_, std::min(*retry_at, now + options_.minute * 15));
    }
    return;
  }
  if (!is_probe && sent < opened_at_) return;  // Of an earlier window.
  if (is_probe) {
    ++fruitless_;
    guess_.reset();
  } else {
    closed_at_ = now;
    fruitless_ = 0;
  }
  if (retry_at.has_value()) {
    LearnKind(sent, *retry_at, now);
    LearnWhatCounts(*retry_at, now);
    // No window opens later than that: a delay of days is nonsense.
    until_ = std::min(*retry_at, now + std::max(window_ * kLongestDelay,
                                                options_.minute * 15));
    guess_.reset();
  } else {
    until_ = GuessOpening(now);
  }
  state_ = State::kClosed;
  // By a hair tells nothing of how much is let in.
  if (!is_probe && !by_a_hair) LearnCap(AdmittedBefore(sent), tested);
}

std::optional<absl::Time> QuotaBucket::closed_until() const {
  if (state_ != State::kClosed) return std::nullopt;
  return until_;
}

}  // namespace gemini::internal
