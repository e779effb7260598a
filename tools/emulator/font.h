// A bitmap font for captions: the printable ASCII characters, five by seven.

#ifndef EMULATOR_FONT_H_
#define EMULATOR_FONT_H_

#include <array>
#include <cstdint>

namespace gemini_emulator {

constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 7;

// Rows from the top; bit 4 is the leftmost column.
using Glyph = std::array<uint8_t, kGlyphHeight>;

// Characters outside of printable ASCII get an empty box.
const Glyph& GlyphOf(char32_t character);

}  // namespace gemini_emulator

#endif  // EMULATOR_FONT_H_
