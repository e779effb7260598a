#include "quota_simulator/model.h"

#include <algorithm>

#include "util/pacific_time.h"

namespace quota_simulator {
namespace {

using gemini::Cause;
using gemini::Diagnosis;
using gemini::QuotaUnit;
using gemini::QuotaWindow;

constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr int kMaxProjects = 4;

const char* NameOf(const QuotaModel& quota) {
  if (quota.window == QuotaWindow::kDay) return "RequestsPerDay";
  switch (quota.unit) {
    case QuotaUnit::kImages:
      return "ImagesPerMinute";
    case QuotaUnit::kInputTokens:
      return "InputTokensPerMinute";
    default:
      return "RequestsPerMinute";
  }
}

Diagnosis Failure(Cause cause, const char* code) {
  Diagnosis diagnosis;
  diagnosis.cause = cause;
  diagnosis.code = code;
  return diagnosis;
}

}  // namespace

double Random::Next() {
  // SplitMix64: https://prng.di.unimi.it/splitmix64.c
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

Server::Server(const ServerModel& model, absl::Time start)
    : model_(model), start_(start) {
  for (int project = 0; project < kMaxProjects; ++project) {
    counters_.emplace_back(model.quotas.size());
    for (size_t i = 0; i < model.quotas.size(); ++i) {
      const QuotaModel& quota = model.quotas[i];
      if (quota.used_by_strangers == 0) continue;
      counters_.back()[i].uses.push_back(
          {std::max(start - absl::Seconds(27), WindowStart(quota, start)),
           quota.used_by_strangers});
      counters_.back()[i].used = quota.used_by_strangers;
    }
  }
}

int64_t Server::AmountOf(const QuotaModel& quota) const {
  return quota.unit == QuotaUnit::kInputTokens ? model_.tokens_per_request : 1;
}

absl::Time Server::WindowStart(const QuotaModel& quota, absl::Time now) const {
  if (quota.window == QuotaWindow::kDay) {
    return gemini::internal::NextPacificMidnight(now) - absl::Hours(24);
  }
  if (model_.windows == Windows::kSliding) return now - kMinute;
  return absl::UnixEpoch() + absl::Floor(now - absl::UnixEpoch(), kMinute);
}

void Server::Forget(const QuotaModel& quota, Counter* counter,
                    absl::Time now) const {
  const absl::Time from = WindowStart(quota, now);
  const bool sliding =
      quota.window != QuotaWindow::kDay && model_.windows == Windows::kSliding;
  while (!counter->uses.empty() &&
         (sliding ? counter->uses.front().at <= from
                  : counter->uses.front().at < from)) {
    counter->used -= counter->uses.front().amount;
    counter->uses.pop_front();
  }
}

absl::Duration Server::Delay(const QuotaModel& quota, const Counter& counter,
                             absl::Time now) const {
  if (quota.window == QuotaWindow::kDay) {
    return model_.day_delay.value_or(
        gemini::internal::NextPacificMidnight(now) - now);
  }
  if (model_.windows == Windows::kFixed) {
    return WindowStart(quota, now) + kMinute - now;
  }
  int64_t used = counter.used;
  for (const Use& use : counter.uses) {
    used -= use.amount;
    if (used + AmountOf(quota) <= quota.limit) return use.at + kMinute - now;
  }
  return kMinute;
}

bool Server::IsDown(absl::Time now) const {
  const absl::Duration t = now - start_;
  return t >= model_.outage_from && t < model_.outage_from + model_.outage_for;
}

bool Server::HasCapacity(absl::Time now) const {
  const absl::Duration since =
      now - start_ - model_.outage_from - model_.outage_for;
  if (since < absl::ZeroDuration() || since >= model_.recovery) return true;
  const double part = absl::FDivDuration(since, model_.recovery);
  return in_flight_ < 8 + part * (model_.capacity - 8);
}

bool Server::WouldAdmit(int project, absl::Time now) {
  if (model_.credit_gone || project < model_.projects_without_quota ||
      IsDown(now) || !HasCapacity(now)) {
    return false;
  }
  for (size_t i = 0; i < model_.quotas.size(); ++i) {
    const QuotaModel& quota = model_.quotas[i];
    Counter& counter = counters_[static_cast<size_t>(project)][i];
    Forget(quota, &counter, now);
    if (counter.used + AmountOf(quota) > quota.limit) return false;
  }
  return true;
}

Answer Server::Arrive(int project, double chance, double work, absl::Time now) {
  const absl::Duration soon = model_.refusal;
  if (model_.credit_gone) {
    return {Failure(Cause::kBilling, "credits_depleted"), soon};
  }
  if (project < model_.projects_without_quota) {
    return {Failure(Cause::kZeroQuota, "quota_zero"), soon};
  }
  if (IsDown(now) || !HasCapacity(now) || chance < model_.overloaded) {
    Diagnosis diagnosis = Failure(Cause::kOverloaded, "overloaded");
    diagnosis.http_status = 503;
    if (work < model_.told) {
      diagnosis.retry_delay = model_.told_delay;
      diagnosis.retry_at = now + model_.told_delay;
    }
    return {diagnosis, soon};
  }

  std::vector<const QuotaModel*> exceeded;
  absl::Duration delay;
  std::vector<Counter>& counters = counters_[static_cast<size_t>(project)];
  for (size_t i = 0; i < model_.quotas.size(); ++i) {
    const QuotaModel& quota = model_.quotas[i];
    Forget(quota, &counters[i], now);
    if (counters[i].used + AmountOf(quota) <= quota.limit) continue;
    exceeded.push_back(&quota);
    delay = std::max(delay, Delay(quota, counters[i], now));
  }
  if (exceeded.empty() || model_.counts_refused) {
    for (size_t i = 0; i < model_.quotas.size(); ++i) {
      counters[i].uses.push_back({now, AmountOf(model_.quotas[i])});
      counters[i].used += AmountOf(model_.quotas[i]);
    }
  }
  if (exceeded.empty()) {
    ++in_flight_;
    const absl::Duration takes =
        model_.picture_from + (model_.picture_to - model_.picture_from) * work;
    if (chance >= 1 - model_.lost) {
      return {Failure(Cause::kAmbiguous, "connection_lost"), takes * 0.5};
    }
    return {std::nullopt, takes};
  }

  if (model_.bare) {
    // As "Resource has been exhausted (e.g. check quota)." is understood.
    Diagnosis diagnosis = Failure(Cause::kOverloaded, "no_capacity");
    diagnosis.http_status = 429;
    if (model_.bare_delay) {
      diagnosis.retry_delay = delay;
      diagnosis.retry_at = now + delay;
    }
    return {diagnosis, soon};
  }
  Diagnosis diagnosis = Failure(Cause::kRateLimited, "rate_limited");
  diagnosis.retry_delay = delay;
  diagnosis.retry_at = now + delay;
  for (const QuotaModel* quota : exceeded) {
    gemini::QuotaViolation violation;
    violation.quota_id = NameOf(*quota);
    violation.model = "model-preview";
    violation.limit = quota->limit;
    violation.window = quota->window;
    violation.unit = quota->unit;
    if (quota->window == QuotaWindow::kDay) {
      diagnosis.cause = Cause::kDailyQuota;
      diagnosis.code = "quota_day";
      if (delay < absl::Minutes(15)) {
        diagnosis.retry_at = gemini::internal::NextPacificMidnight(now);
      }
    }
    diagnosis.violations.push_back(std::move(violation));
  }
  return {diagnosis, soon};
}

}  // namespace quota_simulator
