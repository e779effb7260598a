// The inner loops of base64.

#ifndef GEMINI_SRC_WIRE_BASE64_KERNELS_H_
#define GEMINI_SRC_WIRE_BASE64_KERNELS_H_

#include <cstddef>
#include <vector>

namespace gemini::internal {

inline constexpr char kBase64Alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Decodes groups of four characters from the beginning of `text` and writes
// three bytes to `out` for each. Stops before the first group that holds
// anything but characters of the two alphabets, or is incomplete. Returns the
// number of characters read. `out` needs room for size / 4 * 3 bytes, all of
// which may be written to.
size_t DecodeGroupsPortable(const char* text, size_t size, char* out);

// Encodes whole groups of three bytes from the beginning of `bytes`: `groups`
// of them, in the standard alphabet.
void EncodeGroupsPortable(const char* bytes, size_t groups, char* out);

// The same with the best instructions that the processor has, where the build
// has Highway; else these are the portable ones.
size_t DecodeGroups(const char* text, size_t size, char* out);
void EncodeGroups(const char* bytes, size_t groups, char* out);

struct Base64Kernels {
  const char* name;
  decltype(&DecodeGroupsPortable) decode;
  decltype(&EncodeGroupsPortable) encode;
};

// All that the build knows and this processor has, the best first.
std::vector<Base64Kernels> SupportedBase64Kernels();

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_BASE64_KERNELS_H_
