#include "gemini/diagnose.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "diagnosis/body_reader.h"
#include "diagnosis/codes.h"
#include "diagnosis/delays.h"
#include "diagnosis/detail_json.h"
#include "diagnosis/error_reader.h"
#include "diagnosis/facts.h"
#include "diagnosis/judge.h"
#include "diagnosis/prose.h"
#include "diagnosis/quota_text.h"
#include "util/pacific_time.h"
#include "util/redact.h"

namespace gemini {
namespace internal {
namespace {

// Of the server's words, what is kept. People write the rest themselves.
constexpr size_t kMaxMessage = 2000;
constexpr size_t kMaxName = 200;
constexpr size_t kMaxDetail = 1000;
constexpr size_t kMaxUrl = 2000;

// Delays that are shorter are not believed of a daily quota: they are known to
// come with it and to mislead.
constexpr absl::Duration kMinDailyDelay = absl::Minutes(15);

using Secrets = std::vector<absl::string_view>;

absl::string_view FirstFilled(std::initializer_list<absl::string_view> texts) {
  for (const absl::string_view text : texts) {
    if (!text.empty()) return text;
  }
  return "";
}

// Whether Line() would leave `text` as it is.
bool IsLine(absl::string_view text, size_t max, const Secrets& secrets) {
  return text.size() <= max && IsCleanLine(text, secrets);
}

// As one line without secrets, cut between characters.
std::string Line(absl::string_view text, size_t max, const Secrets& secrets) {
  // First of all: what is cut in the middle is not recognized.
  std::string line = RedactToLine(text, secrets);
  if (line.size() <= max) return line;
  while (max > 0 && (static_cast<unsigned char>(line[max]) & 0xC0) == 0x80) {
    --max;
  }
  line.resize(max);
  return line;
}

void Clean(std::string* text, const Secrets& secrets) {
  if (!IsLine(*text, kMaxName, secrets)) {
    *text = Line(*text, kMaxName, secrets);
  }
}

void CleanViolation(QuotaViolation* violation, const Secrets& secrets) {
  Clean(&violation->metric, secrets);
  Clean(&violation->quota_id, secrets);
  Clean(&violation->model, secrets);
  Clean(&violation->location, secrets);
  Clean(&violation->subject, secrets);
  Clean(&violation->description, secrets);
  Clean(&violation->api_service, secrets);
  bool is_clean = true;
  for (const auto& [name, value] : violation->dimensions) {
    // What is repeated elsewhere was looked at.
    is_clean = is_clean && IsLine(name, kMaxName, secrets) &&
               (value == violation->model || value == violation->location ||
                IsLine(value, kMaxName, secrets));
  }
  if (is_clean) return;
  std::map<std::string, std::string> dimensions;
  for (const auto& [name, value] : violation->dimensions) {
    dimensions.emplace(Line(name, kMaxName, secrets),
                       Line(value, kMaxName, secrets));
  }
  violation->dimensions = std::move(dimensions);
}

std::optional<absl::Time> RetryAt(const Diagnosis& diagnosis,
                                  const std::optional<Delay>& delay,
                                  absl::Time now) {
  switch (diagnosis.cause) {
    case Cause::kDailyQuota:
      if (delay.has_value() && delay->stated >= kMinDailyDelay) {
        return now + delay->wait;
      }
      if (diagnosis.code == "quota_month") return std::nullopt;
      return NextPacificMidnight(now);
    case Cause::kSpendRate:
      return now + (delay.has_value() ? delay->wait : absl::Minutes(10));
    case Cause::kRateLimited:
    case Cause::kOverloaded:
    case Cause::kTransient:
    case Cause::kUnknown:
      if (delay.has_value()) return now + delay->wait;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

int HttpStatusOf(const FailureFacts& facts, const BodyFacts& body) {
  // An error inside a stream that began well has a status of its own.
  const bool began_well = facts.http_status / 100 == 2;
  if (facts.http_status != 0 && !began_well) return facts.http_status;
  if (body.error.code.has_value()) return *body.error.code;
  if (body.http_code.has_value() && body.error.found) return *body.http_code;
  return facts.http_status;
}

// An object that is an error, or words where nothing but words came.
bool HoldsError(const FailureFacts& facts, const BodyFacts& body) {
  if (facts.http_status / 100 != 2 && facts.http_status != 0) return true;
  if (!body.error.found) return !body.answer.found && facts.http_status == 0;
  return body.error.is_object || body.error.is_google ||
         (!body.answer.found && facts.http_status == 0) ||
         !body.error.violations.empty();
}

}  // namespace

Diagnosis DiagnoseBody(const FailureFacts& facts, BodyFacts body) {
  ErrorFacts& error = body.error;
  const std::vector<StatedQuota> stated =
      QuotasIn(error.message, body.cut ? MessageEnd::kCut : MessageEnd::kWhole);
  MergeStatedQuotas(stated, &error.violations);

  Evidence evidence;
  evidence.is_success = !HoldsError(facts, body);
  evidence.http = HttpStatusOf(facts, body);
  evidence.status = error.status;
  evidence.body = &body;
  evidence.violations = &error.violations;
  evidence.stated = &stated;
  evidence.model =
      FirstFilled({body.model,
                   error.violations.empty() ? absl::string_view()
                                            : error.violations[0].model,
                   error.model});
  if (evidence.model.empty()) {
    evidence.model = FirstFilled(
        {ModelIn(error.message), body.answer.model, facts.requested_model});
  }
  absl::ConsumePrefix(&evidence.model, "models/");
  Verdict verdict = Judge(evidence);

  const Secrets& secrets = facts.secrets;
  Diagnosis diagnosis =
      MakeDiagnosis(verdict.code, std::move(verdict.evidence));
  if (facts.http_status != 0) {
    diagnosis.http_status = facts.http_status;
  } else if (evidence.http != 0) {
    diagnosis.http_status = evidence.http;
  }
  diagnosis.canonical_status = std::string(error.status);
  diagnosis.model = Line(evidence.model, kMaxName, secrets);
  diagnosis.reason =
      Line(evidence.is_success
               ? FirstFilled({body.answer.block_reason,
                              body.answer.finish_reason, body.answer.state})
               : FirstFilled({error.reason, error.code_name, error.type}),
           kMaxName, secrets);
  diagnosis.message =
      Line(evidence.is_success ? body.answer.message
                               : FirstFilled({error.message, error.debug}),
           kMaxMessage, secrets);
  diagnosis.request_id =
      Line(FirstFilled({error.request_id, body.answer.response_id}), kMaxName,
           secrets);
  diagnosis.violations = std::move(error.violations);
  for (QuotaViolation& violation : diagnosis.violations) {
    CleanViolation(&violation, secrets);
  }
  diagnosis.field_violations = std::move(error.field_violations);
  for (FieldViolation& violation : diagnosis.field_violations) {
    Clean(&violation.field, secrets);
    Clean(&violation.description, secrets);
  }
  diagnosis.help = std::move(error.help);
  for (HelpLink& link : diagnosis.help) {
    Clean(&link.description, secrets);
    if (!IsLine(link.url, kMaxUrl, secrets) ||
        absl::StrContains(link.url, " ")) {
      link.url = RedactLink(link.url.substr(0, kMaxUrl), secrets);
      // Links hold no white space.
      link.url.resize(
          std::min(link.url.find_first_of(" \t\r\n"), link.url.size()));
    }
  }
  for (const auto& [type, detail] : error.details) {
    diagnosis.details.push_back(
        {Line(type, kMaxName, secrets),
         Line(DetailJson(detail), kMaxDetail, secrets)});
  }
  const std::optional<Delay> delay = DelayOf(error, facts.headers, facts.now);
  if (delay.has_value()) diagnosis.retry_delay = delay->stated;
  diagnosis.retry_at = RetryAt(diagnosis, delay, facts.now);
  if (diagnosis.request_id.empty()) {
    for (const auto& [name, value] : facts.headers) {
      if (absl::EqualsIgnoreCase(name, "x-request-id")) {
        diagnosis.request_id = Line(value, kMaxName, secrets);
      }
    }
  }
  return diagnosis;
}

}  // namespace internal

Diagnosis Diagnose(const FailureFacts& facts) {
  return internal::DiagnoseBody(facts, internal::ReadBody(facts.body));
}

}  // namespace gemini
