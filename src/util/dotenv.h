// Reading .env files.

#ifndef GEMINI_SRC_UTIL_DOTENV_H_
#define GEMINI_SRC_UTIL_DOTENV_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gemini::internal {

using DotenvValues = std::map<std::string, std::string>;

// Reads lines of the form NAME=value. "export " before the name, blank lines
// and lines that begin with # are allowed. A value may stand in single quotes
// (taken as it is) or in double quotes (\n, \r, \t, \", \\ and \$ are escapes);
// otherwise it ends at " #" and is trimmed. The last line of a name counts.
//
// Errors: kInvalidArgument with the number of the line, never with its value.
absl::StatusOr<DotenvValues> ParseDotenv(absl::string_view text);

// Reads a file of at most 1 MiB. Errors: those of ParseDotenv; kNotFound or
// kPermissionDenied with the path.
absl::StatusOr<DotenvValues> ReadDotenv(const std::string& path);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_DOTENV_H_
