#include "gemini/image_request.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "gemini/image.h"
#include "util/utf8.h"

namespace gemini {
namespace {

constexpr size_t kMaxPromptBytes = 1 << 20;
constexpr size_t kMaxReferenceImages = 14;
constexpr uint64_t kMaxReferenceBytes = uint64_t{70} << 20;
constexpr int kMaxCount = 100;

constexpr absl::string_view kAspectRatios[] = {
    "1:1",  "2:3",  "3:2",  "3:4", "4:3", "4:5", "5:4",
    "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1"};
constexpr absl::string_view kSizes[] = {"512", "1K", "2K", "4K"};

template <typename... What>
absl::Status Bad(absl::string_view field, const What&... what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what...));
}

absl::Status ValidatePrompt(absl::string_view prompt) {
  if (absl::StripAsciiWhitespace(prompt).empty()) {
    return Bad("prompt", "is empty; say what to draw");
  }
  if (prompt.size() > kMaxPromptBytes) {
    return Bad("prompt", "is ", prompt.size(), " bytes long, more than the ",
               kMaxPromptBytes, " allowed");
  }
  const size_t valid = internal::Utf8PrefixSize(prompt);
  if (valid != prompt.size()) {
    return Bad("prompt", "is not UTF-8: wrong byte at offset ", valid);
  }
  return absl::OkStatus();
}

// Empty means that the model chooses.
absl::Status ValidateChoice(absl::string_view field, absl::string_view value,
                            absl::Span<const absl::string_view> known) {
  if (value.empty()) return absl::OkStatus();
  for (const absl::string_view choice : known) {
    if (value == choice) return absl::OkStatus();
  }
  // What the caller wrote may be anything; it is shown only where it is short.
  return Bad(
      field, "must be one of ", absl::StrJoin(known, ", "),
      value.size() <= 16 && internal::Utf8PrefixSize(value) == value.size()
          ? absl::StrCat(", is \"", value, "\"")
          : "");
}

bool IsImageType(absl::string_view mime_type) {
  if (!absl::ConsumePrefix(&mime_type, "image/")) return false;
  for (const char c : mime_type) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains("-+.", c)) {
      return false;
    }
  }
  return !mime_type.empty() && mime_type.size() <= 64;
}

absl::Status ValidateReferenceImages(
    const std::vector<ReferenceImage>& images) {
  if (images.size() > kMaxReferenceImages) {
    return Bad("reference_images", "there are ", images.size(),
               ", more than the ", kMaxReferenceImages, " allowed");
  }
  uint64_t bytes = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string field = absl::StrCat("reference_images[", i, "]");
    const ReferenceImage& image = images[i];
    if (image.bytes.empty()) return Bad(field + ".bytes", "is empty");
    if (image.mime_type.empty()) {
      if (SniffImageType(image.bytes).empty()) {
        return Bad(field + ".bytes",
                   "is of no type that is known here; state its mime_type");
      }
    } else if (!IsImageType(image.mime_type)) {
      return Bad(field + ".mime_type",
                 "must be the type of a picture, such as image/png");
    }
    bytes += image.bytes.size();
  }
  if (bytes > kMaxReferenceBytes) {
    return Bad("reference_images", "are ", bytes,
               " bytes together, more than the ", kMaxReferenceBytes,
               " allowed");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const ImageRequest& request) {
  absl::Status status = ValidatePrompt(request.prompt);
  if (status.ok()) status = ValidateReferenceImages(request.reference_images);
  if (status.ok()) {
    status =
        ValidateChoice("aspect_ratio", request.aspect_ratio, kAspectRatios);
  }
  if (status.ok()) status = ValidateChoice("size", request.size, kSizes);
  if (status.ok() && (request.count < 1 || request.count > kMaxCount)) {
    status =
        Bad("count", "must be from 1 to ", kMaxCount, ", is ", request.count);
  }
  return status;
}

}  // namespace gemini
