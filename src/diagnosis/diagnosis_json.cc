#include "diagnosis/diagnosis_json.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "diagnosis/names.h"
#include "gemini/json.h"

namespace gemini {
namespace internal {
namespace {

void WriteText(JsonWriter* writer, absl::string_view key,
               absl::string_view text) {
  writer->Key(key);
  if (text.empty()) {
    writer->Null();
  } else {
    writer->String(text);
  }
}

void WriteInt(JsonWriter* writer, absl::string_view key,
              const std::optional<int64_t>& value) {
  writer->Key(key);
  if (value.has_value()) {
    writer->Int(*value);
  } else {
    writer->Null();
  }
}

void WriteViolation(JsonWriter* writer, const QuotaViolation& violation) {
  writer->BeginObject();
  WriteText(writer, "metric", violation.metric);
  WriteText(writer, "quota_id", violation.quota_id);
  WriteInt(writer, "limit", violation.limit);
  writer->Key("limit_source");
  if (violation.limit_source == LimitSource::kNone) {
    writer->Null();
  } else {
    writer->String(LimitSourceName(violation.limit_source));
  }
  writer->Key("period").String(QuotaWindowName(violation.window));
  writer->Key("unit").String(QuotaUnitName(violation.unit));
  writer->Key("tier").String(QuotaTierName(violation.tier));
  WriteText(writer, "model", violation.model);
  WriteText(writer, "location", violation.location);
  WriteInt(writer, "future_limit", violation.future_limit);
  WriteText(writer, "subject", violation.subject);
  WriteText(writer, "description", violation.description);
  WriteText(writer, "api_service", violation.api_service);
  writer->Key("dimensions").BeginObject();
  for (const auto& [name, value] : violation.dimensions) {
    writer->Key(name).String(value);
  }
  writer->EndObject();
  writer->EndObject();
}

std::string Text(JsonValue value) { return std::string(value.string()); }

QuotaViolation ReadViolation(JsonValue value) {
  QuotaViolation violation;
  violation.metric = Text(value["metric"]);
  violation.quota_id = Text(value["quota_id"]);
  violation.limit = value["limit"].integer();
  violation.limit_source = LimitSourceFromName(value["limit_source"].string())
                               .value_or(LimitSource::kNone);
  violation.window = QuotaWindowFromName(value["period"].string())
                         .value_or(QuotaWindow::kUnknown);
  violation.unit =
      QuotaUnitFromName(value["unit"].string()).value_or(QuotaUnit::kUnknown);
  violation.tier =
      QuotaTierFromName(value["tier"].string()).value_or(QuotaTier::kUnknown);
  violation.model = Text(value["model"]);
  violation.location = Text(value["location"]);
  violation.future_limit = value["future_limit"].integer();
  violation.subject = Text(value["subject"]);
  violation.description = Text(value["description"]);
  violation.api_service = Text(value["api_service"]);
  for (const JsonMember member : value["dimensions"].members()) {
    violation.dimensions.emplace(member.name, member.value.string());
  }
  return violation;
}

}  // namespace

absl::string_view ShouldRetry(const Diagnosis& diagnosis) {
  const bool delay_known = diagnosis.retry_delay.has_value();
  switch (diagnosis.cause) {
    case Cause::kSpendRate:
      return "after-delay";
    case Cause::kRateLimited:
      // Nothing tells which quota, nor when to come back: it may be the day's.
      if (diagnosis.code == "quota_unspecified" && !delay_known &&
          diagnosis.violations.empty()) {
        return "no";
      }
      if (diagnosis.code == "rate_limited" && !delay_known) return "yes";
      return "after-delay";
    case Cause::kOverloaded:
    case Cause::kTransient:
    case Cause::kAmbiguous:
    case Cause::kBadResponse:
    case Cause::kLocalResource:
      return "yes";
    case Cause::kNoImage:
      // A model that answers in words has understood the request that way.
      return diagnosis.code == "text_only" ? "no" : "yes";
    default:
      return "no";
  }
}

void WriteDiagnosisMembers(JsonWriter* writer, const Diagnosis& diagnosis) {
  writer->Key("cause").String(CauseName(diagnosis.cause));
  writer->Key("code").String(diagnosis.code);
  writer->Key("evidence").String(diagnosis.evidence);
  writer->Key("message").String(diagnosis.message);
  writer->Key("http_status");
  if (diagnosis.http_status.has_value()) {
    writer->Int(*diagnosis.http_status);
  } else {
    writer->Null();
  }
  WriteText(writer, "canonical_status", diagnosis.canonical_status);
  WriteText(writer, "reason", diagnosis.reason);
  WriteText(writer, "request_id", diagnosis.request_id);
  WriteText(writer, "model", diagnosis.model);
  writer->Key("violations").BeginArray();
  for (const QuotaViolation& violation : diagnosis.violations) {
    WriteViolation(writer, violation);
  }
  writer->EndArray();
  writer->Key("field_violations").BeginArray();
  for (const FieldViolation& violation : diagnosis.field_violations) {
    writer->BeginObject();
    writer->Key("field").String(violation.field);
    writer->Key("description").String(violation.description);
    writer->EndObject();
  }
  writer->EndArray();
  writer->Key("help_urls").BeginArray();
  for (const HelpLink& link : diagnosis.help) writer->String(link.url);
  writer->EndArray();
  writer->Key("help").BeginArray();
  for (const HelpLink& link : diagnosis.help) {
    writer->BeginObject();
    writer->Key("description").String(link.description);
    writer->Key("url").String(link.url);
    writer->EndObject();
  }
  writer->EndArray();
  writer->Key("details").BeginArray();
  for (const ErrorDetail& detail : diagnosis.details) {
    writer->BeginObject();
    writer->Key("type").String(detail.type);
    writer->Key("json").String(detail.json);
    writer->EndObject();
  }
  writer->EndArray();
  writer->Key("retry_delay_s");
  if (diagnosis.retry_delay.has_value()) {
    writer->Double(absl::ToDoubleSeconds(*diagnosis.retry_delay));
  } else {
    writer->Null();
  }
  writer->Key("retry_at");
  if (diagnosis.retry_at.has_value()) {
    writer->String(absl::FormatTime(absl::RFC3339_full, *diagnosis.retry_at,
                                    absl::UTCTimeZone()));
  } else {
    writer->Null();
  }
  writer->Key("should_retry").String(ShouldRetry(diagnosis));
}

void WriteDiagnosis(JsonWriter* writer, const Diagnosis& diagnosis) {
  writer->BeginObject();
  WriteDiagnosisMembers(writer, diagnosis);
  writer->EndObject();
}

Diagnosis ReadDiagnosis(JsonValue value) {
  Diagnosis diagnosis;
  diagnosis.cause =
      CauseFromName(value["cause"].string()).value_or(Cause::kUnknown);
  diagnosis.code = Text(value["code"]);
  diagnosis.evidence = Text(value["evidence"]);
  diagnosis.message = Text(value["message"]);
  const std::optional<int64_t> status = value["http_status"].integer();
  if (status.has_value()) diagnosis.http_status = static_cast<int>(*status);
  diagnosis.canonical_status = Text(value["canonical_status"]);
  diagnosis.reason = Text(value["reason"]);
  diagnosis.request_id = Text(value["request_id"]);
  diagnosis.model = Text(value["model"]);
  for (const JsonValue violation : value["violations"].elements()) {
    diagnosis.violations.push_back(ReadViolation(violation));
  }
  for (const JsonValue violation : value["field_violations"].elements()) {
    diagnosis.field_violations.push_back(
        {Text(violation["field"]), Text(violation["description"])});
  }
  for (const JsonValue link : value["help"].elements()) {
    diagnosis.help.push_back({Text(link["description"]), Text(link["url"])});
  }
  for (const JsonValue detail : value["details"].elements()) {
    diagnosis.details.push_back({Text(detail["type"]), Text(detail["json"])});
  }
  const std::optional<double> delay = value["retry_delay_s"].number();
  if (delay.has_value()) diagnosis.retry_delay = absl::Seconds(*delay);
  absl::Time retry_at;
  std::string error;
  const absl::string_view time = value["retry_at"].string();
  if (!time.empty() &&
      absl::ParseTime(absl::RFC3339_full, time, &retry_at, &error)) {
    diagnosis.retry_at = retry_at;
  }
  return diagnosis;
}

}  // namespace internal

std::string ToJson(const Diagnosis& diagnosis, Language language) {
  std::string text;
  internal::JsonWriter writer(&text, internal::JsonWriter::Style::kPretty);
  writer.BeginObject();
  internal::WriteDiagnosisMembers(&writer, diagnosis);
  const Advice advice = AdviceFor(diagnosis, language);
  writer.Key("advice").BeginObject();
  writer.Key("summary").String(advice.summary);
  writer.Key("why").String(advice.why);
  writer.Key("steps").BeginArray();
  for (const AdviceStep& step : advice.steps) {
    writer.BeginObject();
    writer.Key("text").String(step.text);
    writer.Key("url").String(step.url);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  writer.EndObject();
  return text;
}

}  // namespace gemini
