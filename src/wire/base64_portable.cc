#include <array>
#include <cstdint>
#include <cstring>

#include "wire/base64_kernels.h"

namespace gemini::internal {
namespace {

constexpr uint32_t kBad = 0xff000000;

using Table = std::array<uint32_t, 256>;

// Gives each character's bits at their place in the group.
constexpr Table MakeTable(int shift) {
  Table table{};
  for (uint32_t& entry : table) entry = kBad;
  for (uint32_t i = 0; i < 64; ++i) {
    table[static_cast<unsigned char>(kBase64Alphabet[i])] = i << shift;
  }
  table['-'] = 62u << shift;
  table['_'] = 63u << shift;
  return table;
}

constexpr Table kFirst = MakeTable(18);
constexpr Table kSecond = MakeTable(12);
constexpr Table kThird = MakeTable(6);
constexpr Table kFourth = MakeTable(0);

}  // namespace

size_t DecodeGroupsPortable(const char* text, size_t size, char* out) {
  const auto* in = reinterpret_cast<const unsigned char*>(text);
  size_t read = 0;
  for (; size - read >= 4; read += 4, in += 4, out += 3) {
    const uint32_t group =
        kFirst[in[0]] | kSecond[in[1]] | kThird[in[2]] | kFourth[in[3]];
    if (group >= kBad) break;
    out[0] = static_cast<char>(group >> 16);
    out[1] = static_cast<char>(group >> 8);
    out[2] = static_cast<char>(group);
  }
  return read;
}

void EncodeGroupsPortable(const char* bytes, size_t groups, char* out) {
  const auto* in = reinterpret_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < groups; ++i, in += 3, out += 4) {
    const uint32_t group = static_cast<uint32_t>(in[0]) << 16 |
                           static_cast<uint32_t>(in[1]) << 8 | in[2];
    out[0] = kBase64Alphabet[group >> 18];
    out[1] = kBase64Alphabet[group >> 12 & 63];
    out[2] = kBase64Alphabet[group >> 6 & 63];
    out[3] = kBase64Alphabet[group & 63];
  }
}

}  // namespace gemini::internal
