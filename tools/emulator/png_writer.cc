#include <png.h>
#include <zlib.h>

#include <csetjmp>
#include <random>
#include <stdexcept>

#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

void AppendToString(png_structp png, png_bytep data, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))
      ->append(reinterpret_cast<const char*>(data), size);
}

void FlushNothing(png_structp) {}

// libpng leaves by longjmp: between setjmp and the end there must be no object
// with a destructor.
bool WritePng(const Canvas& canvas, const PictureOrder& order,
              const std::string& filler, std::string* out) {
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  if (png == nullptr) return false;
  png_infop info = png_create_info_struct(png);
  if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_set_write_fn(png, out, AppendToString, FlushNothing);
  png_set_IHDR(png, info, static_cast<png_uint_32>(canvas.width),
               static_cast<png_uint_32>(canvas.height), 8,
               PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_color palette[256];
  for (size_t i = 0; i < canvas.palette.size(); ++i) {
    palette[i] = {canvas.palette[i].red, canvas.palette[i].green,
                  canvas.palette[i].blue};
  }
  png_set_PLTE(png, info, palette, static_cast<int>(canvas.palette.size()));
  // What is painted is runs of one colour.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, Z_RLE);
  png_set_compression_buffer_size(png, 1 << 16);

  char key[] = "Description";
  char language[] = "";
  png_text text = {};
  text.compression = PNG_ITXT_COMPRESSION_NONE;
  text.key = key;
  text.text = const_cast<char*>(order.prompt.c_str());
  text.itxt_length = order.prompt.size();
  text.lang = language;
  text.lang_key = language;
  png_set_text(png, info, &text, 1);

  png_write_info(png, info);
  if (!filler.empty()) {
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("paDd"),
                    reinterpret_cast<png_const_bytep>(filler.data()),
                    filler.size());
  }
  const auto stride = static_cast<size_t>(canvas.width);
  for (int y = 0; y < canvas.height; ++y) {
    png_write_row(png, canvas.pixels.data() + static_cast<size_t>(y) * stride);
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return true;
}

}  // namespace

std::string EncodePng(const Canvas& canvas, const PictureOrder& order) {
  std::string filler(order.min_bytes, '\0');
  std::mt19937 random(static_cast<uint32_t>(HashBytes(order.prompt)));
  for (char& byte : filler) byte = static_cast<char>(random() & 0xff);
  std::string out;
  if (!WritePng(canvas, order, filler, &out)) {
    throw std::runtime_error("cannot encode a PNG");
  }
  return out;
}

}  // namespace gemini_emulator
