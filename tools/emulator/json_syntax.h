// What the service says of a body that is not JSON.

#ifndef EMULATOR_JSON_SYNTAX_H_
#define EMULATOR_JSON_SYNTAX_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gemini_emulator {

// Returns nothing for a JSON document of at most 100 levels, else the message:
// what was expected, an excerpt, and a caret below the place. The words are
// those of protobuf's JSON parser, which the service uses.
std::optional<std::string> JsonSyntaxError(absl::string_view text);

}  // namespace gemini_emulator

#endif  // EMULATOR_JSON_SYNTAX_H_
