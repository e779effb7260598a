#include <algorithm>
#include <cmath>

#include "emulator/font.h"
#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

// Steps of the sky's gradient; what is left of the palette is for shapes.
constexpr int kSkySteps = 128;

// SplitMix64: a short generator whose numbers are fixed for all time.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  int Below(int bound) {
    return static_cast<int>(Next() % static_cast<uint64_t>(bound));
  }

  Colour Shade(int darkest, int lightest) {
    const auto channel = [&] {
      return static_cast<uint8_t>(darkest + Below(lightest - darkest));
    };
    return {channel(), channel(), channel()};
  }

 private:
  uint64_t state_;
};

Colour Mix(Colour from, Colour to, int part, int whole) {
  const auto channel = [&](uint8_t a, uint8_t b) {
    return static_cast<uint8_t>(a + (b - a) * part / std::max(whole, 1));
  };
  return {channel(from.red, to.red), channel(from.green, to.green),
          channel(from.blue, to.blue)};
}

class Painter {
 public:
  explicit Painter(Canvas* canvas) : canvas_(canvas) {}

  uint8_t AddColour(Colour colour) {
    canvas_->palette.push_back(colour);
    return static_cast<uint8_t>(canvas_->palette.size() - 1);
  }

  void Row(int y, int left, int right, uint8_t colour) {
    left = std::max(left, 0);
    right = std::min(right, canvas_->width);
    if (y < 0 || y >= canvas_->height || left >= right) return;
    const auto start = static_cast<ptrdiff_t>(y) * canvas_->width;
    std::fill(canvas_->pixels.begin() + start + left,
              canvas_->pixels.begin() + start + right, colour);
  }

  void Box(int left, int top, int width, int height, uint8_t colour) {
    for (int y = top; y < top + height; ++y) Row(y, left, left + width, colour);
  }

  void Sky(Colour top, Colour bottom) {
    for (int step = 0; step < kSkySteps; ++step) {
      const uint8_t colour = AddColour(Mix(top, bottom, step, kSkySteps));
      const int first = canvas_->height * step / kSkySteps;
      const int end = canvas_->height * (step + 1) / kSkySteps;
      Box(0, first, canvas_->width, end - first, colour);
    }
  }

  void Disc(int centre_x, int centre_y, int radius, uint8_t colour) {
    for (int y = -radius; y <= radius; ++y) {
      const int half = static_cast<int>(std::sqrt(
          static_cast<double>(radius) * radius - static_cast<double>(y) * y));
      Row(centre_y + y, centre_x - half, centre_x + half, colour);
    }
  }

  // A triangle that stands on the lower edge.
  void Mountain(int peak_x, int peak_y, int half_width, uint8_t colour) {
    const int rise = std::max(canvas_->height - peak_y, 1);
    for (int y = peak_y; y < canvas_->height; ++y) {
      const int half = static_cast<int>(static_cast<int64_t>(half_width) *
                                        (y - peak_y) / rise);
      Row(y, peak_x - half, peak_x + half, colour);
    }
  }

  void Character(char32_t character, int left, int top, int scale,
                 uint8_t colour) {
    const Glyph& glyph = GlyphOf(character);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[static_cast<size_t>(row)] >> (kGlyphWidth - 1 - column)) &
            1) {
          Box(left + column * scale, top + row * scale, scale, scale, colour);
        }
      }
    }
  }

 private:
  Canvas* const canvas_;
};

// Lenient: each byte that begins no sequence is a character of its own.
std::vector<char32_t> Characters(absl::string_view text, size_t limit) {
  std::vector<char32_t> characters;
  for (size_t i = 0; i < text.size() && characters.size() < limit;) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte >= 0xf0   ? 4
                          : byte >= 0xe0 ? 3
                          : byte >= 0xc0 ? 2
                                         : 1;
    const bool line_break = byte == '\n' || byte == '\t' || byte == '\r';
    characters.push_back(length > 1 ? 0xfffd : line_break ? ' ' : byte);
    i += length;
  }
  return characters;
}

void Caption(const PictureOrder& order, Painter* painter) {
  constexpr size_t kMostLines = 4;
  const int scale = std::max(1, std::min(order.width, order.height) / 256);
  const int advance = (kGlyphWidth + 1) * scale;
  const int line_height = (kGlyphHeight + 3) * scale;
  const int margin = 4 * scale;
  const auto columns =
      static_cast<size_t>(std::max(1, (order.width - 2 * margin) / advance));
  const std::vector<char32_t> text =
      Characters(order.prompt, columns * kMostLines);
  if (text.empty()) return;
  const int lines = static_cast<int>((text.size() + columns - 1) / columns);
  const int height = lines * line_height + margin;
  const int top = order.height - height;
  const uint8_t ground = painter->AddColour({16, 16, 24});
  const uint8_t ink = painter->AddColour({240, 240, 240});
  painter->Box(0, top, order.width, height, ground);
  for (size_t i = 0; i < text.size(); ++i) {
    painter->Character(
        text[i], margin + static_cast<int>(i % columns) * advance,
        top + margin + static_cast<int>(i / columns) * line_height, scale, ink);
  }
}

}  // namespace

uint64_t HashBytes(absl::string_view bytes, uint64_t seed) {
  uint64_t hash = seed;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211u;
  }
  return hash;
}

Canvas Paint(const PictureOrder& order) {
  Canvas canvas;
  canvas.width = order.width;
  canvas.height = order.height;
  canvas.pixels.resize(static_cast<size_t>(order.width) *
                       static_cast<size_t>(order.height));
  Painter painter(&canvas);
  Random random(HashBytes(order.prompt) ^ order.variant);

  painter.Sky(random.Shade(20, 140), random.Shade(150, 255));
  const int small = std::min(order.width, order.height);
  painter.Disc(random.Below(order.width), random.Below(order.height / 2),
               small / 16 + random.Below(small / 8),
               painter.AddColour(random.Shade(180, 255)));
  const int mountains = 3 + random.Below(4);
  for (int i = 0; i < mountains; ++i) {
    painter.Mountain(
        random.Below(order.width),
        order.height / 3 + random.Below(order.height / 2),
        order.width / 6 + random.Below(order.width / 3),
        painter.AddColour(random.Shade(20 + 10 * i, 120 + 10 * i)));
  }
  Caption(order, &painter);
  return canvas;
}

std::string DrawPicture(const PictureOrder& order) {
  const Canvas canvas = Paint(order);
  return order.format == PictureFormat::kJpeg ? EncodeJpeg(canvas, order)
                                              : EncodePng(canvas, order);
}

}  // namespace gemini_emulator
