// Reading and judging one refusal, beside RapidJSON's plain parse of the same
// body. The second must not cost more than three times the first.

#include <fstream>
#include <iterator>
#include <string>

#include "benchmark/benchmark.h"
#include "gemini/diagnose.h"
#include "rapidjson/document.h"

namespace gemini {
namespace {

const std::string& Body() {
  static const std::string* const body = [] {
    std::ifstream file(GEMINI_TESTDATA_DIR "/gemini/zero_quota_full.json",
                       std::ios::binary);
    return new std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return *body;
}

void BM_PlainParse(benchmark::State& state) {
  const std::string& body = Body();
  for (auto _ : state) {
    rapidjson::Document document;
    document.Parse(body.data(), body.size());
    if (document.HasParseError()) state.SkipWithError("the body is no JSON");
    benchmark::DoNotOptimize(document);
  }
  state.SetBytesProcessed(static_cast<int64_t>(body.size()) *
                          state.iterations());
}
BENCHMARK(BM_PlainParse);

void BM_Diagnose(benchmark::State& state) {
  FailureFacts facts;
  facts.http_status = 429;
  facts.body = Body();
  facts.now = absl::FromUnixSeconds(1795000000);
  for (auto _ : state) {
    Diagnosis diagnosis = Diagnose(facts);
    if (diagnosis.cause != Cause::kZeroQuota) {
      state.SkipWithError("the body was not understood");
    }
    benchmark::DoNotOptimize(diagnosis);
  }
  state.SetBytesProcessed(static_cast<int64_t>(facts.body.size()) *
                          state.iterations());
}
BENCHMARK(BM_Diagnose);

}  // namespace
}  // namespace gemini
