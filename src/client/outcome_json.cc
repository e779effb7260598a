#include "client/outcome_json.h"

#include <string>

#include "absl/time/time.h"
#include "diagnosis/diagnosis_json.h"
#include "gemini/json.h"

namespace gemini {
namespace internal {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

absl::Time TimeFrom(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return {};
  return time;
}

void WriteUsage(JsonWriter* writer, const Usage& usage) {
  writer->BeginObject();
  writer->Key("prompt_tokens").Int(usage.prompt_tokens);
  writer->Key("output_tokens").Int(usage.output_tokens);
  writer->Key("image_tokens").Int(usage.image_tokens);
  writer->Key("thought_tokens").Int(usage.thought_tokens);
  writer->Key("total_tokens").Int(usage.total_tokens);
  writer->EndObject();
}

Usage ReadUsage(JsonValue value) {
  Usage usage;
  usage.prompt_tokens = value["prompt_tokens"].integer().value_or(0);
  usage.output_tokens = value["output_tokens"].integer().value_or(0);
  usage.image_tokens = value["image_tokens"].integer().value_or(0);
  usage.thought_tokens = value["thought_tokens"].integer().value_or(0);
  usage.total_tokens = value["total_tokens"].integer().value_or(0);
  return usage;
}

void WriteOptionalTime(JsonWriter* writer, absl::string_view key,
                       const std::optional<absl::Time>& time) {
  writer->Key(key);
  if (time.has_value()) {
    writer->String(TimeText(*time));
  } else {
    writer->Null();
  }
}

void WriteOptionalDiagnosis(JsonWriter* writer,
                            const std::optional<Diagnosis>& diagnosis) {
  writer->Key("diagnosis");
  if (diagnosis.has_value()) {
    WriteDiagnosis(writer, *diagnosis);
  } else {
    writer->Null();
  }
}

std::string ReadString(JsonValue value) { return std::string(value.string()); }

int ReadInt(JsonValue value) {
  return static_cast<int>(value.integer().value_or(0));
}

absl::Duration ReadSeconds(JsonValue value) {
  return absl::Seconds(value.number().value_or(0));
}

}  // namespace

void WriteAttempt(JsonWriter* writer, const AttemptReport& attempt) {
  writer->BeginObject();
  writer->Key("number").Int(attempt.number);
  writer->Key("image_index").Int(attempt.image_index);
  writer->Key("provider").String(attempt.route.provider);
  writer->Key("model").String(attempt.route.model);
  writer->Key("credential").String(attempt.route.credential);
  writer->Key("started").String(TimeText(attempt.started));
  writer->Key("waited_s").Double(absl::ToDoubleSeconds(attempt.waited));
  writer->Key("duration_s").Double(absl::ToDoubleSeconds(attempt.duration));
  writer->Key("time_to_first_byte_s");
  if (attempt.time_to_first_byte.has_value()) {
    writer->Double(absl::ToDoubleSeconds(*attempt.time_to_first_byte));
  } else {
    writer->Null();
  }
  writer->Key("http_status");
  if (attempt.http_status.has_value()) {
    writer->Int(*attempt.http_status);
  } else {
    writer->Null();
  }
  writer->Key("response_id").String(attempt.response_id);
  writer->Key("model_version").String(attempt.model_version);
  writer->Key("bytes_sent").Int(attempt.bytes_sent);
  writer->Key("bytes_received").Int(attempt.bytes_received);
  writer->Key("usage");
  WriteUsage(writer, attempt.usage);
  writer->Key("maybe_billed").Bool(attempt.maybe_billed);
  WriteOptionalDiagnosis(writer, attempt.diagnosis);
  writer->EndObject();
}

AttemptReport ReadAttempt(JsonValue value) {
  AttemptReport attempt;
  attempt.number = ReadInt(value["number"]);
  attempt.image_index = ReadInt(value["image_index"]);
  attempt.route.provider = ReadString(value["provider"]);
  attempt.route.model = ReadString(value["model"]);
  attempt.route.credential = ReadString(value["credential"]);
  attempt.started = TimeFrom(value["started"].string());
  attempt.waited = ReadSeconds(value["waited_s"]);
  attempt.duration = ReadSeconds(value["duration_s"]);
  if (value["time_to_first_byte_s"].number().has_value()) {
    attempt.time_to_first_byte = ReadSeconds(value["time_to_first_byte_s"]);
  }
  if (value["http_status"].integer().has_value()) {
    attempt.http_status = ReadInt(value["http_status"]);
  }
  attempt.response_id = ReadString(value["response_id"]);
  attempt.model_version = ReadString(value["model_version"]);
  attempt.bytes_sent = value["bytes_sent"].integer().value_or(0);
  attempt.bytes_received = value["bytes_received"].integer().value_or(0);
  attempt.usage = ReadUsage(value["usage"]);
  attempt.maybe_billed = value["maybe_billed"].boolean().value_or(false);
  if (value["diagnosis"].is_object()) {
    attempt.diagnosis = ReadDiagnosis(value["diagnosis"]);
  }
  return attempt;
}

}  // namespace internal

std::string ToJson(const Outcome& outcome) {
  std::string text;
  internal::JsonWriter writer(&text, internal::JsonWriter::Style::kPretty);
  writer.BeginObject();
  if (const Images* images = outcome.images()) {
    writer.Key("outcome").String("images");
    writer.Key("images").BeginArray();
    for (const Image& image : images->images) {
      writer.BeginObject();
      writer.Key("index").Int(image.index);
      writer.Key("mime_type").String(image.mime_type);
      writer.Key("bytes").Int(image.size);
      if (!image.path.empty()) writer.Key("path").String(image.path);
      writer.EndObject();
    }
    writer.EndArray();
    writer.Key("missing").BeginArray();
    for (const MissingImage& missing : images->missing) {
      writer.BeginObject();
      writer.Key("index").Int(missing.index);
      writer.Key("diagnosis");
      internal::WriteDiagnosis(&writer, missing.diagnosis);
      writer.EndObject();
    }
    writer.EndArray();
    writer.Key("text").String(images->text);
    writer.Key("usage");
    internal::WriteUsage(&writer, images->usage);
  } else if (const PromptOnly* prompt_only = outcome.prompt_only()) {
    writer.Key("outcome").String("prompt_only");
    writer.Key("image_prompt").String(prompt_only->image_prompt);
  }
  internal::WriteOptionalDiagnosis(&writer, outcome.diagnosis);
  internal::WriteOptionalTime(&writer, "retry_at", outcome.retry_at);
  writer.Key("elapsed_s").Double(absl::ToDoubleSeconds(outcome.elapsed));
  writer.Key("attempts").BeginArray();
  for (const AttemptReport& attempt : outcome.attempts) {
    internal::WriteAttempt(&writer, attempt);
  }
  writer.EndArray();
  writer.EndObject();
  return text;
}

}  // namespace gemini
