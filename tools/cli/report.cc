#include "report.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "language.h"

namespace gemini::cli {
namespace {

void Line(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

// The names of what is told, in both languages.
struct Names {
  const char* code;
  const char* evidence;
  const char* answer;
  const char* model;
  const char* quota;
  const char* delay;
  const char* message;
  const char* steps;
  const char* no_limit;
  const char* limit;
  const char* comma;
};

// What a quota is for, where that is known.
struct Word {
  QuotaWindow window;
  QuotaTier tier;
  const char* english;
  const char* chinese;
};

constexpr Word kWords[] = {
    {QuotaWindow::kMinute, QuotaTier::kUnknown, ", per minute", "，每分钟"},
    {QuotaWindow::kTenMinutes, QuotaTier::kUnknown, ", per 10 minutes",
     "，每 10 分钟"},
    {QuotaWindow::kHour, QuotaTier::kUnknown, ", per hour", "，每小时"},
    {QuotaWindow::kDay, QuotaTier::kUnknown, ", per day", "，每天"},
    {QuotaWindow::kMonth, QuotaTier::kUnknown, ", per month", "，每月"},
    {QuotaWindow::kUnknown, QuotaTier::kFree, ", free tier", "，免费层"},
    {QuotaWindow::kUnknown, QuotaTier::kPaid, ", paid tier", "，付费层"},
    {QuotaWindow::kUnknown, QuotaTier::kTier1, ", tier 1", "，层级 1"},
    {QuotaWindow::kUnknown, QuotaTier::kTier2, ", tier 2", "，层级 2"},
    {QuotaWindow::kUnknown, QuotaTier::kTier3, ", tier 3", "，层级 3"},
};

std::string PeriodAndTier(const QuotaViolation& violation, Language language) {
  std::string text;
  for (const Word& word : kWords) {
    const bool fits = word.window != QuotaWindow::kUnknown
                          ? word.window == violation.window
                          : word.tier == violation.tier;
    if (!fits) continue;
    text += language == Language::kChinese ? word.chinese : word.english;
  }
  return text;
}

constexpr Names kEnglish = {"  code      ",
                            "  because   ",
                            "  answer    ",
                            "  model     ",
                            "  quota     ",
                            "  delay     ",
                            "  message   ",
                            "What to do:",
                            "limit not stated",
                            "limit ",
                            ", "};
constexpr Names kChinese = {"  代码      ",
                            "  依据      ",
                            "  应答      ",
                            "  模型      ",
                            "  配额      ",
                            "  要求等待  ",
                            "  原文      ",
                            "怎么办：",
                            "未说明上限",
                            "上限 ",
                            "，"};

}  // namespace

std::string Explain(const Diagnosis& diagnosis, Language language) {
  const Names& names = language == Language::kChinese ? kChinese : kEnglish;
  const Advice advice = AdviceFor(diagnosis, language);
  std::string text = absl::StrCat(advice.summary, "\n");
  const auto line = [&text](const auto&... parts) {
    absl::StrAppend(&text, parts..., "\n");
  };
  if (!advice.why.empty()) line(advice.why);
  line(names.code, diagnosis.code);
  line(names.evidence, diagnosis.evidence);
  if (diagnosis.http_status.has_value()) {
    line(names.answer, "HTTP ", *diagnosis.http_status, " ",
         diagnosis.canonical_status);
  }
  if (!diagnosis.model.empty()) line(names.model, diagnosis.model);
  for (const QuotaViolation& violation : diagnosis.violations) {
    line(names.quota,
         violation.metric.empty() ? violation.quota_id : violation.metric,
         names.comma,
         violation.limit.has_value()
             ? absl::StrCat(names.limit, *violation.limit)
             : std::string(names.no_limit),
         PeriodAndTier(violation, language));
  }
  if (diagnosis.retry_delay.has_value()) {
    line(names.delay, absl::FormatDuration(*diagnosis.retry_delay));
  }
  for (const FieldViolation& violation : diagnosis.field_violations) {
    line("  ", violation.field, ": ", violation.description);
  }
  if (!diagnosis.message.empty()) line(names.message, diagnosis.message);
  if (!advice.steps.empty()) line(names.steps);
  int number = 0;
  for (const AdviceStep& step : advice.steps) {
    line("  ", ++number, ". ", step.text);
    if (!step.url.empty()) line("     ", step.url);
  }
  return text;
}

void PrintDiagnosis(const Diagnosis& diagnosis) {
  std::fputs(Explain(diagnosis, ChooseLanguage("")).c_str(), stderr);
}

void PrintAttempts(const std::vector<AttemptReport>& attempts) {
  for (const AttemptReport& attempt : attempts) {
    const std::string answer = attempt.http_status.has_value()
                                   ? absl::StrCat("HTTP ", *attempt.http_status)
                                   : "no answer";
    Line(absl::StrCat(
        "attempt ", attempt.number, ": ", attempt.route.model, ", ", answer,
        ", ",
        attempt.diagnosis.has_value() ? attempt.diagnosis->code : "delivered",
        ", ",
        absl::FormatDuration(
            absl::Trunc(attempt.duration, absl::Microseconds(100))),
        attempt.maybe_billed ? ", maybe billed" : ""));
  }
}

void PrintError(const absl::Status& status) {
  Line(absl::StrCat("gemini-image: ", status.message()));
  PrintAttempts(AttemptsOf(status));
  if (const std::optional<Diagnosis> diagnosis = DiagnosisOf(status)) {
    PrintDiagnosis(*diagnosis);
  }
}

}  // namespace gemini::cli
