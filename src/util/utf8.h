// UTF-8, checked (Unicode 15, table 3-7).

#ifndef GEMINI_SRC_UTIL_UTF8_H_
#define GEMINI_SRC_UTIL_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Returns how many bytes at the beginning of `text` (not empty) are one UTF-8
// character; 0 if they are none: overlong, a surrogate, cut off.
size_t Utf8CharacterSize(absl::string_view text);

// Returns how many bytes at the beginning of `text` are whole characters: all
// of them if it is UTF-8.
size_t Utf8PrefixSize(absl::string_view text);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_UTF8_H_
