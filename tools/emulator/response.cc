#include "emulator/response.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

constexpr absl::string_view kVariants[] = {
    "text_only",
    "thought_only",
    "empty_candidate",
    "no_candidates",
    "no_image",
    "image_safety",
    "image_other",
    "image_prohibited_content",
    "image_recitation",
    "safety",
    "prohibited_content",
    "blocklist",
    "spii",
    "recitation",
    "language",
    "other",
    "malformed_response",
    "max_tokens",
    "prompt_blocked",
    "prompt_blocked_other",
    "prompt_blocked_blocklist",
    "prompt_blocked_prohibited_content",
    "prompt_blocked_image_safety",
};

int64_t TextTokens(const std::string& text) {
  return (static_cast<int64_t>(text.size()) + 3) / 4;
}

std::string Signature(const Answer& answer, absl::string_view part) {
  const uint64_t hash = HashBytes(answer.response_id, HashBytes(part));
  return absl::Base64Escape(
      absl::StrCat("emulated-signature-", absl::Hex(hash)));
}

Json InlineData(const Answer& answer, const std::string& base64) {
  return {{"mimeType", answer.picture_mime_type}, {"data", base64}};
}

// The parts in their order. `counts` receives, for each, the tokens of the
// candidate that it is worth.
std::vector<Json> Parts(const Answer& answer) {
  std::vector<Json> parts;
  if (!answer.thought_text.empty()) {
    parts.push_back({{"text", answer.thought_text}, {"thought", true}});
  }
  if (!answer.draft_base64.empty()) {
    parts.push_back({{"inlineData", InlineData(answer, answer.draft_base64)},
                     {"thought", true}});
  }
  if (!answer.text.empty()) {
    Json part = {{"text", answer.text}};
    if (answer.with_signatures) {
      part["thoughtSignature"] = Signature(answer, "text");
    }
    parts.push_back(std::move(part));
  }
  if (!answer.picture_base64.empty()) {
    Json part = {{"inlineData", InlineData(answer, answer.picture_base64)}};
    if (answer.with_signatures) {
      part["thoughtSignature"] = Signature(answer, "picture");
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

struct Counted {
  int64_t text = 0;
  int64_t picture = 0;
};

Json Usage(const Answer& answer, Counted counted) {
  const int64_t prompt =
      answer.prompt_text_tokens + answer.prompt_picture_tokens;
  const int64_t candidates = counted.text + counted.picture;
  Json usage = {{"promptTokenCount", prompt}};
  if (candidates > 0) usage["candidatesTokenCount"] = candidates;
  usage["totalTokenCount"] = prompt + candidates + answer.thought_tokens;
  Json details = Json::array();
  details.push_back(
      {{"modality", "TEXT"}, {"tokenCount", answer.prompt_text_tokens}});
  if (answer.prompt_picture_tokens > 0) {
    details.push_back(
        {{"modality", "IMAGE"}, {"tokenCount", answer.prompt_picture_tokens}});
  }
  usage["promptTokensDetails"] = std::move(details);
  if (counted.picture > 0) {
    usage["candidatesTokensDetails"] =
        Json::array({{{"modality", "IMAGE"}, {"tokenCount", counted.picture}}});
  }
  if (answer.thought_tokens > 0) {
    usage["thoughtsTokenCount"] = answer.thought_tokens;
  }
  return usage;
}

Json Finished(Json candidate, const Answer& answer, Counted counted) {
  Json response = Json::object();
  if (!candidate.is_null()) {
    response["candidates"] = Json::array({std::move(candidate)});
  }
  response["usageMetadata"] = Usage(answer, counted);
  response["modelVersion"] = answer.model;
  response["responseId"] = answer.response_id;
  return response;
}

Json ContentOf(Json parts) {
  return {{"parts", std::move(parts)}, {"role", "model"}};
}

Json SafetyRatings() {
  Json ratings = Json::array();
  for (const char* category :
       {"HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_DANGEROUS_CONTENT"}) {
    const bool blocked = ratings.size() == 1;
    Json rating = {{"category", category},
                   {"probability", blocked ? "HIGH" : "NEGLIGIBLE"}};
    if (blocked) rating["blocked"] = true;
    ratings.push_back(std::move(rating));
  }
  return ratings;
}

Counted CountedOf(const Answer& answer) {
  return {TextTokens(answer.text), answer.picture_tokens};
}

}  // namespace

Json WholeResponse(const Answer& answer) {
  Json parts = Json::array();
  for (Json& part : Parts(answer)) parts.push_back(std::move(part));
  return Finished({{"content", ContentOf(std::move(parts))},
                   {"finishReason", "STOP"},
                   {"index", 0}},
                  answer, CountedOf(answer));
}

std::vector<Json> StreamedResponse(const Answer& answer) {
  std::vector<Json> events;
  Counted counted;
  for (Json& part : Parts(answer)) {
    if (!part.contains("thought")) {
      if (part.contains("text")) counted.text = TextTokens(answer.text);
      if (part.contains("inlineData")) counted.picture = answer.picture_tokens;
    }
    Json parts = Json::array();
    parts.push_back(std::move(part));
    events.push_back(
        Finished({{"content", ContentOf(std::move(parts))}, {"index", 0}},
                 answer, counted));
  }
  events.push_back(
      Finished({{"content", ContentOf(Json::array({{{"text", ""}}}))},
                {"finishReason", "STOP"},
                {"index", 0}},
               answer, CountedOf(answer)));
  return events;
}

Json ResponseWithoutImage(absl::string_view variant, const Answer& answer) {
  Answer bare = answer;
  bare.picture_base64.clear();
  bare.draft_base64.clear();
  bare.picture_tokens = 0;
  if (variant == "text_only") {
    bare.text = "I would rather describe the picture in words.";
    return WholeResponse(bare);
  }
  if (variant == "thought_only") {
    bare.thought_text = "Composing a draft.";
    bare.draft_base64 = answer.picture_base64;
    bare.text.clear();
    return WholeResponse(bare);
  }
  if (variant == "empty_candidate") {
    return Finished({{"content", Json::object()}, {"index", 0}}, bare, {});
  }
  if (variant == "no_candidates") return Finished(nullptr, bare, {});
  if (absl::ConsumePrefix(&variant, "prompt_blocked")) {
    absl::ConsumePrefix(&variant, "_");
    const std::string reason =
        variant.empty() ? "SAFETY" : absl::AsciiStrToUpper(variant);
    Json response = {{"promptFeedback", {{"blockReason", reason}}}};
    if (reason == "SAFETY") {
      response["promptFeedback"]["safetyRatings"] = SafetyRatings();
    }
    response.update(Finished(nullptr, bare, {}));
    return response;
  }
  Json candidate = {{"content", Json::object()},
                    {"finishReason", absl::AsciiStrToUpper(variant)},
                    {"index", 0}};
  if (variant == "max_tokens") {
    candidate["content"] =
        ContentOf(Json::array({{{"text", "Here is the pict"}}}));
  } else if (variant == "safety") {
    candidate["safetyRatings"] = SafetyRatings();
  } else if (variant == "image_safety" ||
             variant == "image_prohibited_content") {
    candidate.erase("content");
    candidate["finishMessage"] =
        "Unable to show the generated image. The model could not generate the "
        "image based on the prompt provided.";
  }
  return Finished(std::move(candidate), bare, {});
}

bool IsNoImageVariant(absl::string_view variant) {
  return std::find(std::begin(kVariants), std::end(kVariants), variant) !=
         std::end(kVariants);
}

std::string NoImageVariants() { return absl::StrJoin(kVariants, ", "); }

}  // namespace gemini_emulator
