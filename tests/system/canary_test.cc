// A known key and a known prompt go through every failure; nothing that comes
// out may hold them.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gemini/client.h"
#include "gemini/json.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini {
namespace {

namespace fs = std::filesystem;

// Of no form that would be recognized.
constexpr char kKey[] = "canary.key.7f3a9c";
constexpr char kPrompt[] = "canary prompt: a heron";

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void ExpectNoCanary(absl::string_view text, absl::string_view where) {
  EXPECT_FALSE(absl::StrContains(text, kKey)) << where << ": " << text;
  EXPECT_FALSE(absl::StrContains(text, kPrompt)) << where << ": " << text;
}

// What a careless server would send: the key and the prompt in its words.
std::string WithCanaries(const std::string& body) {
  const std::string words = absl::StrCat("key ", kKey, " for ", kPrompt, ". ");
  const std::string marked = absl::StrReplaceAll(
      body,
      {{"\"message\": \"", absl::StrCat("\"message\": \"", words)},
       {"\"detail\": \"", absl::StrCat("\"detail\": \"", words)},
       {"\"description\": \"", absl::StrCat("\"description\": \"", words)},
       {"\"finishMessage\": \"", absl::StrCat("\"finishMessage\": \"", words)},
       {"<title>", absl::StrCat("<title>", words)}});
  return marked == body ? absl::StrCat(words, body) : marked;
}

void ExpectOutputsWithoutCanary(const absl::StatusOr<Outcome>& outcome) {
  if (!outcome.ok()) {
    ExpectNoCanary(outcome.status().ToString(), "status");
    for (const AttemptReport& attempt : AttemptsOf(outcome.status())) {
      if (attempt.diagnosis.has_value()) {
        ExpectNoCanary(ToJson(*attempt.diagnosis), "attempt");
      }
    }
    return;
  }
  ASSERT_TRUE(outcome->diagnosis.has_value());
  // The whole outcome holds the prompt since it was asked for; nothing else.
  Outcome shown = *outcome;
  shown.result = PromptOnly{""};
  ExpectNoCanary(ToJson(shown), "outcome");
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    ExpectNoCanary(ToJson(*outcome->diagnosis, language), "diagnosis");
  }
}

TEST(CanaryTest, NoFailureRepeatsTheKeyOrThePrompt) {
  const testing::Emulator emulator;
  std::mutex mutex;
  std::string events;
  ClientOptions options;
  options.api_key = kKey;
  options.base_url = emulator.url();
  options.retry.backoff = absl::Milliseconds(1);
  options.retry.throttled_backoff = absl::Milliseconds(1);
  options.time_limits.call = absl::Seconds(2);
  options.on_event = [&](const Event& event) {
    const std::lock_guard<std::mutex> lock(mutex);
    absl::StrAppend(&events, ToString(event), "\n");
  };
  {
    ImageRequest request;
    request.prompt = kPrompt;
    int bodies = 0;
    for (const auto& entry :
         fs::directory_iterator(fs::path(GEMINI_TESTDATA_DIR) / "errors")) {
      if (entry.path().extension() != ".body") continue;
      ++bodies;
      SCOPED_TRACE(entry.path().filename().string());
      for (const int status : {200, 400, 403, 429, 503}) {
        emulator.Post("/emulator/reset", "");
        emulator.Post(
            absl::StrCat("/emulator/faults/raw?times=0&status=", status),
            WithCanaries(ReadFile(entry.path())));
        int requests = 0;
        for (const Degradation degradation :
             {Degradation::kPromptOnly, Degradation::kForbidden}) {
          CallOptions call;
          call.degradation = degradation;
          call.retry.emplace();
          call.retry->max_retries = 0;
          // What one refusal teaches must not keep the next from being met.
          auto client = GeminiImageClient::Create(options);
          ASSERT_TRUE(client.ok()) << client.status();
          ExpectOutputsWithoutCanary(client->Generate(request, call));
          EXPECT_EQ(emulator.Requests(), ++requests);
        }
      }
    }
    EXPECT_GE(bodies, 50);
    auto client = GeminiImageClient::Create(options);
    ASSERT_TRUE(client.ok()) << client.status();
    for (const char* fault :
         {R"({"action":"reset"})", R"({"action":"close"})",
          R"({"action":"broken_stream","after_kib":1})",
          R"({"action":"bad_base64"})", R"({"action":"wrong_magic"})"}) {
      emulator.Post("/emulator/reset", "");
      emulator.Order(fault);
      CallOptions call;
      call.retry.emplace();
      call.retry->max_retries = 0;
      ExpectOutputsWithoutCanary(client->Generate(request, call));
    }
    const absl::Status listed = [&] {
      emulator.Post("/emulator/reset", "");
      emulator.Post("/emulator/faults/raw?status=403&match.method=models.list",
                    WithCanaries(R"({"error": {"message": "", "code": 403}})"));
      return client->ListModels().status();
    }();
    EXPECT_FALSE(listed.ok());
    // Nobody passed a prompt here, so only the key is known to be secret.
    EXPECT_FALSE(absl::StrContains(listed.ToString(), kKey)) << listed;
  }
  ExpectNoCanary(events, "events");
  EXPECT_FALSE(events.empty());
}

TEST(CanaryTest, TheCommandLineDoesNotRepeatTheKey) {
  const testing::Emulator emulator;
  const testing::TemporaryDirectory directory;
  const std::vector<std::vector<std::string>> commands = {
      {"generate", "a heron", "--verbose"},
      {"generate", "a heron", "--verbose", "--json"},
      {"verify", "--draw"},
      {"verify", "--draw", "--json"},
  };
  for (const auto& command : commands) {
    emulator.Post("/emulator/reset", "");
    emulator.Post("/emulator/faults/raw?times=0&status=403&match.method=*",
                  WithCanaries(R"({"error": {"message": "", "code": 403}})"));
    const testing::ProgramResult result = testing::RunProgram(
        "gemini-image", command,
        {{"GEMINI_API_KEY", kKey}, {"GOOGLE_GEMINI_BASE_URL", emulator.url()}},
        directory.path());
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(absl::StrContains(result.out + result.err, kKey))
        << result.out << result.err;
  }
}

}  // namespace
}  // namespace gemini
