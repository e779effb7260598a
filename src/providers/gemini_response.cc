#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "diagnosis/codes.h"
#include "diagnosis/transfer.h"
#include "gemini/diagnose.h"
#include "providers/gemini.h"
#include "providers/picture_collector.h"
#include "wire/inline_data_splitter.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

// Of an answer that is no JSON, or not a success. Error bodies have a few KiB.
constexpr size_t kMaxRawBytes = 256 << 10;

// Before JSON: its white space, and the byte order mark that some put there (or
// its bytes in any order, which does no harm).
constexpr absl::string_view kBeforeJson = " \t\r\n\xEF\xBB\xBF";

// The member that is there: proto3 JSON has two spellings of each name.
JsonValue Either(JsonValue object, absl::string_view camel,
                 absl::string_view snake) {
  const JsonValue value = object[camel];
  return value.exists() ? value : object[snake];
}

Usage ReadUsage(JsonValue metadata) {
  const auto tokens = [](JsonValue value) {
    return std::max<int64_t>(value.integer().value_or(0), 0);
  };
  Usage usage;
  usage.prompt_tokens = tokens(metadata["promptTokenCount"]);
  usage.output_tokens = tokens(metadata["candidatesTokenCount"]);
  usage.thought_tokens = tokens(metadata["thoughtsTokenCount"]);
  usage.total_tokens = tokens(metadata["totalTokenCount"]);
  for (const JsonValue detail :
       metadata["candidatesTokensDetails"].elements()) {
    if (detail["modality"].string() == "IMAGE") {
      usage.image_tokens = tokens(detail["tokenCount"]);
    }
  }
  return usage;
}

// The code of what the splitter found.
absl::string_view CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
      return "cut_off";
    case absl::StatusCode::kResourceExhausted:
      return "response_too_complex";
    default:
      return "not_json";
  }
}

class GeminiReader final : public AttemptReader {
 public:
  explicit GeminiReader(GeminiReading reading)
      : reading_(std::move(reading)),
        collector_(reading_.sink),
        splitter_(&collector_) {}

  void OnHead(ResponseHead head) override { head_ = std::move(head); }
  Flow OnData(absl::string_view data) override;
  AttemptResult Finish(const TransferResult& transfer, absl::Time now) override;

 private:
  enum class Body {
    kNotBegun,  // Nothing so far but what may stand before JSON.
    kJson,      // Goes through the splitter.
    kRaw        // Is kept as it is, to be diagnosed.
  };

  static absl::string_view WithoutBeginning(absl::string_view data) {
    return data.substr(
        std::min(data.find_first_not_of(kBeforeJson), data.size()));
  }
  void Begin(absl::string_view data);

  void ReadJson(absl::string_view skeleton, absl::Time now,
                AttemptResult* result);
  void ReadPart(JsonValue part, AttemptResult* result);
  void TakePicture(JsonValue blob, AttemptResult* result);
  Diagnosis DiagnoseBody(absl::string_view body, absl::Time now) const;
  Diagnosis BadResponse(absl::string_view code,
                        absl::string_view evidence) const;

  const GeminiReading reading_;
  ResponseHead head_;
  int64_t received_ = 0;
  Body body_ = Body::kNotBegun;
  std::string raw_;
  PictureCollector collector_;
  InlineDataSplitter splitter_;
  absl::Status split_;                      // Of what was fed so far.
  std::unique_ptr<Diagnosis> bad_picture_;  // The first; usually none.
};

void GeminiReader::Begin(absl::string_view data) {
  const absl::string_view json = WithoutBeginning(data);
  if (json.empty()) return;
  const bool is_json = json[0] == '{' || json[0] == '[';
  body_ = head_.is_success() && is_json ? Body::kJson : Body::kRaw;
}

ResponseReader::Flow GeminiReader::OnData(absl::string_view data) {
  if (body_ == Body::kNotBegun) Begin(data);
  switch (body_) {
    case Body::kNotBegun:
      break;
    case Body::kRaw:
      raw_.append(data.data(),
                  std::min(data.size(), kMaxRawBytes - raw_.size()));
      if (raw_.size() == kMaxRawBytes) return Flow::kStop;
      break;
    case Body::kJson:
      if (!reading_.sink->status().ok()) return Flow::kStop;
      if (reading_.sink->WantsPause()) return Flow::kPause;
      collector_.set_expected_bytes(
          std::max<int64_t>(head_.body_size.value_or(0) - received_, 0));
      split_ = splitter_.Feed(
          splitter_.skeleton().empty() ? WithoutBeginning(data) : data);
      if (!split_.ok()) return Flow::kStop;
      break;
  }
  received_ += static_cast<int64_t>(data.size());
  return Flow::kContinue;
}

AttemptResult GeminiReader::Finish(const TransferResult& transfer,
                                   absl::Time now) {
  const bool answered = transfer.end == TransferEnd::kComplete ||
                        transfer.end == TransferEnd::kStoppedByReader;
  AttemptResult result;
  if (body_ == Body::kJson) {
    if (split_.ok()) split_ = splitter_.Finish();
    if (split_.ok()) {
      ReadJson(splitter_.skeleton(), now, &result);
    } else if (answered) {
      result.diagnosis = BadResponse(CodeOf(split_), split_.message());
    }
  } else if (head_.http_status != 0 && (answered || !head_.is_success())) {
    // A refusal is one even if its explanation did not come through.
    result.diagnosis = DiagnoseBody(raw_, now);
  }
  if (result.pictures.empty() && !result.diagnosis.has_value()) {
    result.diagnosis = DiagnoseTransfer(transfer, reading_.model);
  }
  if (head_.http_status != 0) {
    result.http_status = head_.http_status;
    if (result.diagnosis.has_value()) {
      result.diagnosis->http_status = head_.http_status;
    }
  }
  return result;
}

void GeminiReader::ReadJson(absl::string_view skeleton, absl::Time now,
                            AttemptResult* result) {
  const std::optional<JsonDocument> document = JsonDocument::Parse(skeleton);
  if (!document.has_value()) {
    result->diagnosis =
        BadResponse("not_json", "malformed JSON: a number or a literal");
    return;
  }
  const JsonValue root = document->root();
  result->usage = ReadUsage(root["usageMetadata"]);
  result->response_id = std::string(root["responseId"].string());
  result->model_version = std::string(root["modelVersion"].string());
  for (const JsonValue candidate : root["candidates"].elements()) {
    for (const JsonValue part : candidate["content"]["parts"].elements()) {
      ReadPart(part, result);
    }
  }
  if (!result->pictures.empty()) return;
  result->diagnosis = bad_picture_ != nullptr ? std::move(*bad_picture_)
                                              : DiagnoseBody(skeleton, now);
}

void GeminiReader::ReadPart(JsonValue part, AttemptResult* result) {
  if (part["thought"].boolean().value_or(false)) return;
  const absl::string_view text = part["text"].string();
  result->text.append(text.data(), text.size());
  const JsonValue blob = Either(part, "inlineData", "inline_data");
  const absl::string_view announced =
      Either(blob, "mimeType", "mime_type").string();
  if (blob.is_object() &&
      (announced.empty() || absl::StartsWith(announced, "image/"))) {
    TakePicture(blob, result);
  }
}

void GeminiReader::TakePicture(JsonValue blob, AttemptResult* result) {
  const absl::Span<const CollectedPicture> pictures = collector_.pictures();
  const std::optional<int> ordinal =
      InlineDataSplitter::OrdinalOf(blob["data"].string());
  if (!ordinal.has_value() ||
      static_cast<size_t>(*ordinal) >= pictures.size()) {
    return;
  }
  const CollectedPicture& picture = pictures[static_cast<size_t>(*ordinal)];
  if (picture.good()) {
    result->pictures.reserve(pictures.size());
    result->pictures.push_back({*ordinal, std::string(picture.mime_type)});
    return;
  }
  if (bad_picture_ != nullptr) return;
  if (!picture.base64.ok()) {
    bad_picture_ = std::make_unique<Diagnosis>(
        BadResponse("bad_base64", picture.base64.message()));
  } else {
    bad_picture_ = std::make_unique<Diagnosis>(BadResponse(
        "wrong_image_type",
        "inlineData is announced as a picture and of no known format"));
  }
}

Diagnosis GeminiReader::DiagnoseBody(absl::string_view body,
                                     absl::Time now) const {
  FailureFacts facts;
  facts.http_status = head_.http_status;
  facts.headers = head_.headers;
  facts.body = body;
  facts.requested_model = reading_.model;
  facts.now = now;
  facts.secrets.push_back(reading_.api_key);
  if (reading_.request != nullptr) {
    facts.secrets.push_back(reading_.request->prompt);
  }
  if (reading_.classifier != nullptr && *reading_.classifier) {
    std::optional<Diagnosis> diagnosis = (*reading_.classifier)(facts);
    if (diagnosis.has_value()) return *std::move(diagnosis);
  }
  return Diagnose(facts);
}

Diagnosis GeminiReader::BadResponse(absl::string_view code,
                                    absl::string_view evidence) const {
  Diagnosis diagnosis = MakeDiagnosis(code, std::string(evidence));
  diagnosis.model = std::string(reading_.model);
  return diagnosis;
}

}  // namespace

std::unique_ptr<AttemptReader> NewGeminiReader(GeminiReading reading) {
  absl::ConsumePrefix(&reading.model, "models/");
  return std::make_unique<GeminiReader>(std::move(reading));
}

}  // namespace gemini::internal
