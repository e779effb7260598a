#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "diagnosis/advice_table.h"
#include "diagnosis/advice_text.h"
#include "gemini/diagnosis.h"
#include "gemini/models.h"
#include "util/pacific_time.h"
#include "util/redact.h"
#include "util/utf8.h"

namespace gemini {
namespace internal {
namespace {

// More bytes than that of the server's words are no help inside a sentence.
constexpr size_t kMaxFields = 400;

// "2026-11-25 00:00", with seconds where there are any.
std::string CivilText(absl::Time time, absl::TimeZone zone) {
  const bool has_seconds = zone.At(time).cs.second() != 0;
  return absl::FormatTime(has_seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M",
                          time, zone);
}

// "2026-11-25 08:00 UTC", "2026-11-25 16:00 UTC+08:00". Names such as CST would
// leave open whose they are.
std::string LocalText(absl::Time time, absl::TimeZone zone) {
  return absl::StrCat(
      CivilText(time, zone), " UTC",
      zone.At(time).offset == 0 ? "" : absl::FormatTime("%Ez", time, zone));
}

std::string ResetText(absl::Time time, absl::TimeZone zone, Language language) {
  const absl::TimeZone pacific = PacificZoneAt(time);
  const bool is_daylight = pacific.At(time).offset == -7 * 3600;
  const std::string there =
      absl::StrCat(CivilText(time, pacific), is_daylight ? " PDT" : " PST");
  const bool chinese = language == Language::kChinese;
  std::string named = chinese ? absl::StrCat("太平洋时间 ", there)
                              : absl::StrCat(there, " (Pacific)");
  if (zone.At(time).offset == pacific.At(time).offset) return named;
  return absl::StrCat(named, chinese ? "，即 " : " = ", LocalText(time, zone));
}

// The violation that decided: one without any quota, else the longest-lived.
const QuotaViolation* Deciding(const std::vector<QuotaViolation>& violations) {
  const QuotaViolation* deciding = nullptr;
  for (const QuotaViolation& violation : violations) {
    if (violation.limit.has_value() && *violation.limit <= 0) return &violation;
    if (deciding == nullptr || violation.window > deciding->window) {
      deciding = &violation;
    }
  }
  return deciding;
}

// "20 requests per day"
std::string QuotaText(const QuotaViolation& violation, Language language) {
  struct Unit {
    QuotaUnit unit;
    Phrase text;
  };
  static constexpr Unit kUnits[] = {
      {QuotaUnit::kRequests, {" requests", " 次请求"}},
      {QuotaUnit::kInputTokens, {" input tokens", " 个输入 token"}},
      {QuotaUnit::kOutputTokens, {" output tokens", " 个输出 token"}},
      {QuotaUnit::kTokens, {" tokens", " 个 token"}},
      {QuotaUnit::kImages, {" pictures", " 张图片"}},
      {QuotaUnit::kBytes, {" bytes", " 字节"}},
  };
  struct Window {
    QuotaWindow window;
    Phrase text;
  };
  static constexpr Window kWindows[] = {
      {QuotaWindow::kMinute, {" per minute", "每分钟 "}},
      {QuotaWindow::kTenMinutes, {" per 10 minutes", "每 10 分钟 "}},
      {QuotaWindow::kHour, {" per hour", "每小时 "}},
      {QuotaWindow::kDay, {" per day", "每天 "}},
      {QuotaWindow::kMonth, {" per month", "每月 "}},
  };
  if (!violation.limit.has_value()) return "";
  for (const Unit& unit : kUnits) {
    if (unit.unit != violation.unit) continue;
    for (const Window& window : kWindows) {
      if (window.window != violation.window) continue;
      if (language == Language::kChinese) {
        return absl::StrCat(window.text.chinese, *violation.limit,
                            unit.text.chinese);
      }
      absl::string_view units = unit.text.english;
      if (*violation.limit == 1) absl::ConsumeSuffix(&units, "s");
      return absl::StrCat(*violation.limit, units, window.text.english);
    }
  }
  return "";
}

absl::string_view TierText(QuotaTier tier, Language language) {
  static constexpr Phrase kFree = {"the free tier", "免费层"};
  static constexpr Phrase kPaid = {"a paid tier", "付费层"};
  static constexpr Phrase kTier1 = {"paid tier 1", "付费层级 1"};
  static constexpr Phrase kTier2 = {"paid tier 2", "付费层级 2"};
  static constexpr Phrase kTier3 = {"paid tier 3", "付费层级 3"};
  switch (tier) {
    case QuotaTier::kUnknown:
      break;
    case QuotaTier::kFree:
      return kFree.In(language);
    case QuotaTier::kPaid:
      return kPaid.In(language);
    case QuotaTier::kTier1:
      return kTier1.In(language);
    case QuotaTier::kTier2:
      return kTier2.In(language);
    case QuotaTier::kTier3:
      return kTier3.In(language);
  }
  return "";
}

// What of the request the server does not accept.
std::string FieldsText(const Diagnosis& diagnosis) {
  std::string text;
  for (const FieldViolation& violation : diagnosis.field_violations) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", violation.field,
                    violation.field.empty() ? "" : ": ", violation.description);
  }
  // Redacted first: what is cut in the middle is not recognized.
  text = Redact(text);
  if (text.size() <= kMaxFields) return text;
  const absl::string_view kept(text.data(), kMaxFields);
  return absl::StrCat(kept.substr(0, Utf8PrefixSize(kept)), "…");
}

bool IsFinite(const std::optional<absl::Time>& time) {
  return time.has_value() && *time != absl::InfiniteFuture() &&
         *time != absl::InfinitePast();
}

std::vector<AdviceValue> ValuesOf(const Diagnosis& diagnosis, Language language,
                                  absl::TimeZone zone) {
  static constexpr Phrase kThisModel = {"this model", "该模型"};
  static constexpr Phrase kPaidTier = {"a paid tier", "付费层"};
  static constexpr Phrase kMidnight = {
      "midnight Pacific time, when daily quotas are reset",
      "太平洋时间零点（每日配额在此时重置）"};
  static constexpr Phrase kWindowEnd = {"for the quota's window to pass",
                                        "当前配额窗口结束"};
  static constexpr Phrase kCurrentModel = {"a model of the list",
                                           "列表中的其他模型"};

  std::string metric;
  std::string quota;
  absl::string_view tier;
  if (const QuotaViolation* violation = Deciding(diagnosis.violations)) {
    const absl::string_view whole = violation->metric;
    metric = Redact(whole.substr(whole.rfind('/') + 1));
    quota = QuotaText(*violation, language);
    tier = TierText(violation->tier, language);
  }

  const KnownModel* known = FindModel(diagnosis.model);
  absl::string_view successor =
      known != nullptr ? known->successor : absl::string_view();
  if (successor.empty() && known == nullptr) successor = DefaultModel();
  const bool is_internal =
      known != nullptr && known->state == ModelState::kInternalName;
  const std::string model = Redact(diagnosis.model);

  std::string reset_at;
  std::string retry_at;
  if (IsFinite(diagnosis.retry_at)) {
    // Never earlier than the service said.
    const absl::Time time = absl::FromUnixSeconds(absl::ToUnixSeconds(
        *diagnosis.retry_at + absl::Seconds(1) - absl::Nanoseconds(1)));
    reset_at = ResetText(time, zone, language);
    retry_at = LocalText(time, zone);
  }
  std::string delay;
  if (diagnosis.retry_delay.has_value() &&
      *diagnosis.retry_delay < absl::InfiniteDuration()) {
    delay = absl::FormatDuration(
        absl::Ceil(*diagnosis.retry_delay, absl::Milliseconds(100)));
  }
  std::string http;
  if (diagnosis.http_status.has_value()) {
    http = absl::StrCat(*diagnosis.http_status);
  }
  return {
      {"model", model, kThisModel.In(language)},
      {"internal_name", is_internal ? model : ""},
      {"successor", std::string(successor), kCurrentModel.In(language)},
      {"shutdown", std::string(known != nullptr ? known->shutdown : "")},
      {"metric", metric},
      {"quota", quota},
      {"tier", std::string(tier), kPaidTier.In(language)},
      {"reset_at", reset_at, kMidnight.In(language)},
      {"retry_at", retry_at},
      {"delay", delay, kWindowEnd.In(language)},
      {"http", http},
      {"reason", Redact(diagnosis.reason)},
      {"request_id", Redact(diagnosis.request_id)},
      {"fields", FieldsText(diagnosis)},
  };
}

// Pages of Google's own: a step sends people nowhere else.
bool IsGooglePage(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://")) return false;
  const absl::string_view host = url.substr(0, url.find_first_of("/?#"));
  return absl::EndsWith(host, ".google.com") ||
         absl::EndsWith(host, ".google.dev");
}

std::string UrlOf(const StepEntry& step, const Diagnosis& diagnosis) {
  if (!step.server_link.empty()) {
    for (const HelpLink& link : diagnosis.help) {
      if (IsGooglePage(link.url) &&
          absl::StrContains(link.url, step.server_link)) {
        return RedactLink(link.url);
      }
    }
  }
  return std::string(step.url);
}

}  // namespace
}  // namespace internal

Advice AdviceFor(const Diagnosis& diagnosis, Language language,
                 absl::TimeZone zone) {
  const internal::AdviceEntry& entry = internal::FindAdvice(diagnosis.code);
  const std::vector<internal::AdviceValue> values =
      internal::ValuesOf(diagnosis, language, zone);
  Advice advice;
  advice.summary = internal::FillIn(entry.summary.In(language), values);
  advice.why = internal::FillIn(entry.why.In(language), values);
  for (const internal::StepId id : entry.steps) {
    if (id == internal::StepId::kNone) break;
    const internal::StepEntry& step = internal::FindStep(id);
    advice.steps.push_back({internal::FillIn(step.text.In(language), values),
                            internal::UrlOf(step, diagnosis)});
  }
  return advice;
}

}  // namespace gemini
