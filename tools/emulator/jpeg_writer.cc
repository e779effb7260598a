#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

constexpr size_t kSegment = 65533;  // What a marker segment can hold.

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf leave;
};

void LeaveOnError(j_common_ptr common) {
  std::longjmp(reinterpret_cast<ErrorManager*>(common->err)->leave, 1);
}

void WriteSegments(jpeg_compress_struct* jpeg, int marker, const char* data,
                   size_t size) {
  for (size_t done = 0; done < size;) {
    const size_t part = std::min(size - done, kSegment);
    jpeg_write_marker(jpeg, marker,
                      reinterpret_cast<const JOCTET*>(data + done),
                      static_cast<unsigned int>(part));
    done += part;
  }
}

// libjpeg leaves by longjmp: between setjmp and the end there must be no object
// with a destructor.
bool WriteJpeg(const Canvas& canvas, const PictureOrder& order,
               const std::string& filler, JSAMPLE* row, unsigned char** data,
               unsigned long* size) {  // NOLINT(google-runtime-int): libjpeg's
  jpeg_compress_struct jpeg;
  ErrorManager errors;
  jpeg.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = LeaveOnError;
  if (setjmp(errors.leave) != 0) {
    jpeg_destroy_compress(&jpeg);
    return false;
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, data, size);
  jpeg.image_width = static_cast<JDIMENSION>(canvas.width);
  jpeg.image_height = static_cast<JDIMENSION>(canvas.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 85, TRUE);
  jpeg.dct_method = JDCT_IFAST;
  jpeg_start_compress(&jpeg, TRUE);
  WriteSegments(&jpeg, JPEG_COM, order.prompt.data(), order.prompt.size());
  WriteSegments(&jpeg, JPEG_APP0 + 15, filler.data(), filler.size());
  for (int y = 0; y < canvas.height; ++y) {
    const uint8_t* pixel =
        canvas.pixels.data() + static_cast<ptrdiff_t>(y) * canvas.width;
    for (int x = 0; x < canvas.width; ++x) {
      const Colour& colour = canvas.palette[pixel[x]];
      JSAMPROW samples = row + ptrdiff_t{3} * x;
      samples[0] = colour.red;
      samples[1] = colour.green;
      samples[2] = colour.blue;
    }
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return true;
}

}  // namespace

std::string EncodeJpeg(const Canvas& canvas, const PictureOrder& order) {
  std::string filler(order.min_bytes, '\0');
  std::mt19937 random(static_cast<uint32_t>(HashBytes(order.prompt)));
  for (char& byte : filler) byte = static_cast<char>(random() & 0xff);
  std::vector<JSAMPLE> row(3 * static_cast<size_t>(canvas.width));
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
  const bool written =
      WriteJpeg(canvas, order, filler, row.data(), &data, &size);
  std::string out;
  if (written) out.assign(reinterpret_cast<const char*>(data), size);
  std::free(data);
  if (!written) throw std::runtime_error("cannot encode a JPEG");
  return out;
}

}  // namespace gemini_emulator
