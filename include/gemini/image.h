// A picture, and how its type is told from its bytes.

#ifndef GEMINI_IMAGE_H_
#define GEMINI_IMAGE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace gemini {

// An encoded picture, as the model sent it: PNG, JPEG or WebP.
struct Image {
  std::string bytes;      // Empty if another sink (sink.h) took them.
  std::string mime_type;  // As sniffed from the bytes, not as announced.
  int index = 0;          // Which of the pictures asked for, from 0.
  int64_t size = 0;       // In bytes, wherever they are.
  std::string path;       // The file that a FileSink wrote; else empty.
};

// Returns the MIME type that the first bytes of a file tell ("image/png",
// "image/jpeg", "image/webp", "image/gif", "image/heic", "image/heif",
// "image/avif", "image/bmp", "image/tiff"), or an empty string. 16 bytes are
// enough.
absl::string_view SniffImageType(absl::string_view bytes);

// Returns the usual file name suffix of a MIME type with its dot (".png"), or
// ".bin" for an unknown one.
absl::string_view SuffixForImageType(absl::string_view mime_type);

}  // namespace gemini

#endif  // GEMINI_IMAGE_H_
