#include "emulator/quota.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "emulator/pacific.h"

namespace gemini_emulator {
namespace {

constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr absl::Duration kSpendWindow = absl::Minutes(10);

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  if (absl::ConsumeSuffix(&pattern, "*")) {
    return absl::StartsWith(text, pattern);
  }
  return pattern == text;
}

absl::Time StartOfMinute(absl::Time now) {
  return absl::UnixEpoch() + absl::Floor(now - absl::UnixEpoch(), kMinute);
}

QuotaRule NoQuotaAtAll() {
  QuotaRule rule;
  rule.rpd = 0;
  rule.rpm = 0;
  rule.tpm = 0;
  return rule;
}

// How many generations at once the rule allows at a time within it.
int64_t Room(const CapacityRule& rule, absl::Duration into) {
  const auto begin = static_cast<double>(*rule.in_flight);
  const auto end =
      static_cast<double>(rule.in_flight_at_end.value_or(*rule.in_flight));
  return static_cast<int64_t>(begin + (end - begin) *
                                          absl::FDivDuration(into, rule.lasts));
}

SpendRule SpendOfTier(absl::string_view tier, double per_ten_minutes_usd,
                      double monthly_cap_usd) {
  SpendRule rule;
  rule.tier = std::string(tier);
  rule.per_ten_minutes_usd = per_ten_minutes_usd;
  rule.monthly_cap_usd = monthly_cap_usd;
  return rule;
}

}  // namespace

// One limit of a request, and the window that counts it.
struct QuotaEngine::Limit {
  bool daily = false;
  std::string metric;
  std::string quota_id;
  int64_t limit = 0;
  int64_t amount = 0;
  Window* window = nullptr;
};

QuotaEngine::QuotaEngine(QuotaConfig config, double time_scale)
    : time_scale_(time_scale) {
  Configure(std::move(config));
}

void QuotaEngine::Configure(QuotaConfig config) {
  config_ = std::move(config);
  config_.spend.push_back(SpendOfTier("tier1", 10, 250));
  config_.spend.push_back(SpendOfTier("tier2", 50, 2000));
  config_.spend.push_back(SpendOfTier("tier3", 200, 20000));
  Reset();
}

void QuotaEngine::Reset() {
  windows_.clear();
  accounts_.clear();
}

std::optional<ApiError> QuotaEngine::Admit(const Demand& demand,
                                           absl::Time now) {
  if (auto refused = AdmitToSpend(demand, now)) return refused;
  return AdmitToQuotas(demand, now);
}

std::optional<ApiError> QuotaEngine::AdmitToSpend(const Demand& demand,
                                                  absl::Time now) {
  for (const SpendRule& rule : config_.spend) {
    if (!GlobMatches(rule.project, demand.project) ||
        !GlobMatches(rule.tier, demand.tier)) {
      continue;
    }
    Account& account = accounts_[demand.project];
    if (rule.prepaid_usd && account.in_all >= *rule.prepaid_usd) {
      return ErrorFromTemplate("prepaid_depleted", {});
    }
    const absl::CivilDay month(absl::CivilMonth(PacificDay(now)));
    if (rule.monthly_cap_usd && account.month == month &&
        account.in_month >= *rule.monthly_cap_usd) {
      return ErrorFromTemplate("spend_cap", {});
    }
    double recent = 0;
    for (const auto& spent : account.recent) {
      if (spent.first > now - kSpendWindow) recent += spent.second;
    }
    if (rule.per_ten_minutes_usd && recent >= *rule.per_ten_minutes_usd) {
      return ErrorFromTemplate("spend_rate", {});
    }
    return std::nullopt;
  }
  return std::nullopt;
}

std::vector<QuotaEngine::Limit> QuotaEngine::LimitsOf(const QuotaRule& rule,
                                                      const Demand& demand) {
  const bool free = demand.tier == "free";
  std::vector<Limit> limits;
  const auto add = [&](bool daily, const std::optional<int64_t>& limit,
                       int64_t amount, absl::string_view metric,
                       absl::string_view quota_id) {
    if (!limit.has_value()) return;
    const std::string id(quota_id);
    limits.push_back(
        {daily, std::string(metric), id, *limit, amount,
         &windows_[std::make_tuple(demand.project, demand.quota_model, id)]});
  };
  add(true, rule.rpd, 1,
      free ? "generate_content_free_tier_requests"
           : "generate_requests_per_model_per_day",
      free ? "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
           : "GenerateRequestsPerDayPerProjectPerModel");
  add(false, rule.rpm, 1,
      free ? "generate_content_free_tier_requests"
           : "generate_requests_per_model",
      free ? "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
           : "GenerateRequestsPerMinutePerProjectPerModel");
  if (demand.draws) {
    add(false, rule.ipm, 1,
        free ? "generate_content_free_tier_images"
             : "generate_content_paid_tier_images",
        free ? "GenerateImagesPerMinutePerProjectPerModel-FreeTier"
             : "GenerateContentPaidTierImagesPerMinutePerProjectPerModel");
  }
  add(false, rule.tpm, demand.input_tokens,
      free ? "generate_content_free_tier_input_token_count"
           : "generate_content_paid_tier_input_token_count",
      free ? "GenerateContentInputTokensPerModelPerMinute-FreeTier"
           : "GenerateContentPaidTierInputTokensPerModelPerMinute");
  return limits;
}

void QuotaEngine::DropOld(Window* window, QuotaWindow kind,
                          absl::Time now) const {
  const absl::Time oldest =
      kind == QuotaWindow::kFixed ? StartOfMinute(now) : now - kMinute;
  while (!window->uses.empty()) {
    const absl::Time used_at = window->uses.front().first;
    const bool counts =
        kind == QuotaWindow::kFixed ? used_at >= oldest : used_at > oldest;
    if (counts) break;
    window->used -= window->uses.front().second;
    window->uses.pop_front();
  }
}

std::optional<ApiError> QuotaEngine::AdmitToQuotas(const Demand& demand,
                                                   absl::Time now) {
  const QuotaRule none = NoQuotaAtAll();
  const QuotaRule* rule = nullptr;
  for (const QuotaRule& candidate : config_.quotas) {
    if (GlobMatches(candidate.project, demand.project) &&
        GlobMatches(candidate.model, demand.model) &&
        GlobMatches(candidate.tier, demand.tier)) {
      rule = &candidate;
      break;
    }
  }
  if (rule == nullptr && demand.tier == "free" && demand.draws) {
    rule = &none;
  }
  if (rule == nullptr) return std::nullopt;

  const std::vector<Limit> limits = LimitsOf(*rule, demand);
  std::vector<QuotaViolation> violations;
  absl::Duration delay = absl::ZeroDuration();
  for (const Limit& limit : limits) {
    Window& window = *limit.window;
    if (limit.daily) {
      while (!window.uses.empty() &&
             PacificDay(window.uses.front().first) != PacificDay(now)) {
        window.used -= window.uses.front().second;
        window.uses.pop_front();
      }
    } else {
      DropOld(&window, rule->window, now);
    }
    // A limit of 0 refuses all, also what asks for nothing.
    if (limit.limit > 0 && window.used + limit.amount <= limit.limit) continue;
    violations.push_back(
        {limit.metric, limit.quota_id, demand.quota_model, limit.limit});
    // Until the next full minute, unless the window tells more.
    absl::Duration wait = StartOfMinute(now) + kMinute - now;
    if (limit.daily) {
      if (limit.limit > 0 && rule->daily_retry_at_reset) {
        wait = NextPacificMidnight(now) - now;
      }
    } else if (rule->window == QuotaWindow::kSliding &&
               limit.amount <= limit.limit) {
      int64_t used = window.used;
      for (const auto& use : window.uses) {
        used -= use.second;
        wait = use.first + kMinute - now;
        if (used + limit.amount <= limit.limit) break;
      }
    }
    delay = std::max(delay, wait);
  }
  if (violations.empty() || rule->count_refused) {
    for (const Limit& limit : limits) {
      limit.window->uses.emplace_back(now, limit.amount);
      limit.window->used += limit.amount;
    }
  }
  if (violations.empty()) return std::nullopt;
  if (!rule->error_template.empty()) {
    return ErrorFromTemplate(rule->error_template, {});
  }
  return QuotaExceeded(violations, ForClient(delay));
}

std::optional<ApiError> QuotaEngine::AdmitToCapacity(
    const std::string& model, const Load& load,
    const ErrorContext& context) const {
  for (const CapacityRule& rule : config_.capacity) {
    const absl::Duration into = load.since - rule.from;
    if (!GlobMatches(rule.model, model) || into < absl::ZeroDuration() ||
        into >= rule.lasts) {
      continue;
    }
    if ((rule.in_flight && load.in_flight >= Room(rule, into)) ||
        (rule.refuse_rate && load.random < *rule.refuse_rate)) {
      return ErrorFromTemplate(rule.error_template, context);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

void QuotaEngine::Charge(const std::string& project, double usd,
                         absl::Time now) {
  Account& account = accounts_[project];
  while (!account.recent.empty() &&
         account.recent.front().first <= now - kSpendWindow) {
    account.recent.pop_front();
  }
  account.recent.emplace_back(now, usd);
  const absl::CivilDay month(absl::CivilMonth(PacificDay(now)));
  if (account.month != month) {
    account.month = month;
    account.in_month = 0;
  }
  account.in_month += usd;
  account.in_all += usd;
}

Json QuotaEngine::ToJson(absl::Time now) const {
  Json windows = Json::array();
  for (const auto& entry : windows_) {
    windows.push_back({{"project", std::get<0>(entry.first)},
                       {"model", std::get<1>(entry.first)},
                       {"quotaId", std::get<2>(entry.first)},
                       {"used", entry.second.used}});
  }
  Json accounts = Json::array();
  for (const auto& entry : accounts_) {
    accounts.push_back({{"project", entry.first},
                        {"monthUsd", entry.second.in_month},
                        {"totalUsd", entry.second.in_all}});
  }
  return {
      {"now", absl::FormatTime(absl::RFC3339_full, now, absl::UTCTimeZone())},
      {"windows", std::move(windows)},
      {"accounts", std::move(accounts)}};
}

}  // namespace gemini_emulator
