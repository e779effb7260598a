// What to draw.

#ifndef GEMINI_IMAGE_REQUEST_H_
#define GEMINI_IMAGE_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace gemini {

// A picture that the model is to look at or change. Owns its bytes.
struct ReferenceImage {
  std::string bytes;      // An encoded picture: PNG, JPEG, WebP, HEIC, HEIF.
  std::string mime_type;  // Empty: told from the bytes.
};

struct ImageRequest {
  // What to draw: UTF-8, not empty, at most 1 MiB.
  std::string prompt;

  // Pictures to edit or to take as examples, at most 14; all of them together
  // at most 70 MiB (the service takes 100 MB of JSON; base64 adds a third).
  std::vector<ReferenceImage> reference_images;

  // "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  // and for some models "1:4", "4:1", "1:8", "8:1". Empty: the model chooses
  // (the ratio of the last reference image, else 1:1).
  std::string aspect_ratio;

  // "512", "1K", "2K" or "4K", as the model has them. Empty: the model's
  // default, usually 1K. Models of one fixed size refuse any value.
  std::string size;

  // How many pictures, 1 to 100. Each is a request of its own to the service,
  // and is paid for and may fail on its own.
  int count = 1;

  // Sent only when set: newer models may refuse it. Never a guarantee of the
  // same picture.
  std::optional<int32_t> seed;
};

// Returns OK, or kInvalidArgument that names the first field at fault.
absl::Status Validate(const ImageRequest& request);

}  // namespace gemini

#endif  // GEMINI_IMAGE_REQUEST_H_
