#include "emulator/schema.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gemini_emulator {
namespace {

enum class Type {
  kString,
  kInt32,
  kNumber,
  kBool,
  kBytes,
  kEnum,
  kMessage,
  kAny
};

struct EnumType {
  absl::string_view name;
  std::initializer_list<absl::string_view> values;
};

struct MessageType;

struct Field {
  absl::string_view name;  // snake_case.
  Type type = Type::kAny;
  bool repeated = false;
  const MessageType* message = nullptr;
  const EnumType* enumeration = nullptr;
};

struct MessageType {
  absl::string_view name;
  std::initializer_list<Field> fields;
  // The names of the fields of which only one may be given.
  absl::string_view oneof;
  std::initializer_list<absl::string_view> oneof_fields;
};

constexpr bool kMany = true;

const EnumType kModality = {
    "GenerationConfig.Modality",
    {"MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO"}};
const EnumType kThinkingLevel = {
    "ThinkingConfig.ThinkingLevel",
    {"THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"}};
const EnumType kMediaResolution = {
    "GenerationConfig.MediaResolution",
    {"MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW",
     "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"}};
const EnumType kHarmCategory = {
    "HarmCategory",
    {"HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_HARASSMENT",
     "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
     "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY",
     "HARM_CATEGORY_JAILBREAK"}};
const EnumType kHarmThreshold = {
    "SafetySetting.HarmBlockThreshold",
    {"HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE",
     "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"}};
const EnumType kImageRatio = {
    "ImageResponseFormat.AspectRatio",
    {"ASPECT_RATIO_UNSPECIFIED", "ASPECT_RATIO_ONE_BY_ONE",
     "ASPECT_RATIO_TWO_BY_THREE", "ASPECT_RATIO_THREE_BY_TWO",
     "ASPECT_RATIO_THREE_BY_FOUR", "ASPECT_RATIO_FOUR_BY_THREE",
     "ASPECT_RATIO_FOUR_BY_FIVE", "ASPECT_RATIO_FIVE_BY_FOUR",
     "ASPECT_RATIO_NINE_BY_SIXTEEN", "ASPECT_RATIO_SIXTEEN_BY_NINE",
     "ASPECT_RATIO_TWENTY_ONE_BY_NINE", "ASPECT_RATIO_ONE_BY_EIGHT",
     "ASPECT_RATIO_EIGHT_BY_ONE", "ASPECT_RATIO_ONE_BY_FOUR",
     "ASPECT_RATIO_FOUR_BY_ONE"}};
const EnumType kImageSize = {
    "ImageResponseFormat.ImageSize",
    {"IMAGE_SIZE_UNSPECIFIED", "IMAGE_SIZE_FIVE_TWELVE", "IMAGE_SIZE_ONE_K",
     "IMAGE_SIZE_TWO_K", "IMAGE_SIZE_FOUR_K"}};
const EnumType kDelivery = {"ImageResponseFormat.Delivery",
                            {"DELIVERY_UNSPECIFIED", "INLINE", "URI"}};

const MessageType kBlob = {
    "Blob", {{"mime_type", Type::kString}, {"data", Type::kBytes}}, "", {}};
const MessageType kFileData = {
    "FileData",
    {{"mime_type", Type::kString}, {"file_uri", Type::kString}},
    "",
    {}};
const MessageType kPart = {
    "Part",
    {{"text", Type::kString},
     {"inline_data", Type::kMessage, false, &kBlob},
     {"file_data", Type::kMessage, false, &kFileData},
     {"function_call"},
     {"function_response"},
     {"executable_code"},
     {"code_execution_result"},
     {"tool_call"},
     {"tool_response"},
     {"audio_transcription"},
     {"thought", Type::kBool},
     {"thought_signature", Type::kBytes},
     {"media_resolution"},
     {"video_metadata"},
     {"part_metadata"},
     {"media_processing"},
     {"speech_metadata"}},
    "data",
    {"text", "inline_data", "file_data", "function_call", "function_response",
     "executable_code", "code_execution_result", "tool_call", "tool_response",
     "audio_transcription"}};
const MessageType kContent = {
    "Content",
    {{"parts", Type::kMessage, kMany, &kPart}, {"role", Type::kString}},
    "",
    {}};
const MessageType kImageConfig = {
    "ImageConfig",
    {{"aspect_ratio", Type::kString}, {"image_size", Type::kString}},
    "",
    {}};
const MessageType kImageResponseFormat = {
    "ImageResponseFormat",
    {{"aspect_ratio", Type::kEnum, false, nullptr, &kImageRatio},
     {"image_size", Type::kEnum, false, nullptr, &kImageSize},
     {"delivery", Type::kEnum, false, nullptr, &kDelivery},
     {"mime_type", Type::kString}},
    "",
    {}};
const MessageType kResponseFormat = {
    "ResponseFormat",
    {{"image", Type::kMessage, false, &kImageResponseFormat},
     {"text"},
     {"audio"}},
    "",
    {}};
const MessageType kThinkingConfig = {
    "ThinkingConfig",
    {{"include_thoughts", Type::kBool},
     {"thinking_budget", Type::kInt32},
     {"thinking_level", Type::kEnum, false, nullptr, &kThinkingLevel}},
    "",
    {}};
const MessageType kGenerationConfig = {
    "GenerationConfig",
    {{"candidate_count", Type::kInt32},
     {"stop_sequences", Type::kString, kMany},
     {"max_output_tokens", Type::kInt32},
     {"temperature", Type::kNumber},
     {"top_p", Type::kNumber},
     {"top_k", Type::kNumber},
     {"seed", Type::kInt32},
     {"response_mime_type", Type::kString},
     {"response_schema"},
     {"response_json_schema"},
     {"_response_json_schema"},
     {"presence_penalty", Type::kNumber},
     {"frequency_penalty", Type::kNumber},
     {"response_logprobs", Type::kBool},
     {"logprobs", Type::kInt32},
     {"enable_enhanced_civic_answers", Type::kBool},
     {"response_modalities", Type::kEnum, kMany, nullptr, &kModality},
     {"speech_config"},
     {"audio_transcription_config"},
     {"thinking_config", Type::kMessage, false, &kThinkingConfig},
     {"image_config", Type::kMessage, false, &kImageConfig},
     {"response_format", Type::kMessage, false, &kResponseFormat},
     {"media_resolution", Type::kEnum, false, nullptr, &kMediaResolution}},
    "",
    {}};
const MessageType kSafetySetting = {
    "SafetySetting",
    {{"category", Type::kEnum, false, nullptr, &kHarmCategory},
     {"threshold", Type::kEnum, false, nullptr, &kHarmThreshold}},
    "",
    {}};
const MessageType kTool = {"Tool",
                           {{"function_declarations"},
                            {"google_search_retrieval"},
                            {"google_search"},
                            {"google_maps"},
                            {"code_execution"},
                            {"computer_use"},
                            {"url_context"},
                            {"file_search"},
                            {"mcp_servers"}},
                           "",
                           {}};
const MessageType kGenerateContentRequest = {
    "GenerateContentRequest",
    {{"model", Type::kString},
     {"contents", Type::kMessage, kMany, &kContent},
     {"system_instruction", Type::kMessage, false, &kContent},
     {"generation_config", Type::kMessage, false, &kGenerationConfig},
     {"safety_settings", Type::kMessage, kMany, &kSafetySetting},
     {"tools", Type::kMessage, kMany, &kTool},
     {"tool_config"},
     {"cached_content", Type::kString},
     {"labels"},
     {"service_tier", Type::kString},
     {"store", Type::kBool},
     {"continuation_token", Type::kBytes}},
    "",
    {}};
const MessageType kCountTokensRequest = {
    "CountTokensRequest",
    {{"model", Type::kString},
     {"contents", Type::kMessage, kMany, &kContent},
     {"generate_content_request", Type::kMessage, false,
      &kGenerateContentRequest}},
    "",
    {}};

// "aspectRatio" is "aspect_ratio".
std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) snake += '_';
    snake +=
        static_cast<char>(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return snake;
}

std::string TypeUrl(absl::string_view name) {
  return absl::StrCat(
      "type.googleapis.com/google.ai.generativelanguage.v1beta.", name);
}

bool IsInt32(const Json& value) {
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (!value.is_string() ||
             !absl::SimpleAtod(value.get<std::string>(), &number)) {
    return false;
  }
  return number == std::floor(number) && number >= INT32_MIN &&
         number <= INT32_MAX;
}

bool IsNumber(const Json& value) {
  double number = 0;
  return value.is_number() ||
         (value.is_string() &&
          absl::SimpleAtod(value.get<std::string>(), &number));
}

bool IsBase64(const std::string& text) {
  const size_t length = text.find_last_not_of('=') == std::string::npos
                            ? 0
                            : text.find_last_not_of('=') + 1;
  return length % 4 != 1 && text.size() - length <= 2 &&
         std::all_of(
             text.begin(), text.begin() + static_cast<ptrdiff_t>(length),
             [](char c) {
               return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                      c == '+' || c == '/' || c == '-' || c == '_';
             });
}

bool IsOneOf(const EnumType& type, const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_string()) return false;
  const auto text = value.get<std::string>();
  return std::any_of(type.values.begin(), type.values.end(),
                     [&](absl::string_view name) {
                       return absl::EqualsIgnoreCase(name, text);
                     });
}

// A value as it is quoted in messages, cut where it is long.
std::string Quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  constexpr size_t kLongest = 100;
  if (text.size() > kLongest)
    text = absl::StrCat(text.substr(0, kLongest), "…");
  return text;
}

class Checker {
 public:
  std::vector<FieldViolation> Run(const Json& body, const MessageType& type) {
    Message(body, type, "");
    return std::move(violations_);
  }

 private:
  void Message(const Json& value, const MessageType& type,
               const std::string& path) {
    if (!value.is_object()) {
      Invalid(path, TypeUrl(type.name), Quoted(value));
      return;
    }
    std::string set;
    for (const auto& item : value.items()) {
      const Field* field = FindField(type, item.key());
      if (field == nullptr) {
        UnknownName(path, item.key(), "Cannot find field.");
        continue;
      }
      if (item.value().is_null()) continue;
      const std::string field_path = path.empty()
                                         ? std::string(field->name)
                                         : absl::StrCat(path, ".", field->name);
      if (IsInOneof(type, field->name)) {
        if (!set.empty()) {
          Add(path,
              absl::StrCat("Invalid value at '", path,
                           "' (oneof), oneof field '", type.oneof,
                           "' is already set. Cannot set '", item.key(), "'"));
        }
        set = std::string(field->name);
      }
      if (item.value().is_array() && field->type != Type::kAny) {
        if (!field->repeated) {
          UnknownName(path, item.key(),
                      "Proto field is not repeating, cannot start list.");
          continue;
        }
        size_t index = 0;
        for (const Json& element : item.value()) {
          Value(element, *field, absl::StrCat(field_path, "[", index++, "]"));
        }
      } else {
        // A single value stands for a list of one.
        Value(item.value(), *field, field_path);
      }
    }
  }

  void Value(const Json& value, const Field& field, const std::string& path) {
    if (field.type != Type::kMessage && field.type != Type::kAny &&
        value.is_structured()) {
      Add(path, absl::StrCat("Invalid value at '", path,
                             "', Starting an object on a scalar field"));
      return;
    }
    switch (field.type) {
      case Type::kAny:
        break;
      case Type::kMessage:
        Message(value, *field.message, path);
        break;
      case Type::kString:
        if (!value.is_string()) Invalid(path, "TYPE_STRING", Quoted(value));
        break;
      case Type::kInt32:
        if (!IsInt32(value)) Invalid(path, "TYPE_INT32", Quoted(value));
        break;
      case Type::kNumber:
        if (!IsNumber(value)) Invalid(path, "TYPE_FLOAT", Quoted(value));
        break;
      case Type::kBool:
        if (!value.is_boolean()) Invalid(path, "TYPE_BOOL", Quoted(value));
        break;
      case Type::kBytes:
        if (!value.is_string() ||
            !IsBase64(value.get_ref<const std::string&>())) {
          Invalid(path, "TYPE_BYTES",
                  absl::StrCat("Base64 decoding failed for ", Quoted(value)));
        }
        break;
      case Type::kEnum:
        if (!IsOneOf(*field.enumeration, value)) {
          Invalid(path, TypeUrl(field.enumeration->name), Quoted(value));
        }
        break;
    }
  }

  static const Field* FindField(const MessageType& type,
                                const std::string& name) {
    const std::string snake = SnakeCase(name);
    for (const Field& field : type.fields) {
      if (field.name == name || field.name == snake) return &field;
    }
    return nullptr;
  }

  static bool IsInOneof(const MessageType& type, absl::string_view name) {
    return std::find(type.oneof_fields.begin(), type.oneof_fields.end(),
                     name) != type.oneof_fields.end();
  }

  void UnknownName(const std::string& path, const std::string& name,
                   absl::string_view problem) {
    const std::string at = path.empty() ? "" : absl::StrCat(" at '", path, "'");
    Add(path, absl::StrCat("Invalid JSON payload received. Unknown name \"",
                           name, "\"", at, ": ", problem));
  }

  void Invalid(const std::string& path, absl::string_view type,
               absl::string_view value) {
    Add(path,
        absl::StrCat("Invalid value at '", path, "' (", type, "), ", value));
  }

  void Add(const std::string& field, std::string description) {
    violations_.push_back({field, std::move(description)});
  }

  std::vector<FieldViolation> violations_;
};

}  // namespace

std::vector<FieldViolation> CheckFields(const Json& body, RequestKind kind) {
  return Checker().Run(body, kind == RequestKind::kCountTokens
                                 ? kCountTokensRequest
                                 : kGenerateContentRequest);
}

}  // namespace gemini_emulator
