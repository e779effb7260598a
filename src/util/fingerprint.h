// Telling keys apart without showing them.

#ifndef GEMINI_SRC_UTIL_FINGERPRINT_H_
#define GEMINI_SRC_UTIL_FINGERPRINT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Returns the first 8 hexadecimal digits of the SHA-256 of `secret`.
std::string Fingerprint(absl::string_view secret);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_FINGERPRINT_H_
