// The part of Gates that processes share: what one of them sends and is told
// counts for all.

#include <algorithm>

#include "call/gates.h"

namespace gemini::internal {
namespace {

// So that others come to their turn soon, even if thousands wait here.
constexpr int kRequestsATurn = 16;

// Should the ledger not be there for long, what it would be told is bounded.
constexpr size_t kMaxEvents = 20000;

// Longer than any attempt, and as long as others' events are kept.
constexpr int kLongestRequestInMinutes = 15;

}  // namespace

void Gates::Share(std::string process) {
  process_ = std::move(process);
  alone_ = false;
}

void Gates::OnTurn(absl::Time until) {
  turn_until_ = until;
  turn_left_ = kRequestsATurn;
  wants_turn_ = false;
  if (until == absl::InfinitePast()) return;
  for (const auto& [name, model] : models_) WakeFirst(model.queue);
}

void Gates::OnAlone(bool alone) {
  if (alone_ == alone || process_.empty()) return;
  alone_ = alone;
  if (alone) OnTurn(absl::InfiniteFuture());
  if (!alone) OnTurn(absl::InfinitePast());
}

void Gates::Note(LedgerEvent::Kind kind, uint64_t id, const Sent& sent,
                 absl::Time now, const std::optional<Diagnosis>& diagnosis) {
  if (process_.empty() || events_.size() >= kMaxEvents) return;
  LedgerEvent event;
  event.kind = kind;
  event.process = process_;
  event.request = id;
  event.project = sent.way.money->first;
  event.credential = sent.way.key->first;
  event.model = sent.way.model->first;
  const bool ended = kind == LedgerEvent::Kind::kEnded;
  event.at = ended ? now : sent.at;
  event.input_tokens = sent.input_tokens;
  if (diagnosis.has_value()) {
    event.diagnosis = std::make_shared<const Diagnosis>(*diagnosis);
  }
  events_.push_back(std::move(event));
}

void Gates::OnForeign(const LedgerEvent& event, absl::Time now) {
  if (!IsOurs(event.project)) return;
  // The clocks of processes may differ a little.
  const absl::Time at = std::min(event.at, now);
  const ForeignName name(event.process, event.request);
  if (event.kind == LedgerEvent::Kind::kSent) {
    if (foreign_.count(name) > 0) return;  // Told again after a failure.
    heard_.emplace_back(now, name);
    const uint64_t id = ++last_permit_;
    foreign_[name] = id;
    const Way way =
        WayOf({event.credential, event.project}, MakeRoomFor(event.model, now));
    TakeQuota(id, {way, event.input_tokens, at}, at);
    return;
  }
  const auto known = foreign_.find(name);
  if (known == foreign_.end()) return;  // Sent too long ago to matter.
  const uint64_t id = known->second;
  foreign_.erase(known);
  const auto entry = sent_.find(id);
  if (entry == sent_.end()) return;
  const Sent sent = entry->second;
  sent_.erase(entry);
  if (event.kind == LedgerEvent::Kind::kReleased) {
    ReleaseQuota(id, sent);
    return;
  }
  if (event.kind == LedgerEvent::Kind::kUnsent) {
    WithdrawQuota(id, sent);
    return;
  }
  if (event.diagnosis == nullptr) {
    RecordQuota(id, sent, nullptr, at);
    return;
  }
  // Should the clocks not agree, no delay is longer than it was told to be.
  Diagnosis diagnosis = *event.diagnosis;
  if (diagnosis.retry_at.has_value() && diagnosis.retry_delay.has_value() &&
      diagnosis.cause != Cause::kDailyQuota) {
    diagnosis.retry_at = std::min(
        *diagnosis.retry_at, now + *diagnosis.retry_delay + absl::Seconds(1));
  }
  RecordQuota(id, sent, &diagnosis, at);
}

void Gates::ReleaseForeign(absl::Time now) {
  const absl::Duration longest = options_.minute * kLongestRequestInMinutes;
  while (!heard_.empty()) {
    const auto known = foreign_.find(heard_.front().second);
    const bool ended = known == foreign_.end();
    if (!ended && heard_.front().first >= now - longest) return;
    heard_.pop_front();
    if (ended) continue;
    const uint64_t id = known->second;
    foreign_.erase(known);
    const auto entry = sent_.find(id);
    if (entry == sent_.end()) continue;
    const Sent sent = entry->second;
    sent_.erase(entry);
    ReleaseQuota(id, sent);
  }
}

void Gates::OnForeignDay(const LedgerDay& day, absl::Time now) {
  if (!IsOurs(day.project)) return;
  MakeRoomFor(day.model, now);
  for (const ProjectModel::Bound& bound :
       RouteOf(day.project, day.model)->buckets) {
    if (bound.bucket->kind() != QuotaBucket::Kind::kDay) continue;
    bound.bucket->OnSent(++last_permit_, static_cast<double>(day.sent), now);
  }
}

void Gates::OnHistoryEnded(absl::Time now) {
  for (auto& [name, route] : routes_) route->verdict.Doubt(now);
  for (auto& [project, gate] : money_) gate.Doubt(now);
  for (auto& [id, gate] : keys_) gate.Doubt(now);
  for (auto& [name, model] : models_) model.verdict.Doubt(now);
}

}  // namespace gemini::internal
