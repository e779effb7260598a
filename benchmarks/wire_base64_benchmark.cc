// Base64 in pieces of the size in which a transfer delivers it, beside memcpy.

#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "wire/base64.h"
#include "wire/base64_kernels.h"

namespace gemini::internal {
namespace {

constexpr size_t kPictureBytes = 3 << 20;

std::string Picture() {
  std::mt19937 random(1);
  std::string bytes(kPictureBytes, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string PictureText() { return Base64Encode(Picture()); }

void SetBytes(benchmark::State& state, size_t size) {
  state.SetBytesProcessed(static_cast<int64_t>(size) * state.iterations());
}

void BM_MemcpyOfText(benchmark::State& state) {
  const std::string text = PictureText();
  const auto chunk = static_cast<size_t>(state.range(0));
  std::vector<char> out(chunk);
  for (auto _ : state) {
    for (size_t i = 0; i < text.size(); i += chunk) {
      std::memcpy(out.data(), text.data() + i,
                  std::min(chunk, text.size() - i));
      benchmark::ClobberMemory();
    }
  }
  SetBytes(state, text.size());
}
BENCHMARK(BM_MemcpyOfText)->Arg(16 << 10)->Arg(256 << 10);

void BM_Decode(benchmark::State& state) {
  const std::string text = PictureText();
  const auto chunk = static_cast<size_t>(state.range(0));
  std::vector<char> out(Base64Decoder::MaxDecodedSize(chunk));
  for (auto _ : state) {
    Base64Decoder decoder;
    for (size_t i = 0; i < text.size(); i += chunk) {
      const auto n = decoder.Decode(absl::string_view(text).substr(i, chunk),
                                    absl::MakeSpan(out));
      if (!n.ok()) state.SkipWithError("not base64");
      benchmark::ClobberMemory();
    }
  }
  SetBytes(state, text.size());
}
BENCHMARK(BM_Decode)->Arg(1 << 10)->Arg(16 << 10)->Arg(256 << 10);

void BM_DecodeWrappedLines(benchmark::State& state) {
  const std::string whole = PictureText();
  std::string text;
  for (size_t i = 0; i < whole.size(); i += 76) {
    text.append(whole, i, 76).append("\r\n");
  }
  std::vector<char> out(Base64Decoder::MaxDecodedSize(text.size()));
  for (auto _ : state) {
    Base64Decoder decoder;
    const auto n = decoder.Decode(text, absl::MakeSpan(out));
    if (!n.ok()) state.SkipWithError("not base64");
  }
  SetBytes(state, text.size());
}
BENCHMARK(BM_DecodeWrappedLines);

template <size_t Kernel(const char*, size_t, char*)>
void BM_DecodeKernel(benchmark::State& state) {
  const std::string text = PictureText();
  constexpr size_t kChunk = 16 << 10;
  std::vector<char> out(kChunk);
  for (auto _ : state) {
    for (size_t i = 0; i < text.size(); i += kChunk) {
      benchmark::DoNotOptimize(Kernel(
          text.data() + i, std::min(kChunk, text.size() - i), out.data()));
      benchmark::ClobberMemory();
    }
  }
  SetBytes(state, text.size());
}
BENCHMARK(BM_DecodeKernel<DecodeGroups>);
BENCHMARK(BM_DecodeKernel<DecodeGroupsPortable>);

void BM_Encode(benchmark::State& state) {
  const std::string bytes = Picture();
  std::vector<char> out(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    Base64Encoder encoder(bytes);
    while (encoder.Read(out.data(), out.size()) > 0) {
      benchmark::ClobberMemory();
    }
  }
  SetBytes(state, Base64Encoder::EncodedSize(bytes.size()));
}
BENCHMARK(BM_Encode)->Arg(16 << 10)->Arg(256 << 10);

template <void Kernel(const char*, size_t, char*)>
void BM_EncodeKernel(benchmark::State& state) {
  const std::string bytes = Picture();
  constexpr size_t kGroups = 4 << 10;
  std::vector<char> out(kGroups * 4);
  for (auto _ : state) {
    for (size_t i = 0; i + kGroups * 3 <= bytes.size(); i += kGroups * 3) {
      Kernel(bytes.data() + i, kGroups, out.data());
      benchmark::ClobberMemory();
    }
  }
  SetBytes(state, Base64Encoder::EncodedSize(bytes.size()));
}
BENCHMARK(BM_EncodeKernel<EncodeGroups>);
BENCHMARK(BM_EncodeKernel<EncodeGroupsPortable>);

}  // namespace
}  // namespace gemini::internal
