#include "diagnosis/names.h"

#include <cstddef>

namespace gemini {
namespace internal {
namespace {

template <typename Enum>
struct Named {
  Enum value;
  absl::string_view name;
};

constexpr Named<Cause> kCauses[] = {
    {Cause::kUnknown, "unknown"},
    {Cause::kRateLimited, "rate_limited"},
    {Cause::kDailyQuota, "daily_quota"},
    {Cause::kZeroQuota, "zero_quota"},
    {Cause::kSpendRate, "spend_rate"},
    {Cause::kBilling, "billing"},
    {Cause::kOverloaded, "overloaded"},
    {Cause::kTransient, "transient"},
    {Cause::kAmbiguous, "ambiguous"},
    {Cause::kCredential, "credential"},
    {Cause::kModelNotFound, "model_not_found"},
    {Cause::kInvalidRequest, "invalid_request"},
    {Cause::kRefused, "refused"},
    {Cause::kNoImage, "no_image"},
    {Cause::kTokenLimit, "token_limit"},
    {Cause::kBadResponse, "bad_response"},
    {Cause::kLocalResource, "local_resource"},
    {Cause::kDeadlineExceeded, "deadline_exceeded"},
};

constexpr Named<QuotaWindow> kWindows[] = {
    {QuotaWindow::kUnknown, "unknown"},
    {QuotaWindow::kMinute, "minute"},
    {QuotaWindow::kTenMinutes, "ten_minutes"},
    {QuotaWindow::kHour, "hour"},
    {QuotaWindow::kDay, "day"},
    {QuotaWindow::kMonth, "month"},
};

constexpr Named<QuotaUnit> kUnits[] = {
    {QuotaUnit::kUnknown, "unknown"},
    {QuotaUnit::kRequests, "requests"},
    {QuotaUnit::kInputTokens, "input_tokens"},
    {QuotaUnit::kOutputTokens, "output_tokens"},
    {QuotaUnit::kTokens, "tokens"},
    {QuotaUnit::kImages, "images"},
    {QuotaUnit::kSpend, "spend"},
    {QuotaUnit::kBytes, "bytes"},
};

constexpr Named<QuotaTier> kTiers[] = {
    {QuotaTier::kUnknown, "unknown"}, {QuotaTier::kFree, "free"},
    {QuotaTier::kPaid, "paid"},       {QuotaTier::kTier1, "tier_1"},
    {QuotaTier::kTier2, "tier_2"},    {QuotaTier::kTier3, "tier_3"},
};

constexpr Named<LimitSource> kSources[] = {
    {LimitSource::kNone, "none"},
    {LimitSource::kQuotaValue, "quotaValue"},
    {LimitSource::kMessage, "message"},
};

template <typename Enum, size_t N>
absl::string_view NameOf(const Named<Enum> (&table)[N], Enum value) {
  for (const Named<Enum>& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return table[0].name;
}

template <typename Enum, size_t N>
std::optional<Enum> ValueOf(const Named<Enum> (&table)[N],
                            absl::string_view name) {
  for (const Named<Enum>& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<QuotaWindow> QuotaWindowFromName(absl::string_view name) {
  return ValueOf(kWindows, name);
}
std::optional<QuotaUnit> QuotaUnitFromName(absl::string_view name) {
  return ValueOf(kUnits, name);
}
std::optional<QuotaTier> QuotaTierFromName(absl::string_view name) {
  return ValueOf(kTiers, name);
}
std::optional<LimitSource> LimitSourceFromName(absl::string_view name) {
  return ValueOf(kSources, name);
}
std::optional<Cause> CauseFromName(absl::string_view name) {
  return ValueOf(kCauses, name);
}

}  // namespace internal

absl::string_view CauseName(Cause cause) {
  return internal::NameOf(internal::kCauses, cause);
}
absl::string_view QuotaWindowName(QuotaWindow window) {
  return internal::NameOf(internal::kWindows, window);
}
absl::string_view QuotaUnitName(QuotaUnit unit) {
  return internal::NameOf(internal::kUnits, unit);
}
absl::string_view QuotaTierName(QuotaTier tier) {
  return internal::NameOf(internal::kTiers, tier);
}
absl::string_view LimitSourceName(LimitSource source) {
  return internal::NameOf(internal::kSources, source);
}

}  // namespace gemini
