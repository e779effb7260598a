#include "emulator/generate_request.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace gemini_emulator {
namespace {

constexpr int64_t kTokensOfPicture = 258;

std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(byte)) snake += '_';
    snake += static_cast<char>(absl::ascii_tolower(byte));
  }
  return snake;
}

// A repeated field may be given as a single value.
std::vector<const Json*> ListOf(const Json* value) {
  std::vector<const Json*> list;
  if (value == nullptr) return list;
  if (!value->is_array()) return {value};
  for (const Json& element : *value) list.push_back(&element);
  return list;
}

std::string StringMember(const Json* object, absl::string_view name) {
  const Json* value = object == nullptr ? nullptr : FindMember(*object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>()
                                                : "";
}

bool HasPayload(const Json& part) {
  for (const char* name :
       {"text", "inlineData", "fileData", "functionCall", "functionResponse",
        "executableCode", "codeExecutionResult", "toolCall", "toolResponse",
        "audioTranscription"}) {
    if (FindMember(part, name) != nullptr) return true;
  }
  return false;
}

// The value of an enum name of responseFormat.image, as imageConfig has it.
std::string RatioOfEnum(const std::string& name) {
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"TWENTY_ONE", "21"}, {"SIXTEEN", "16"}, {"NINE", "9"},
      {"EIGHT", "8"},       {"FIVE", "5"},     {"FOUR", "4"},
      {"THREE", "3"},       {"TWO", "2"},      {"ONE", "1"}};
  absl::string_view rest = name;
  absl::ConsumePrefix(&rest, "ASPECT_RATIO_");
  std::string ratio;
  const auto number = [&] {
    for (const auto& word : kWords) {
      if (absl::ConsumePrefix(&rest, word.first)) {
        absl::StrAppend(&ratio, word.second);
        return;
      }
    }
  };
  number();
  if (absl::ConsumePrefix(&rest, "_BY_")) ratio += ':';
  number();
  return absl::StrContains(ratio, ':') ? ratio : "";
}

std::string SizeOfEnum(const std::string& name) {
  if (name == "IMAGE_SIZE_FIVE_TWELVE") return "512";
  if (name == "IMAGE_SIZE_ONE_K") return "1K";
  if (name == "IMAGE_SIZE_TWO_K") return "2K";
  return name == "IMAGE_SIZE_FOUR_K" ? "4K" : "";
}

// "'1:1', '2:3', or '21:9'".
std::string Choices(const std::vector<std::string>& values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ",
                    i > 0 && i + 1 == values.size() ? "or " : "", "'",
                    values[i], "'");
  }
  return text;
}

class Reader {
 public:
  Reader(const Json& body, const Model& model) : body_(body), model_(model) {}

  std::variant<GenerateRequest, ApiError> Read() {
    ReadContents();
    if (!error_) ReadConfig();
    if (error_) return *std::move(error_);
    request_.prompt = PromptOf(body_);
    const TokenCount tokens = CountTokens(body_);
    request_.text_tokens = tokens.text;
    request_.picture_tokens = tokens.pictures;
    return std::move(request_);
  }

 private:
  void Fail(ApiError error) {
    if (!error_) error_ = std::move(error);
  }
  void Fail(absl::string_view message) { Fail(InvalidArgument(message)); }

  void ReadContents() {
    const auto contents = ListOf(FindMember(body_, "contents"));
    if (contents.empty()) {
      Fail("* GenerateContentRequest.contents: contents is not specified\n");
    }
    for (size_t i = 0; i < contents.size(); ++i) {
      const Json& content = *contents[i];
      const std::string role = StringMember(&content, "role");
      if (!role.empty() && role != "user" && role != "model" &&
          role != "function") {
        Fail("Please use a valid role: user, model.");
      }
      const auto parts = ListOf(FindMember(content, "parts"));
      if (parts.empty()) {
        Fail(absl::StrCat("* GenerateContentRequest.contents[", i,
                          "].parts: contents.parts must not be empty.\n"));
      }
      for (size_t j = 0; j < parts.size(); ++j) {
        ReadPart(*parts[j], role == "model", i, j);
      }
    }
  }

  void ReadPart(const Json& part, bool of_model, size_t content, size_t index) {
    if (!HasPayload(part)) {
      Fail(absl::StrCat("* GenerateContentRequest.contents[", content,
                        "].parts[", index,
                        "].data: required oneof field 'data' must have one "
                        "initialized field\n"));
      return;
    }
    if (const Json* file = FindMember(part, "fileData")) ReadFile(*file);
    const Json* blob = FindMember(part, "inlineData");
    if (blob == nullptr) return;
    const Json* thought = FindMember(part, "thought");
    const bool is_thought =
        thought != nullptr && thought->is_boolean() && thought->get<bool>();
    if (of_model && model_.signs_thoughts && !is_thought &&
        StringMember(&part, "thoughtSignature").empty()) {
      Fail(
          absl::StrCat("Image part is missing a thought_signature in content "
                       "position ",
                       content + 1, ", part position ", index + 1,
                       ". Please refer to "
                       "https://ai.google.dev/gemini-api/docs/"
                       "thought-signatures for more details."));
    }
    ReadPicture(*blob);
  }

  void ReadFile(const Json& file) {
    const std::string uri = StringMember(&file, "fileUri");
    const size_t name = uri.find("/files/");
    if (absl::StartsWith(uri, "files/") || name != std::string::npos) {
      // The emulator keeps no files: to the service, one that is not there and
      // one of another project are the same.
      const std::string id =
          name == std::string::npos ? uri.substr(6) : uri.substr(name + 7);
      Fail(MakeError(403, "PERMISSION_DENIED",
                     absl::StrCat("You do not have permission to access the "
                                  "File ",
                                  id, " or it may not exist.")));
    }
    request_.variant = HashBytes(uri, request_.variant);
  }

  void ReadPicture(const Json& blob) {
    const std::string mime_type = StringMember(&blob, "mimeType");
    if (!absl::StartsWith(mime_type, "image/")) {
      if (mime_type.empty())
        Fail("Unable to determine mime type of inlineData.");
      return;
    }
    const std::string data = StringMember(&blob, "data");
    std::string bytes;
    if (!absl::Base64Unescape(data, &bytes)) {
      absl::WebSafeBase64Unescape(data, &bytes);
    }
    const PictureHeader header = ReadPictureHeader(bytes);
    if (header.mime_type.empty())
      Fail(*ErrorFromTemplate("image_rejected", {}));
    if (header.width > 0) last_picture_ = {header.width, header.height};
    request_.variant = HashBytes(bytes, request_.variant);
  }

  void ReadConfig() {
    const Json* config = FindMember(body_, "generationConfig");
    const Json empty = Json::object();
    if (config == nullptr) config = &empty;
    ReadModalities(*config);
    const Json* count = FindMember(*config, "candidateCount");
    if (count != nullptr && count->is_number() && count->get<double>() > 1) {
      Fail("Multiple candidates is not enabled for this model");
    }
    if (const Json* seed = FindMember(*config, "seed")) {
      request_.variant = HashBytes(seed->dump(), request_.variant);
    }
    if (const Json* thinking = FindMember(*config, "thinkingConfig")) {
      const Json* include = FindMember(*thinking, "includeThoughts");
      const bool asked = include != nullptr && include->get<bool>();
      if (!model_.thinking) Fail("Thinking is not enabled for this model");
      request_.include_thoughts = asked;
    }
    ReadImageConfig(*config);
  }

  void ReadModalities(const Json& config) {
    std::vector<std::string> asked;
    for (const Json* value : ListOf(FindMember(config, "responseModalities"))) {
      if (value->is_string()) {
        asked.push_back(absl::AsciiStrToUpper(value->get<std::string>()));
      }
    }
    const bool draws = model_.kind == ModelKind::kImage;
    if (asked.empty()) {
      request_.wants_picture = draws;
      return;
    }
    const auto has = [&](absl::string_view modality) {
      return std::find(asked.begin(), asked.end(), modality) != asked.end();
    };
    request_.wants_text = has("TEXT");
    request_.wants_picture = has("IMAGE");
    if (has("AUDIO") || has("VIDEO") || (request_.wants_picture && !draws)) {
      Fail(absl::StrCat(
          "The requested combination of response modalities (",
          absl::StrJoin(asked, ", "),
          ") is not supported by the model. models/", model_.id,
          " accepts the following combination of response modalities:\n",
          draws ? "* TEXT\n* IMAGE\n* TEXT, IMAGE\n" : "* TEXT\n"));
    }
  }

  void ReadImageConfig(const Json& config) {
    const Json* image = FindMember(config, "imageConfig");
    request_.aspect_ratio = StringMember(image, "aspectRatio");
    request_.image_size = StringMember(image, "imageSize");
    if (const Json* format = FindMember(config, "responseFormat")) {
      image = FindMember(*format, "image");
      const std::string ratio = RatioOfEnum(StringMember(image, "aspectRatio"));
      const std::string size = SizeOfEnum(StringMember(image, "imageSize"));
      if (!ratio.empty()) request_.aspect_ratio = ratio;
      if (!size.empty()) request_.image_size = size;
      request_.picture_mime_type = StringMember(image, "mimeType");
    }
    if (model_.kind != ModelKind::kImage) {
      if (!request_.aspect_ratio.empty()) {
        Fail("Aspect ratio is not enabled for this model");
      }
      return;
    }
    if (!request_.image_size.empty() && model_.breaks_on_image_size) {
      Fail(ErrorFromStatus(500));
    }
    CheckChoice("aspect_ratio", request_.aspect_ratio, model_.aspect_ratios);
    std::vector<std::string> sizes;
    for (const OutputSize& size : model_.sizes) sizes.push_back(size.name);
    CheckChoice("image_size", request_.image_size, sizes);
    if (request_.image_size.empty()) request_.image_size = "1K";
    if (request_.aspect_ratio.empty()) {
      request_.aspect_ratio =
          last_picture_ ? NearestAspectRatio(model_, *last_picture_) : "1:1";
    }
  }

  void CheckChoice(absl::string_view field, const std::string& value,
                   const std::vector<std::string>& choices) {
    if (value.empty() ||
        std::find(choices.begin(), choices.end(), value) != choices.end()) {
      return;
    }
    Fail(absl::StrCat(
        "* GenerateContentRequest.generation_config.image_config.", field, ": ",
        field, " must be one of ", Choices(choices), ".\n"));
  }

  const Json& body_;
  const Model& model_;
  GenerateRequest request_;
  std::optional<PixelSize> last_picture_;
  std::optional<ApiError> error_;
};

void CountContent(const Json* content, TokenCount* count) {
  if (content == nullptr) return;
  for (const Json* part : ListOf(FindMember(*content, "parts"))) {
    const Json* text = FindMember(*part, "text");
    if (text != nullptr && text->is_string()) {
      const auto bytes =
          static_cast<int64_t>(text->get_ref<const std::string&>().size());
      count->text += (bytes + 3) / 4;
    }
    if (FindMember(*part, "inlineData") != nullptr ||
        FindMember(*part, "fileData") != nullptr) {
      count->pictures += kTokensOfPicture;
    }
  }
}

}  // namespace

std::variant<GenerateRequest, ApiError> ReadGenerateRequest(
    const Json& body, const Model& model) {
  return Reader(body, model).Read();
}

std::string PromptOf(const Json& body) {
  const auto contents = ListOf(FindMember(body, "contents"));
  if (contents.empty()) return "";
  std::vector<std::string> lines;
  for (const Json* part : ListOf(FindMember(*contents.back(), "parts"))) {
    const Json* text = FindMember(*part, "text");
    if (text != nullptr && text->is_string()) {
      lines.push_back(text->get<std::string>());
    }
  }
  return absl::StrJoin(lines, "\n");
}

TokenCount CountTokens(const Json& body) {
  TokenCount count;
  const Json* request = FindMember(body, "generateContentRequest");
  const Json& counted = request == nullptr ? body : *request;
  for (const Json* content : ListOf(FindMember(counted, "contents"))) {
    CountContent(content, &count);
  }
  CountContent(FindMember(counted, "systemInstruction"), &count);
  return count;
}

const Json* FindMember(const Json& object, absl::string_view camel_name) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(std::string(camel_name));
  if (found == object.end()) found = object.find(SnakeCase(camel_name));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace gemini_emulator
