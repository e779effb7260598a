// Every recorded error body, served as the answer to the real client.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gemini/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

TEST(CorpusTest, EveryRecordedErrorEndsInAnOutcomeOrAStatusAndNeverAnImage) {
  if (!std::filesystem::exists(GEMINI_CORPUS_DIR)) {
    GTEST_SKIP() << "there is no corpus at " << GEMINI_CORPUS_DIR;
  }
  const testing::Emulator emulator;
  ClientOptions options;
  options.api_key = "k";
  options.base_url = emulator.url();
  options.retry.backoff = absl::Milliseconds(1);
  options.retry.throttled_backoff = absl::Milliseconds(1);
  options.time_limits.call = absl::Seconds(3);

  int bodies = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(GEMINI_CORPUS_DIR)) {
    if (entry.path().extension() != ".body") continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++bodies;
    std::filesystem::path label = entry.path();
    const auto document = internal::JsonDocument::Parse(
        ReadFile(label.replace_extension(".json")));
    ASSERT_TRUE(document.has_value());
    const int64_t status =
        document->root()["http_status"].integer().value_or(500);
    emulator.Post("/emulator/reset", "");
    emulator.Post(absl::StrCat("/emulator/faults/raw?times=0&status=", status),
                  ReadFile(entry.path()));
    // What one refusal teaches must not keep the next from being met.
    auto client = GeminiImageClient::Create(options);
    ASSERT_TRUE(client.ok()) << client.status();
    ImageRequest request;
    request.prompt = "a kite";
    const absl::StatusOr<Outcome> outcome = client->Generate(request);
    if (outcome.ok()) {
      EXPECT_EQ(outcome->images(), nullptr);
      ASSERT_NE(outcome->prompt_only(), nullptr);
      EXPECT_EQ(outcome->prompt_only()->image_prompt, "a kite");
      ASSERT_TRUE(outcome->diagnosis.has_value());
      EXPECT_FALSE(outcome->diagnosis->code.empty());
      EXPECT_EQ(outcome->attempts.size(),
                static_cast<size_t>(emulator.Requests()));
    } else {
      EXPECT_EQ(outcome.status().code(), absl::StatusCode::kInvalidArgument)
          << outcome.status();
      EXPECT_EQ(AttemptsOf(outcome.status()).size(),
                static_cast<size_t>(emulator.Requests()));
    }
    EXPECT_TRUE(emulator.AllFaultsMet());
  }
  EXPECT_GT(bodies, 50);
}

}  // namespace
}  // namespace gemini
