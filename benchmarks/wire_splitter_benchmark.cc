// The way of a picture from the body of an answer to its bytes.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "wire/base64.h"
#include "wire/inline_data_splitter.h"

namespace gemini::internal {
namespace {

constexpr size_t kChunk = 16 << 10;

enum class Escaping { kNone, kSlashes };

std::string Answer(size_t picture_bytes, size_t signature_bytes,
                   Escaping escaping) {
  std::string picture(picture_bytes, '\0');
  for (size_t i = 0; i < picture.size(); ++i) {
    picture[i] = static_cast<char>(i * i >> 3);
  }
  std::string base64 = Base64Encode(picture);
  if (escaping == Escaping::kSlashes) {
    base64 = absl::StrReplaceAll(base64, {{"/", "\\/"}});
  }
  return absl::StrCat(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{)",
      R"("mimeType":"image/png","data":")", base64,
      R"("},"thoughtSignature":")", std::string(signature_bytes, 'C'),
      R"("}]},"finishReason":"STOP"}],"usageMetadata":{"x":1}})");
}

// Only counts, so that the splitter is measured by itself.
class Counter final : public InlineDataHandler {
 public:
  void OnDataBegin(int /*ordinal*/) override {}
  void OnData(absl::string_view base64) override { bytes += base64.size(); }
  void OnDataEnd() override {}

  size_t bytes = 0;
};

class Decoder final : public InlineDataHandler {
 public:
  void OnDataBegin(int /*ordinal*/) override { decoder_ = Base64Decoder(); }
  void OnData(absl::string_view base64) override {
    const auto n = decoder_.Decode(base64, absl::MakeSpan(out_));
    benchmark::ClobberMemory();
    if (n.ok()) bytes += *n;
  }
  void OnDataEnd() override {}

  size_t bytes = 0;

 private:
  Base64Decoder decoder_;
  std::vector<char> out_ =
      std::vector<char>(Base64Decoder::MaxDecodedSize(kChunk));
};

template <typename Handler>
void Split(benchmark::State& state, const std::string& answer) {
  for (auto _ : state) {
    Handler handler;
    InlineDataSplitter splitter(&handler);
    for (size_t i = 0; i < answer.size(); i += kChunk) {
      if (!splitter.Feed(absl::string_view(answer).substr(i, kChunk)).ok()) {
        state.SkipWithError("malformed");
      }
    }
    benchmark::DoNotOptimize(handler.bytes);
  }
  state.SetBytesProcessed(static_cast<int64_t>(answer.size()) *
                          state.iterations());
}

void BM_Split(benchmark::State& state) {
  Split<Counter>(state, Answer(3 << 20, 0, Escaping::kNone));
}
BENCHMARK(BM_Split);

void BM_SplitEscapedSlashes(benchmark::State& state) {
  Split<Counter>(state, Answer(3 << 20, 0, Escaping::kSlashes));
}
BENCHMARK(BM_SplitEscapedSlashes);

void BM_SplitSignature(benchmark::State& state) {
  Split<Counter>(state, Answer(3, 1 << 20, Escaping::kNone));
}
BENCHMARK(BM_SplitSignature);

void BM_SplitAndDecode(benchmark::State& state) {
  Split<Decoder>(
      state, Answer(static_cast<size_t>(state.range(0)), 0, Escaping::kNone));
}
BENCHMARK(BM_SplitAndDecode)->Arg(1 << 10)->Arg(1 << 20)->Arg(16 << 20);

void BM_SplitAndDecodeEscapedSlashes(benchmark::State& state) {
  Split<Decoder>(state, Answer(3 << 20, 0, Escaping::kSlashes));
}
BENCHMARK(BM_SplitAndDecodeEscapedSlashes);

}  // namespace
}  // namespace gemini::internal
