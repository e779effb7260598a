// The part of Gates that keeps what servers and callers name within bounds.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "call/gates.h"

namespace gemini::internal {
namespace {

absl::Duration LengthOf(QuotaWindow window, absl::Duration minute) {
  switch (window) {
    case QuotaWindow::kTenMinutes:
      return minute * 10;
    case QuotaWindow::kHour:
      return minute * 60;
    default:
      return minute;
  }
}

}  // namespace

Gates::Entry<Gates::ModelState>* Gates::MakeRoomFor(const std::string& model,
                                                    absl::Time now) {
  const size_t before = models_.size();
  Entry<ModelState>* const entry = Model(model);
  entry->second.asked_at = std::max(entry->second.asked_at, now);
  if (models_.size() == before || before < kMaxModels) return entry;
  std::set<std::string> needed = {model};
  std::set<std::string> closed;
  for (const auto& [name, route] : routes_) {
    if (HoldsBack(*route, now)) needed.insert(name.second);
    if (route->verdict.Closed(now) != nullptr) closed.insert(name.second);
  }
  struct Candidate {
    bool closed;
    absl::Time asked_at;
    std::string name;
  };
  std::vector<Candidate> candidates;
  for (const auto& [name, state] : models_) {
    if (state.in_flight > 0 || !state.queue.empty() || needed.count(name) > 0) {
      continue;
    }
    candidates.push_back({closed.count(name) > 0 ||
                              state.verdict.Closed(now) != nullptr ||
                              !state.breaker.is_closed(),
                          state.asked_at, name});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return std::tie(a.closed, a.asked_at) <
                     std::tie(b.closed, b.asked_at);
            });
  // Some more than the one, so that this is seldom done.
  for (const Candidate& candidate : candidates) {
    if (models_.size() <= kMaxModels - kMaxModels / 8) break;
    ForgetModel(candidate.name);
  }
  return entry;
}

bool Gates::HoldsBack(const ProjectModel& route, absl::Time now) {
  if (route.in_flight > 0 || route.told_until > now) return true;
  return std::any_of(
      route.buckets.begin(), route.buckets.end(), [now](const auto& bound) {
        // What the user stated holds whatever else is asked for.
        return bound.name == nullptr ? bound.bucket->InUse(now)
                                     : bound.bucket->HoldsBack(1, now);
      });
}

void Gates::ForgetModel(const std::string& model) {
  for (auto route = routes_.begin(); route != routes_.end();) {
    if (route->first.second != model) {
      ++route;
      continue;
    }
    const std::vector<ProjectModel::Bound> left =
        std::move(route->second->buckets);
    route = routes_.erase(route);
    for (const ProjectModel::Bound& bound : left) {
      const bool shared =
          bound.name == nullptr ||
          std::any_of(routes_.begin(), routes_.end(), [&](const auto& other) {
            const auto& buckets = other.second->buckets;
            return std::any_of(
                buckets.begin(), buckets.end(),
                [&](const auto& b) { return b.name == bound.name; });
          });
      if (!shared) buckets_.erase(QuotaName(*bound.name));
    }
  }
  models_.erase(model);
}

void Gates::ForgetQuota(const QuotaName* name) {
  for (auto& [names, route] : routes_) {
    auto& bound = route->buckets;
    bound.erase(std::remove_if(bound.begin(), bound.end(),
                               [&](const auto& b) { return b.name == name; }),
                bound.end());
  }
  buckets_.erase(QuotaName(*name));
}

bool Gates::MakeRoomForQuota(ProjectModel* route, double input_tokens,
                             absl::Time now) {
  size_t named = 0;
  const ProjectModel::Bound* oldest = nullptr;
  for (const ProjectModel::Bound& bound : route->buckets) {
    if (bound.name == nullptr) continue;
    ++named;
    if (bound.bucket->HoldsBack(Amount(bound.unit, input_tokens), now)) {
      continue;
    }
    if (oldest == nullptr || bound.named_at < oldest->named_at) {
      oldest = &bound;
    }
  }
  if (named < kMaxQuotas) return true;
  if (oldest == nullptr) return false;
  ForgetQuota(oldest->name);
  return true;
}

Gates::QuotaFound Gates::BucketFor(const Sent& sent,
                                   const QuotaViolation& violation,
                                   absl::Time now) {
  ProjectModel* const route = sent.way.route;
  const std::string& project = sent.way.money->first;
  std::string of = absl::StrCat(violation.model, "|", violation.location);
  for (const auto& [name, value] : violation.dimensions) {
    absl::StrAppend(&of, "|", name, "=", value);
  }
  bool bare = violation.quota_id.empty() && violation.metric.empty() &&
              violation.window == QuotaWindow::kUnknown;
  const std::string quota =
      absl::StrCat(violation.quota_id, "|", violation.metric);
  const std::string here =
      absl::StrCat("|", reinterpret_cast<uintptr_t>(route));
  // Of no model that is named: of the one that was asked for.
  if (bare || violation.model.empty()) of += here;
  QuotaName name(project, quota, of);
  QuotaUnit unit = violation.unit;
  const auto find = [&] {
    return std::find_if(
        route->buckets.begin(), route->buckets.end(),
        [&](const auto& b) { return b.name != nullptr && *b.name == name; });
  };
  auto bound = find();
  bool is_its_own = true;
  if (bound == route->buckets.end() &&
      !MakeRoomForQuota(route, sent.input_tokens, now)) {
    name = QuotaName(project, "more", here);
    bare = true;
    unit = QuotaUnit::kUnknown;
    is_its_own = false;
    bound = find();
  } else {
    bound = find();  // It may have moved.
  }
  if (bound != route->buckets.end()) {
    bound->named_at = now;
    return {bound->bucket, is_its_own};
  }
  const auto entry = buckets_.try_emplace(std::move(name)).first;
  std::unique_ptr<QuotaBucket>& bucket = entry->second;
  if (bucket == nullptr) {
    bucket = bare ? std::make_unique<QuotaBucket>(QuotaBucket::Bare(options_))
                  : std::make_unique<QuotaBucket>(
                        options_, LengthOf(violation.window, options_.minute),
                        QuotaBucket::Kind::kUnknown);
  }
  route->buckets.push_back({bucket.get(), unit, &entry->first, now});
  for (const ProjectModel::Use& use : route->record) {
    if (use.refused) continue;  // By another quota.
    bucket->OnSent(use.id, Amount(unit, use.input_tokens), use.at);
  }
  return {bucket.get(), is_its_own};
}

}  // namespace gemini::internal
