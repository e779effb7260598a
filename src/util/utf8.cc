#include "util/utf8.h"

namespace gemini::internal {

size_t Utf8CharacterSize(absl::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  size_t size = 0;
  // The second byte's range excludes overlong forms, surrogates and what lies
  // beyond U+10FFFF.
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    size = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    size = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < size || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

size_t Utf8PrefixSize(absl::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    const size_t n = Utf8CharacterSize(text.substr(size));
    if (n == 0) break;
    size += n;
  }
  return size;
}

}  // namespace gemini::internal
