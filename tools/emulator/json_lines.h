// Where in a JSON text its values stand.

#ifndef EMULATOR_JSON_LINES_H_
#define EMULATOR_JSON_LINES_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace gemini_emulator {

// The line, from 1, of each value in a well-formed document, by paths such as
// "faults[2].times". The line of a member is that of its name.
std::map<std::string, int> LinesOfValues(absl::string_view text);

}  // namespace gemini_emulator

#endif  // EMULATOR_JSON_LINES_H_
