#include "report.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gemini::cli {
namespace {

void Line(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string LimitText(const QuotaViolation& violation) {
  if (!violation.limit.has_value()) return "limit not stated";
  return absl::StrCat("limit ", *violation.limit);
}

}  // namespace

void PrintDiagnosis(const Diagnosis& diagnosis) {
  const Advice advice = AdviceFor(diagnosis);
  Line(advice.summary);
  if (!advice.why.empty()) Line(advice.why);
  Line(absl::StrCat("  code      ", diagnosis.code));
  Line(absl::StrCat("  because   ", diagnosis.evidence));
  if (diagnosis.http_status.has_value()) {
    Line(absl::StrCat("  answer    HTTP ", *diagnosis.http_status, " ",
                      diagnosis.canonical_status));
  }
  if (!diagnosis.model.empty()) {
    Line(absl::StrCat("  model     ", diagnosis.model));
  }
  for (const QuotaViolation& violation : diagnosis.violations) {
    Line(absl::StrCat("  quota     ", violation.metric, ", ",
                      LimitText(violation), ", per ",
                      QuotaWindowName(violation.window), ", tier ",
                      QuotaTierName(violation.tier)));
  }
  if (diagnosis.retry_delay.has_value()) {
    Line(absl::StrCat("  asked to  wait ",
                      absl::FormatDuration(*diagnosis.retry_delay)));
  }
  if (!advice.steps.empty()) Line("What to do:");
  int number = 0;
  for (const AdviceStep& step : advice.steps) {
    Line(absl::StrCat("  ", ++number, ". ", step.text));
    if (!step.url.empty()) Line(absl::StrCat("     ", step.url));
  }
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
            absl::Trunc(attempt.duration, absl::Milliseconds(1))),
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
