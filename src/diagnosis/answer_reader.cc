#include "diagnosis/answer_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"

namespace gemini::internal {
namespace {

JsonValue Either(JsonValue object, absl::string_view camel_case,
                 absl::string_view snake_case) {
  const JsonValue value = object[camel_case];
  return value.exists() ? value : object[snake_case];
}

void Set(absl::string_view text, absl::string_view* field) {
  if (!text.empty()) *field = text;
}

void ReadPart(JsonValue part, AnswerFacts* facts) {
  const bool thought = part["thought"].boolean().value_or(false);
  if (Either(part, "inlineData", "inline_data").is_object() ||
      Either(part, "fileData", "file_data").is_object()) {
    ++(thought ? facts->thought_images : facts->images);
  } else if (!part["text"].string().empty()) {
    (thought ? facts->thought_text : facts->text) = true;
  }
}

void ReadGemini(JsonValue object, AnswerFacts* facts) {
  facts->found = true;
  const JsonValue feedback =
      Either(object, "promptFeedback", "prompt_feedback");
  Set(Either(feedback, "blockReason", "block_reason").string(),
      &facts->block_reason);
  Set(Either(feedback, "blockReasonMessage", "block_reason_message").string(),
      &facts->message);
  for (const JsonValue candidate : object["candidates"].elements()) {
    ++facts->candidates;
    Set(Either(candidate, "finishReason", "finish_reason").string(),
        &facts->finish_reason);
    Set(Either(candidate, "finishMessage", "finish_message").string(),
        &facts->message);
    for (const JsonValue part : candidate["content"]["parts"].elements()) {
      ReadPart(part, facts);
    }
  }
  Set(Either(object, "modelVersion", "model_version").string(), &facts->model);
  Set(Either(object, "responseId", "response_id").string(),
      &facts->response_id);
}

void ReadImagen(JsonValue object, AnswerFacts* facts) {
  facts->found = true;
  for (const JsonValue prediction : object["predictions"].elements()) {
    const absl::string_view filtered = prediction["raiFilteredReason"].string();
    if (!filtered.empty()) {
      ++facts->filtered;
      Set(filtered, &facts->message);
    } else if (prediction["bytesBase64Encoded"].exists() ||
               prediction["gcsUri"].exists()) {
      ++facts->images;
    }
  }
}

// {"created": …, "data": [{"b64_json": …}]}
void ReadOpenAi(JsonValue object, AnswerFacts* facts) {
  facts->found = true;
  for (const JsonValue item : object["data"].elements()) {
    if (item["b64_json"].exists() || item["url"].exists()) ++facts->images;
  }
}

// Midjourney's proxies answer 200 with a number that tells how it went.
struct ProxyCode {
  int64_t code;
  absl::string_view state;
};
constexpr ProxyCode kProxyCodes[] = {
    {3, "no account"},  {4, "parameter error"}, {9, "proxy failure"},
    {23, "queue full"}, {24, "banned prompt"},
};

void ReadProxyCode(JsonValue object, AnswerFacts* facts) {
  const std::optional<int64_t> code = object["code"].integer();
  if (!code.has_value() || !object["description"].is_string()) return;
  for (const ProxyCode& entry : kProxyCodes) {
    if (entry.code != *code) continue;
    facts->found = true;
    facts->state = entry.state;
  }
}

// Words for a job's end, of services that answer refusals with 200.
void ReadState(JsonValue object, AnswerFacts* facts) {
  const absl::string_view fields[] = {
      object["finish_reason"].string(), object["finishReason"].string(),
      object["status"].string(), object["state"].string()};
  for (const absl::string_view state : fields) {
    if (state.empty()) continue;
    facts->found = true;
    facts->state = state;
    break;
  }
  Set(object["failReason"].string(), &facts->message);
  Set(object["description"].string(), &facts->message);
}

}  // namespace

void ReadAnswer(JsonValue object, AnswerFacts* facts) {
  if (!object.is_object()) return;
  const bool gemini = object["candidates"].is_array() ||
                      object["promptFeedback"].is_object() ||
                      object["prompt_feedback"].is_object() ||
                      object["usageMetadata"].is_object();
  if (gemini) {
    ReadGemini(object, facts);
  } else if (object["predictions"].is_array()) {
    ReadImagen(object, facts);
  } else if (object["data"].is_array() && object["created"].exists()) {
    ReadOpenAi(object, facts);
  } else if (object["image"].is_string() || object["artifacts"].is_array() ||
             object["failReason"].exists() || object["polling_url"].exists() ||
             object["result"].exists() || object["description"].is_string()) {
    ReadState(object, facts);
    ReadProxyCode(object, facts);
    if (object["artifacts"].is_array() && object["artifacts"].size() > 0) {
      ReadState(object["artifacts"].At(0), facts);
    }
  } else if (object.size() <= 8 && object["id"].is_string() &&
             object["status"].is_string() && !object["error"].exists()) {
    ReadState(object, facts);
  }
}

}  // namespace gemini::internal
