// Base64 on vectors of whatever size the processor has, after Muła and Lemire,
// "Faster Base64 Encoding and Decoding using AVX2 Instructions" (2018),
// https://arxiv.org/abs/1704.00605.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wire/base64_kernels.h"

// Highway leaves out the newest instructions unless asked for them.
#define HWY_WANT_AVX3_DL

// Its assertions call its library, and only its headers are used here.
#undef HWY_IS_DEBUG_BUILD
#define HWY_IS_DEBUG_BUILD 0

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "wire/base64_simd.cc"
#include "hwy/foreach_target.h"
// Behind the line above, as Highway wants it.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemini::internal {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

size_t DecodeVectors(const char* text, size_t size, char* out) {
  return DecodeGroupsPortable(text, size, out);
}

void EncodeVectors(const char* bytes, size_t groups, char* out) {
  EncodeGroupsPortable(bytes, groups, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::ScalableTag<uint8_t>;
using Words = hn::Repartition<uint16_t, Bytes>;
using Groups = hn::Repartition<uint32_t, Bytes>;
using ByteVector = hn::Vec<Bytes>;

constexpr Bytes kBytes;
constexpr Words kWords;
constexpr Groups kGroups;

// Tables of 16 bytes, looked up by a nibble in each block of 16 bytes.
// A character is in the alphabet if the entries of its two nibbles have no bit
// in common.
alignas(16) constexpr uint8_t kBadByLow[16] = {
    0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
    0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a};
alignas(16) constexpr uint8_t kBadByHigh[16] = {
    0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
    0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};

// What is to be added to a character to give its sextet, by its high nibble; 1
// stands for '/'.
alignas(16) constexpr uint8_t kToSextet[16] = {
    0, 16, 19, 4, 256 - 65, 256 - 65, 256 - 71, 256 - 71};

// The three bytes of each group of four, their order turned round.
alignas(16) constexpr uint8_t kPackGroups[16] = {2, 1,  0,  6,  5, 4, 10, 9,
                                                 8, 14, 13, 12, 0, 0, 0,  0};

// The other way: byte 1, 0, 2, 1 of each three.
alignas(16) constexpr uint8_t kSpreadGroups[16] = {1, 0, 2, 1, 4,  3, 5,  4,
                                                   7, 6, 8, 7, 10, 9, 11, 10};

// What is to be added to a sextet: by 0 for a to z, 1 to 10 for digits, 11 for
// '+', 12 for '/', 13 for A to Z.
alignas(16) constexpr uint8_t kToCharacter[16] = {
    71,      256 - 4, 256 - 4, 256 - 4, 256 - 4,  256 - 4,  256 - 4,
    256 - 4, 256 - 4, 256 - 4, 256 - 4, 256 - 19, 256 - 16, 65};

HWY_INLINE ByteVector Table(const uint8_t* table) {
  return hn::LoadDup128(kBytes, table);
}

// Indices that spread three lanes over each block of four.
HWY_INLINE auto SpreadIndices() {
  HWY_ALIGN int32_t indices[hn::MaxLanes(kGroups)] = {};
  const size_t n = hn::Lanes(kGroups);
  for (size_t i = 0; i < n; ++i) {
    indices[i] = static_cast<int32_t>(i % 4 < 3 ? i / 4 * 3 + i % 4 : 0);
  }
  return hn::SetTableIndices(kGroups, indices);
}

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL

// A table of 128 bytes in two registers, and multiplications that shift and add
// in one: Highway 1.0.3 has no words for them. Twice as fast as what follows.

struct VectorTables {
  constexpr VectorTables() {
    for (uint8_t& entry : sextets) entry = 0x80;
    for (uint8_t i = 0; i < 64; ++i) {
      sextets[static_cast<uint8_t>(kBase64Alphabet[i])] = i;
    }
    sextets['-'] = 62;
    sextets['_'] = 63;
    for (uint8_t i = 0; i < 48; ++i) {
      packed[i] = static_cast<uint8_t>(i / 3 * 4 + 2 - i % 3);
    }
  }

  uint8_t sextets[128] = {};  // By the character; 0x80 for none.
  uint8_t packed[64] = {};    // Where each byte of the result comes from.
};

alignas(64) constexpr VectorTables kTables;

HWY_INLINE ByteVector ToSextets(ByteVector text, ByteVector* bad) {
  const __m512i sextets =
      _mm512_permutex2var_epi8(_mm512_load_si512(kTables.sextets), text.raw,
                               _mm512_load_si512(kTables.sextets + 64));
  *bad = hn::Or(*bad, hn::Or(text, ByteVector{sextets}));
  return ByteVector{sextets};
}

HWY_INLINE bool IsGood(ByteVector bad) {
  return _mm512_movepi8_mask(bad.raw) == 0;
}

HWY_INLINE __m512i PackIndices() { return _mm512_load_si512(kTables.packed); }

HWY_INLINE void StorePacked(ByteVector sextets, __m512i indices, uint8_t* out) {
  const __m512i pairs =
      _mm512_maddubs_epi16(sextets.raw, _mm512_set1_epi32(0x01400140));
  const __m512i groups =
      _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
  _mm512_storeu_si512(out, _mm512_permutexvar_epi8(indices, groups));
}

#else

// Replaces characters by sextets; what it adds to `bad` is not zero where a
// character is none of the alphabet's.
HWY_INLINE ByteVector ToSextets(ByteVector text, ByteVector* bad) {
  const ByteVector slash = hn::Set(kBytes, '/');
  text = hn::IfThenElse(hn::Eq(text, hn::Set(kBytes, '-')),
                        hn::Set(kBytes, '+'), text);
  text = hn::IfThenElse(hn::Eq(text, hn::Set(kBytes, '_')), slash, text);
  const ByteVector low = hn::And(text, hn::Set(kBytes, 0x0f));
  const ByteVector high = hn::ShiftRight<4>(text);
  *bad = hn::Or(*bad, hn::And(hn::TableLookupBytes(Table(kBadByLow), low),
                              hn::TableLookupBytes(Table(kBadByHigh), high)));
  const ByteVector index =
      hn::Add(high, hn::VecFromMask(kBytes, hn::Eq(text, slash)));
  // Only sextets of good characters matter: others may look up anything.
  return hn::Add(text,
                 hn::TableLookupBytes(Table(kToSextet),
                                      hn::And(index, hn::Set(kBytes, 0x0f))));
}

// Turns four sextets into three bytes, and leaves them at the front of each
// block.
HWY_INLINE ByteVector PackSextets(ByteVector sextets) {
  const auto words = hn::BitCast(kWords, sextets);
  const auto pairs = hn::BitCast(
      kGroups, hn::Or(hn::ShiftLeft<6>(hn::And(words, hn::Set(kWords, 0xff))),
                      hn::ShiftRight<8>(words)));
  const auto groups =
      hn::Or(hn::ShiftLeft<12>(hn::And(pairs, hn::Set(kGroups, 0xffff))),
             hn::ShiftRight<16>(pairs));
  return hn::TableLookupBytes(hn::BitCast(kBytes, groups), Table(kPackGroups));
}

HWY_INLINE bool IsGood(ByteVector bad) {
  return hn::AllTrue(kBytes, hn::Eq(bad, hn::Zero(kBytes)));
}

// Those that move the first three lanes of each block of four to the front.
HWY_INLINE auto PackIndices() {
  HWY_ALIGN int32_t indices[hn::MaxLanes(kGroups)] = {};
  const size_t n = hn::Lanes(kGroups);
  for (size_t i = 0; i < n; ++i) {
    indices[i] = static_cast<int32_t>(i < n / 4 * 3 ? i / 3 * 4 + i % 3 : 0);
  }
  return hn::SetTableIndices(kGroups, indices);
}

HWY_INLINE void StorePacked(ByteVector sextets, decltype(PackIndices()) indices,
                            uint8_t* out) {
  const auto blocks = hn::BitCast(kGroups, PackSextets(sextets));
  hn::StoreU(hn::BitCast(kBytes, hn::TableLookupLanes(blocks, indices)), kBytes,
             out);
}

#endif

HWY_INLINE ByteVector ToCharacters(ByteVector bytes) {
  const auto spread =
      hn::BitCast(kWords, hn::TableLookupBytes(bytes, Table(kSpreadGroups)));
  // Each multiplication shifts the even and the odd words differently.
  const auto first = hn::MulHigh(
      hn::And(spread, hn::BitCast(kWords, hn::Set(kGroups, 0x0fc0fc00))),
      hn::BitCast(kWords, hn::Set(kGroups, 0x04000040)));
  const auto second = hn::Mul(
      hn::And(spread, hn::BitCast(kWords, hn::Set(kGroups, 0x003f03f0))),
      hn::BitCast(kWords, hn::Set(kGroups, 0x01000010)));
  const ByteVector sextets = hn::BitCast(kBytes, hn::Or(first, second));
  const ByteVector index =
      hn::Or(hn::SaturatedSub(sextets, hn::Set(kBytes, 51)),
             hn::IfThenElseZero(hn::Lt(sextets, hn::Set(kBytes, 26)),
                                hn::Set(kBytes, 13)));
  return hn::Add(sextets, hn::TableLookupBytes(Table(kToCharacter), index));
}

size_t DecodeVectors(const char* text, size_t size, char* out) {
  const auto* in = reinterpret_cast<const uint8_t*>(text);
  auto* write = reinterpret_cast<uint8_t*>(out);
  const size_t n = hn::Lanes(kBytes);
  const auto indices = PackIndices();
  size_t read = 0;
  // A whole vector is stored, of which a quarter is scratch: there must be room
  // for it.
  const size_t room = size / 4 * 3;
  const auto fits = [&](size_t vectors) {
    return size - read >= vectors * n &&
           room - read / 4 * 3 >= (vectors - 1) * (n / 4 * 3) + n;
  };
  while (fits(2)) {
    ByteVector bad = hn::Zero(kBytes);
    const ByteVector one = ToSextets(hn::LoadU(kBytes, in + read), &bad);
    const ByteVector two = ToSextets(hn::LoadU(kBytes, in + read + n), &bad);
    if (!IsGood(bad)) break;
    StorePacked(one, indices, write);
    StorePacked(two, indices, write + n / 4 * 3);
    write += n / 2 * 3;
    read += 2 * n;
  }
  while (fits(1)) {
    ByteVector bad = hn::Zero(kBytes);
    const ByteVector sextets = ToSextets(hn::LoadU(kBytes, in + read), &bad);
    if (!IsGood(bad)) break;
    StorePacked(sextets, indices, write);
    write += n / 4 * 3;
    read += n;
  }
  return read +
         DecodeGroupsPortable(text + read, size - read, out + read / 4 * 3);
}

void EncodeVectors(const char* bytes, size_t groups, char* out) {
  const auto* in = reinterpret_cast<const uint8_t*>(bytes);
  auto* write = reinterpret_cast<uint8_t*>(out);
  const size_t n = hn::Lanes(kBytes);
  const auto spread = SpreadIndices();
  size_t done = 0;
  // A whole vector is loaded, of which a quarter is left for the next round.
  for (; (groups - done) * 3 >= n; done += n / 4) {
    const auto loaded = hn::BitCast(kGroups, hn::LoadU(kBytes, in + done * 3));
    const ByteVector blocks =
        hn::BitCast(kBytes, hn::TableLookupLanes(loaded, spread));
    hn::StoreU(ToCharacters(blocks), kBytes, write + done * 4);
  }
  EncodeGroupsPortable(bytes + done * 3, groups - done, out + done * 4);
}

#endif  // HWY_TARGET

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemini::internal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemini::internal {

// Not by HWY_DYNAMIC_DISPATCH, which needs Highway's shared library: that
// spends milliseconds on measuring a timer whenever it is loaded.
std::vector<Base64Kernels> SupportedBase64Kernels() {
  std::vector<Base64Kernels> kernels;
#if HWY_ARCH_X86
  __builtin_cpu_init();
  // What the compiler may use for each, as far as it can be asked for.
#define GEMINI_HAS(feature) (__builtin_cpu_supports(feature) != 0)
  const bool sse4 = GEMINI_HAS("sse4.1") && GEMINI_HAS("sse4.2") &&
                    GEMINI_HAS("ssse3") && GEMINI_HAS("pclmul");
  const bool avx2 = sse4 && GEMINI_HAS("avx2") && GEMINI_HAS("fma") &&
                    GEMINI_HAS("bmi") && GEMINI_HAS("bmi2");
  const bool avx3 = avx2 && GEMINI_HAS("avx512f") && GEMINI_HAS("avx512vl") &&
                    GEMINI_HAS("avx512dq") && GEMINI_HAS("avx512bw") &&
                    GEMINI_HAS("avx512cd");
  const bool avx3_dl = avx3 && GEMINI_HAS("avx512vnni") &&
                       GEMINI_HAS("vpclmulqdq") && GEMINI_HAS("avx512vbmi") &&
                       GEMINI_HAS("avx512vbmi2") &&
                       GEMINI_HAS("avx512vpopcntdq") &&
                       GEMINI_HAS("avx512bitalg") && GEMINI_HAS("gfni");
#undef GEMINI_HAS
  const auto add = [&](bool has, Base64Kernels these) {
    if (has) kernels.push_back(these);
  };
#define GEMINI_ADD(has, target) \
  add(has, {#target, &target::DecodeVectors, &target::EncodeVectors})
#if (HWY_TARGETS & HWY_AVX3_DL) != 0
  GEMINI_ADD(avx3_dl, N_AVX3_DL);
#endif
#if (HWY_TARGETS & HWY_AVX3) != 0
  GEMINI_ADD(avx3, N_AVX3);
#endif
#if (HWY_TARGETS & HWY_AVX2) != 0
  GEMINI_ADD(avx2, N_AVX2);
#endif
#if (HWY_TARGETS & HWY_SSE4) != 0
  GEMINI_ADD(sse4, N_SSE4);
#endif
#undef GEMINI_ADD
  static_cast<void>(avx3_dl);
#endif
  kernels.push_back({"baseline", &HWY_STATIC_DISPATCH(DecodeVectors),
                     &HWY_STATIC_DISPATCH(EncodeVectors)});
  return kernels;
}

namespace {

const Base64Kernels& Best() {
  static const Base64Kernels best = SupportedBase64Kernels().front();
  return best;
}

}  // namespace

size_t DecodeGroups(const char* text, size_t size, char* out) {
  return Best().decode(text, size, out);
}

void EncodeGroups(const char* bytes, size_t groups, char* out) {
  Best().encode(bytes, groups, out);
}

}  // namespace gemini::internal
#endif  // HWY_ONCE
