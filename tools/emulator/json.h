// JSON as the Gemini API writes it.

#ifndef EMULATOR_JSON_H_
#define EMULATOR_JSON_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace gemini_emulator {

// Keeps the order of members: responses list them as the service does.
using Json = nlohmann::ordered_json;

// Two spaces an indent and a newline at the end, as answers of unary calls.
std::string PrettyJson(const Json& value);

// One line, a space after each colon and none after commas, as in SSE events.
std::string CompactJson(const Json& value);

}  // namespace gemini_emulator

#endif  // EMULATOR_JSON_H_
