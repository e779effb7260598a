#include "call/ledger_link.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace gemini::internal {
namespace {

// Told at once, so that others do not wait long for the file.
constexpr size_t kMostAtOnce = 500;

// Without an answer for so long, each process goes by its own memory: pictures
// take seconds, and what is sent without knowing of the others is mostly
// refused. Where answers take longer, twice as long as they took, up to a
// bound.
constexpr absl::Duration kPatience = absl::Milliseconds(400);
constexpr absl::Duration kLongestPatience = absl::Seconds(1);

// When another process has the turn, it has it for about so long.
constexpr absl::Duration kAskAgain = absl::Milliseconds(2);

// How often a process with requests on their way says that it is alive.
constexpr absl::Duration kHeartbeat = absl::Seconds(2);

// What is kept for a ledger that cannot be used: what happened last. Others
// wait for a while only for an end that is not told.
constexpr size_t kMaxBacklog = 10000;

// After a failure, twice as long after each.
constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Minutes(1);

template <typename T>
std::vector<T> TakeFirst(size_t count, std::vector<T>* from) {
  const auto end = from->begin() +
                   static_cast<std::ptrdiff_t>(std::min(count, from->size()));
  std::vector<T> taken(std::make_move_iterator(from->begin()),
                       std::make_move_iterator(end));
  from->erase(from->begin(), end);
  return taken;
}

}  // namespace

LedgerLink::LedgerLink(Gates* gates, std::string process, std::string service,
                       absl::Duration memory)
    : gates_(gates),
      process_(std::move(process)),
      service_(std::move(service)),
      memory_(memory),
      patience_(kPatience) {
  gates_->Share(process_);
}

std::shared_ptr<const LedgerRequest> LedgerLink::Next(absl::Time now) {
  wake_at_ = absl::InfiniteFuture();
  gates_->ReleaseForeign(now);
  if (asked_ != nullptr) {
    const absl::Time until = asked_at_ + patience_;
    if (now < until) {
      wake_at_ = until;
    } else {
      Tell(absl::DeadlineExceededError("the ledger does not answer"));
      gates_->OnAlone(true);
    }
    return nullptr;
  }
  if (now < not_before_) {
    wake_at_ = not_before_;
    return nullptr;
  }
  const bool beats = gates_->has_requests();
  const bool due = beats && now >= told_at_ + kHeartbeat;
  if (!holds_turn_ && !gates_->wants_turn() && !gates_->has_events() &&
      events_.empty() && spent_.empty() && !due) {
    if (beats) wake_at_ = told_at_ + kHeartbeat;
    return nullptr;
  }
  auto request = std::make_shared<LedgerRequest>();
  request->process = process_;
  request->service = service_;
  request->now = now;
  request->seen = seen_;
  request->since = now - memory_;
  for (LedgerEvent& event : gates_->TakeEvents()) {
    events_.push_back(std::move(event));
  }
  // A turn is given back with all that was sent in it, and taken when others
  // know what was sent before.
  const bool in_parts = !holds_turn_ && events_.size() > kMostAtOnce;
  if (holds_turn_) {
    request->turn = LedgerTurn::kGiveBack;
    holds_turn_ = false;
    if (!gates_->wants_turn()) gates_->OnTurn(absl::InfinitePast());
  } else if (gates_->wants_turn() && !in_parts) {
    request->turn = LedgerTurn::kTake;
  }
  request->events =
      TakeFirst(in_parts ? kMostAtOnce : events_.size(), &events_);
  request->spent = TakeFirst(kMostAtOnce, &spent_);
  asked_ = std::move(request);
  asked_at_ = now;
  wake_at_ = now + patience_;
  return asked_;
}

LedgerRequest LedgerLink::Farewell(absl::Time now) {
  LedgerRequest request;
  request.process = process_;
  request.service = service_;
  request.now = now;
  request.seen = seen_;
  request.since = now;
  request.turn = LedgerTurn::kGiveBack;
  request.leaves = true;
  request.events = std::move(events_);
  for (LedgerEvent& event : gates_->TakeEvents()) {
    request.events.push_back(std::move(event));
  }
  request.spent = std::move(spent_);
  return request;
}

void LedgerLink::OnReply(absl::StatusOr<LedgerReply> reply, absl::Time now) {
  const auto asked = std::exchange(asked_, nullptr);
  if (!reply.ok()) {
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    not_before_ = now + pause_;
    Tell(reply.status());
    gates_->OnAlone(true);
    events_.insert(events_.begin(), asked->events.begin(), asked->events.end());
    spent_.insert(spent_.begin(), asked->spent.begin(), asked->spent.end());
    if (events_.size() > kMaxBacklog) {
      TakeFirst(events_.size() - kMaxBacklog, &events_);
    }
    if (spent_.size() > kMaxBacklog) {
      TakeFirst(spent_.size() - kMaxBacklog, &spent_);
    }
    return;
  }
  patience_ = std::clamp((now - asked_at_) * 2, patience_, kLongestPatience);
  pause_ = absl::ZeroDuration();
  told_at_ = now;
  not_before_ = absl::InfinitePast();
  for (const LedgerEvent& event : reply->events) gates_->OnForeign(event, now);
  for (const LedgerDay& day : reply->today) gates_->OnForeignDay(day, now);
  if (seen_ < 0 || reply->anew) gates_->OnHistoryEnded(now);
  seen_ = reply->seen;
  gates_->OnAlone(false);
  Tell(absl::OkStatus());
  if (asked->turn != LedgerTurn::kTake) return;
  holds_turn_ = reply->turn_until.has_value();
  if (holds_turn_) {
    gates_->OnTurn(*reply->turn_until);
  } else {
    not_before_ = now + kAskAgain;
  }
}

void LedgerLink::Tell(absl::Status status) {
  if (status == status_) return;
  status_ = status;
  news_ = std::move(status);
}

}  // namespace gemini::internal
