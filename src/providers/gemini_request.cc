#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gemini/image.h"
#include "gemini/models.h"
#include "providers/gemini.h"
#include "util/url.h"
#include "wire/json_writer.h"
#include "wire/mixed_body.h"

namespace gemini::internal {
namespace {

constexpr size_t kMaxModelIdBytes = 128;
constexpr size_t kUsualBytesAround = 256;  // A prompt.
constexpr int64_t kUnlimited = -1;         // Seconds: there is no limit.
constexpr absl::string_view kClientName = "gemini-cpp/" GEMINI_VERSION;

std::string UrlOf(const GeminiTarget& target, absl::string_view folder,
                  absl::string_view rest, absl::string_view action = "") {
  absl::string_view base = target.base_url;
  while (absl::ConsumeSuffix(&base, "/")) {
  }
  return absl::StrCat(base, "/", target.api_version, "/", folder, rest, action);
}

HttpHeaders CommonHeaders(const GeminiTarget& target) {
  HttpHeaders headers;
  headers.reserve(4);
  headers.emplace_back("x-goog-api-key", target.api_key);
  headers.emplace_back("User-Agent", kClientName);
  return headers;
}

// Rounded up.
int64_t WholeSeconds(absl::Duration limit) {
  if (limit == absl::InfiniteDuration()) return kUnlimited;
  constexpr int64_t kSecondNs = 1'000'000'000;
  const int64_t ns = absl::ToInt64Nanoseconds(limit);
  return ns <= 0 ? 0 : (ns - 1) / kSecondNs + 1;
}

std::string GenerateUrl(const GeminiTarget& target) {
  const bool has_prefix = absl::StartsWith(target.model, "models/") ||
                          absl::StartsWith(target.model, "tunedModels/");
  return UrlOf(target, has_prefix ? "" : "models/", target.model,
               ":generateContent");
}

void AppendGenerationConfig(const ImageRequest& request, std::string* json) {
  *json += R"({"responseModalities":["IMAGE"])";
  if (!request.aspect_ratio.empty() || !request.size.empty()) {
    *json += R"(,"imageConfig":)";
    JsonWriter config(json);
    config.BeginObject();
    if (!request.aspect_ratio.empty()) {
      config.Key("aspectRatio").String(request.aspect_ratio);
    }
    if (!request.size.empty()) config.Key("imageSize").String(request.size);
    config.EndObject();
  }
  if (request.seed.has_value()) {
    absl::StrAppend(json, R"(,"seed":)", *request.seed);
  }
  *json += '}';
}

std::unique_ptr<BodySource> Body(
    const std::shared_ptr<const ImageRequest>& owner) {
  const ImageRequest& request = *owner;
  std::unique_ptr<MixedBody> mixed;  // Null: there are no pictures.
  std::string text;
  text.reserve(request.prompt.size() + kUsualBytesAround);
  text += R"({"contents":[{"role":"user","parts":[{"text":)";
  AppendJsonString(&text, request.prompt);
  text += '}';
  for (const ReferenceImage& image : request.reference_images) {
    text += R"(,{"inlineData":{"mimeType":)";
    AppendJsonString(&text, image.mime_type.empty()
                                ? SniffImageType(image.bytes)
                                : absl::string_view(image.mime_type));
    text += R"(,"data":")";
    if (mixed == nullptr) mixed = std::make_unique<MixedBody>(owner);
    mixed->AddText(std::exchange(text, ""));
    mixed->AddBase64(image.bytes);
    text = "\"}}";
  }
  text += R"(]}],"generationConfig":)";
  AppendGenerationConfig(request, &text);
  text += '}';
  if (mixed == nullptr) return std::make_unique<StringBody>(std::move(text));
  mixed->AddText(std::move(text));
  return mixed;
}

}  // namespace

absl::Status ValidateModelId(absl::string_view model) {
  absl::string_view id = model;
  if (!absl::ConsumePrefix(&id, "models/")) {
    absl::ConsumePrefix(&id, "tunedModels/");
  }
  bool good = !id.empty() && id.size() <= kMaxModelIdBytes &&
              !absl::StrContains(id, "..");
  for (const char c : id) {
    good = good && (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                    absl::StrContains("-._@:", c));
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model: an id is made of letters, digits and - . _ @ : "
                   "without \"..\", for example ",
                   DefaultModel()));
}

std::shared_ptr<const HttpHead> GeminiHeads::HeadFor(
    const GeminiTarget& target, absl::Duration time_limit) {
  const int64_t seconds = WholeSeconds(time_limit);
  if (last_ != nullptr && seconds == seconds_ && target.model == model_ &&
      target.api_key == api_key_ && target.base_url == base_url_ &&
      target.api_version == api_version_) {
    return last_;
  }
  auto head = std::make_shared<HttpHead>();
  head->url = GenerateUrl(target);
  head->headers = CommonHeaders(target);
  head->headers.emplace_back("Content-Type", "application/json");
  if (seconds != kUnlimited) {
    head->headers.emplace_back("X-Server-Timeout", absl::StrCat(seconds));
  }
  base_url_ = std::string(target.base_url);
  api_version_ = std::string(target.api_version);
  model_ = std::string(target.model);
  api_key_ = std::string(target.api_key);
  seconds_ = seconds;
  last_ = std::move(head);
  return last_;
}

HttpRequest EncodeGeminiRequest(
    std::shared_ptr<const HttpHead> head,
    const std::shared_ptr<const ImageRequest>& request) {
  HttpRequest http;
  http.head = std::move(head);
  http.body = Body(request);
  return http;
}

HttpRequest EncodeListModels(const GeminiTarget& target,
                             absl::string_view page_token) {
  auto head = std::make_shared<HttpHead>();
  head->url = UrlOf(target, "models", "?pageSize=1000");
  if (!page_token.empty()) {
    absl::StrAppend(&head->url, "&pageToken=", UrlEncoded(page_token));
  }
  head->headers = CommonHeaders(target);
  HttpRequest http;
  http.head = std::move(head);
  return http;
}

}  // namespace gemini::internal
