// Pictures: what is asked for, and what is delivered.

#ifndef EMULATOR_PICTURE_H_
#define EMULATOR_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini_emulator {

enum class PictureFormat { kPng, kJpeg };

// Equal orders give equal bytes.
struct PictureOrder {
  std::string prompt;    // Drawn as the caption and kept in the file.
  uint64_t variant = 0;  // Input pictures, seed: what else the prompt had.
  int width = 1024;
  int height = 1024;
  PictureFormat format = PictureFormat::kPng;
  size_t min_bytes = 0;  // Filled up to this size with random bytes.
};

struct Colour {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
};

// Rows from the top, a pixel being an index into the palette: a third of the
// bytes to draw and to compress.
struct Canvas {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
  std::vector<Colour> palette;  // At most 256.
};

// Draws a landscape of the colours and shapes that the order's hash chooses,
// with the prompt below.
Canvas Paint(const PictureOrder& order);

// The prompt is in an iTXt chunk "Description".
std::string EncodePng(const Canvas& canvas, const PictureOrder& order);

// The prompt is in COM segments; one too long for a segment goes on in the
// next.
std::string EncodeJpeg(const Canvas& canvas, const PictureOrder& order);

// A file in the order's format.
std::string DrawPicture(const PictureOrder& order);

absl::string_view MimeTypeOf(PictureFormat format);

// What the first bytes of a picture tell. An empty type means that they are of
// no kind of picture that the API reads; a width of 0, that it is unknown.
struct PictureHeader {
  std::string mime_type;
  int width = 0;
  int height = 0;
};
PictureHeader ReadPictureHeader(absl::string_view bytes);

// FNV-1a. The same on all machines and in all versions.
uint64_t HashBytes(absl::string_view bytes,
                   uint64_t seed = 14695981039346656037u);

}  // namespace gemini_emulator

#endif  // EMULATOR_PICTURE_H_
