// Who may include whom: the rule of docs/ARCHITECTURE.md.

#ifndef GEMINI_TESTS_LAYERS_LAYERS_H_
#define GEMINI_TESTS_LAYERS_LAYERS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::testing {

// Returns what is wrong with the #include lines of a file, one line each.
// `path` is relative to the project's root.
std::vector<std::string> FindForbiddenIncludes(absl::string_view path,
                                               absl::string_view text);

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_LAYERS_LAYERS_H_
