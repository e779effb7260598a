#include <string>
#include <vector>

#include "absl/time/time.h"
#include "diagnosis/diagnosis_json.h"
#include "gemini/json.h"

namespace gemini {
namespace {

using internal::JsonWriter;

void WriteTime(JsonWriter* writer, absl::string_view key,
               const std::optional<absl::Time>& time) {
  writer->Key(key);
  if (time.has_value()) {
    writer->String(
        absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", *time, absl::UTCTimeZone()));
  } else {
    writer->Null();
  }
}

void WriteCount(JsonWriter* writer, absl::string_view key,
                const std::optional<int64_t>& count) {
  writer->Key(key);
  if (count.has_value()) {
    writer->Int(*count);
  } else {
    writer->Null();
  }
}

void WriteSpending(JsonWriter* writer, absl::string_view key,
                   const QuotaSpending& spending) {
  writer->Key(key).BeginObject();
  WriteTime(writer, "since", spending.since);
  writer->Key("requests").Int(spending.requests);
  writer->Key("refused").Int(spending.refused);
  writer->Key("pictures").Int(spending.pictures);
  writer->Key("tokens").Int(spending.tokens);
  writer->EndObject();
}

void WriteQuota(JsonWriter* writer, const KnownQuota& known) {
  const QuotaViolation& quota = known.quota;
  writer->BeginObject();
  writer->Key("metric").String(quota.metric);
  writer->Key("quota_id").String(quota.quota_id);
  writer->Key("model").String(quota.model);
  writer->Key("location").String(quota.location);
  writer->Key("period").String(QuotaWindowName(quota.window));
  writer->Key("unit").String(QuotaUnitName(quota.unit));
  writer->Key("tier").String(QuotaTierName(quota.tier));
  WriteCount(writer, "used", known.used);
  WriteCount(writer, "limit", quota.limit);
  writer->Key("limit_source").String(LimitSourceName(quota.limit_source));
  WriteTime(writer, "resets_at", known.resets_at);
  WriteTime(writer, "refused_at", known.refused_at);
  writer->EndObject();
}

}  // namespace

std::string ToJson(const std::vector<QuotaRecord>& records) {
  std::string text;
  JsonWriter writer(&text, JsonWriter::Style::kPretty);
  writer.BeginArray();
  for (const QuotaRecord& record : records) {
    writer.BeginObject();
    writer.Key("service").String(record.service);
    writer.Key("project").String(record.project);
    writer.Key("model").String(record.model);
    WriteSpending(&writer, "minute", record.minute);
    WriteSpending(&writer, "day", record.day);
    writer.Key("quotas").BeginArray();
    for (const KnownQuota& known : record.quotas) WriteQuota(&writer, known);
    writer.EndArray();
    WriteTime(&writer, "refused_at", record.refused_at);
    writer.Key("refusal");
    if (record.refusal.has_value()) {
      writer.BeginObject();
      writer.Key("cause").String(CauseName(record.refusal->cause));
      writer.Key("code").String(record.refusal->code);
      writer.Key("message").String(record.refusal->message);
      WriteTime(&writer, "retry_at", record.refusal->retry_at);
      writer.EndObject();
    } else {
      writer.Null();
    }
    writer.EndObject();
  }
  writer.EndArray();
  return text;
}

}  // namespace gemini
