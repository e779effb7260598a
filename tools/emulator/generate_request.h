// A generateContent request that was understood.

#ifndef EMULATOR_GENERATE_REQUEST_H_
#define EMULATOR_GENERATE_REQUEST_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "emulator/catalog.h"
#include "emulator/error_bodies.h"
#include "emulator/json.h"
#include "emulator/picture.h"

namespace gemini_emulator {

struct GenerateRequest {
  std::string prompt;  // The text parts of the last turn, a line each.
  int64_t text_tokens = 0;
  int64_t picture_tokens = 0;
  uint64_t variant = 0;  // A hash of input pictures and seed.
  std::string aspect_ratio;
  std::string image_size;
  std::string picture_mime_type;  // Empty where none was asked for.
  bool wants_text = true;
  bool wants_picture = false;
  bool include_thoughts = false;
};

// Reads a body that passed CheckFields(). Files of the Files API are refused,
// as the emulator keeps none.
std::variant<GenerateRequest, ApiError> ReadGenerateRequest(const Json& body,
                                                            const Model& model);

// The text of the last turn, of any body: empty where it cannot be found.
std::string PromptOf(const Json& body);

// The tokens of all contents. Four bytes of text count for one.
struct TokenCount {
  int64_t text = 0;
  int64_t pictures = 0;
  int64_t total() const { return text + pictures; }
};
TokenCount CountTokens(const Json& body);

// The member of a message by its lowerCamelCase name, which may be written in
// snake_case too; null where it is absent.
const Json* FindMember(const Json& object, absl::string_view camel_name);

}  // namespace gemini_emulator

#endif  // EMULATOR_GENERATE_REQUEST_H_
