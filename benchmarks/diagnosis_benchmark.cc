// Reading and judging a refusal, beside RapidJSON's plain parse of the same
// body. The first must not cost more than three times the second.
//
// Both begin with the bytes and end with what they made of them destroyed. What
// is said to people, AdviceFor(), is made only when somebody asks for it.

#include <fstream>
#include <iterator>
#include <string>

#include "benchmark/benchmark.h"
#include "gemini/diagnose.h"
#include "rapidjson/document.h"

namespace gemini {
namespace {

std::string ReadBody(const std::string& name) {
  std::ifstream file(GEMINI_TESTDATA_DIR "/" + name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void PlainParse(benchmark::State& state, const std::string& name) {
  const std::string body = ReadBody(name);
  for (auto _ : state) {
    rapidjson::Document document;
    document.Parse(body.data(), body.size());
    if (document.HasParseError()) state.SkipWithError("the body is no JSON");
    benchmark::DoNotOptimize(document);
  }
  state.SetBytesProcessed(static_cast<int64_t>(body.size()) *
                          state.iterations());
}

void ReadAndJudge(benchmark::State& state, const std::string& name,
                  Cause cause) {
  const std::string body = ReadBody(name);
  FailureFacts facts;
  facts.http_status = 429;
  facts.body = body;
  facts.now = absl::FromUnixSeconds(1795000000);
  for (auto _ : state) {
    Diagnosis diagnosis = Diagnose(facts);
    if (diagnosis.cause != cause) {
      state.SkipWithError("the body was not understood");
    }
    benchmark::DoNotOptimize(diagnosis);
  }
  state.SetBytesProcessed(static_cast<int64_t>(body.size()) *
                          state.iterations());
}

#define GEMINI_BENCH_BODY(name, file, cause)              \
  BENCHMARK_CAPTURE(PlainParse, name, std::string(file)); \
  BENCHMARK_CAPTURE(ReadAndJudge, name, std::string(file), cause)

GEMINI_BENCH_BODY(zero_quota, "gemini/zero_quota_full.json", Cause::kZeroQuota);
GEMINI_BENCH_BODY(day, "errors/images-and-day.body", Cause::kDailyQuota);
GEMINI_BENCH_BODY(minute, "errors/tier-1-tokens-minute.body",
                  Cause::kRateLimited);
GEMINI_BENCH_BODY(long_delay, "errors/paid-day-long-delay.body",
                  Cause::kDailyQuota);
GEMINI_BENCH_BODY(help_links, "errors/help-links.body", Cause::kDailyQuota);

#undef GEMINI_BENCH_BODY

}  // namespace
}  // namespace gemini
