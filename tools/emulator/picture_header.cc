#include "absl/strings/match.h"
#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

int Byte(absl::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

int Big16(absl::string_view bytes, size_t at) {
  return Byte(bytes, at) << 8 | Byte(bytes, at + 1);
}

// The frame header (SOF) comes after segments of known length.
void ReadJpegSize(absl::string_view bytes, PictureHeader* header) {
  size_t at = 2;
  while (at + 9 <= bytes.size() && Byte(bytes, at) == 0xff) {
    const int marker = Byte(bytes, at + 1);
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
                       marker != 0xc8 && marker != 0xcc;
    if (frame) {
      header->height = Big16(bytes, at + 5);
      header->width = Big16(bytes, at + 7);
      return;
    }
    at += 2 + static_cast<size_t>(Big16(bytes, at + 2));
  }
}

}  // namespace

absl::string_view MimeTypeOf(PictureFormat format) {
  return format == PictureFormat::kJpeg ? "image/jpeg" : "image/png";
}

PictureHeader ReadPictureHeader(absl::string_view bytes) {
  PictureHeader header;
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) {
    header.mime_type = "image/png";
    if (bytes.size() >= 24 && Big16(bytes, 16) == 0 && Big16(bytes, 20) == 0) {
      header.width = Big16(bytes, 18);
      header.height = Big16(bytes, 22);
    }
  } else if (absl::StartsWith(bytes, "\xff\xd8\xff")) {
    header.mime_type = "image/jpeg";
    ReadJpegSize(bytes, &header);
  } else if (absl::StartsWith(bytes, "RIFF") && bytes.size() >= 12 &&
             bytes.substr(8, 4) == "WEBP") {
    header.mime_type = "image/webp";
  } else if (absl::StartsWith(bytes, "GIF8")) {
    header.mime_type = "image/gif";
  } else if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") {
    header.mime_type = "image/heic";
  }
  if (header.width <= 0 || header.height <= 0) {
    header.width = 0;
    header.height = 0;
  }
  return header;
}

}  // namespace gemini_emulator
