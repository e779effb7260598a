#include "absl/strings/match.h"
#include "gemini/image.h"

namespace gemini {
namespace {

struct Magic {
  size_t offset;
  absl::string_view bytes;
  absl::string_view mime_type;
};

constexpr Magic kMagic[] = {
    {0, "\x89PNG\r\n\x1a\n", "image/png"},
    {0, "\xff\xd8\xff", "image/jpeg"},
    {8, "WEBP", "image/webp"},  // After "RIFF" and a length.
    {0, "GIF8", "image/gif"},
    // ISO base media files tell their kind in the brand after "ftyp".
    {4, "ftypheic", "image/heic"},
    {4, "ftypheix", "image/heic"},
    {4, "ftypmif1", "image/heif"},
    {4, "ftypmsf1", "image/heif"},
    {4, "ftypavif", "image/avif"},
    {0, "BM", "image/bmp"},
    {0, absl::string_view("II*\0", 4), "image/tiff"},
    {0, absl::string_view("MM\0*", 4), "image/tiff"},
};

}  // namespace

absl::string_view SniffImageType(absl::string_view bytes) {
  for (const Magic& magic : kMagic) {
    if (bytes.size() < magic.offset + magic.bytes.size()) continue;
    if (bytes.substr(magic.offset, magic.bytes.size()) != magic.bytes) continue;
    if (magic.offset == 8 && !absl::StartsWith(bytes, "RIFF")) continue;
    return magic.mime_type;
  }
  return "";
}

absl::string_view SuffixForImageType(absl::string_view mime_type) {
  struct Suffix {
    absl::string_view mime_type;
    absl::string_view suffix;
  };
  constexpr Suffix kSuffixes[] = {
      {"image/png", ".png"},   {"image/jpeg", ".jpg"},  {"image/webp", ".webp"},
      {"image/gif", ".gif"},   {"image/heic", ".heic"}, {"image/heif", ".heif"},
      {"image/avif", ".avif"}, {"image/bmp", ".bmp"},   {"image/tiff", ".tiff"},
  };
  for (const Suffix& entry : kSuffixes) {
    if (entry.mime_type == mime_type) return entry.suffix;
  }
  return ".bin";
}

}  // namespace gemini
