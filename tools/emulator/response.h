// Successful answers of generateContent.

#ifndef EMULATOR_RESPONSE_H_
#define EMULATOR_RESPONSE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "emulator/json.h"

namespace gemini_emulator {

// What an answer is made of. Empty parts are left out.
struct Answer {
  std::string model;
  std::string response_id;
  std::string thought_text;
  std::string draft_base64;  // A picture among the thoughts.
  std::string text;
  std::string picture_base64;
  std::string picture_mime_type;
  bool with_signatures = false;
  int64_t prompt_text_tokens = 0;
  int64_t prompt_picture_tokens = 0;
  int64_t picture_tokens = 0;
  int64_t thought_tokens = 0;
};

// One response that holds everything.
Json WholeResponse(const Answer& answer);

// The same as the events of a stream: one a part, then one with the finish
// reason. Usage is a running total.
std::vector<Json> StreamedResponse(const Answer& answer);

// An answer that lacks its picture in one of the ways of NoImageVariants(). The
// answer gives model, id and counts.
Json ResponseWithoutImage(absl::string_view variant, const Answer& answer);

bool IsNoImageVariant(absl::string_view variant);

// "text_only, thought_only, …".
std::string NoImageVariants();

}  // namespace gemini_emulator

#endif  // EMULATOR_RESPONSE_H_
