// Clients that share a ledger, over real sockets and in a real file.

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <vector>

#include "gemini/client.h"
#include "gemini/quota.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kKey[] = "AIzaSecretKeyOfTheLedgerTest";

class LedgerTest : public ::testing::Test {
 protected:
  absl::StatusOr<GeminiImageClient> NewClient(
      const testing::Emulator& emulator) {
    ClientOptions options;
    options.api_key = kKey;
    options.base_url = emulator.url();
    options.model = "gemini-2.5-flash-image";
    options.ledger = ledger_;
    options.on_event = [this](const Event& event) {
      const auto* changed = std::get_if<LedgerChanged>(&event.what);
      if (changed == nullptr) return;
      const std::lock_guard<std::mutex> lock(mutex_);
      news_.push_back(ToString(event));
    };
    return GeminiImageClient::Create(std::move(options));
  }

  static absl::StatusOr<Outcome> Draw(GeminiImageClient* client) {
    ImageRequest request;
    request.prompt = "a secret kite";
    return client->Generate(request);
  }

  std::mutex mutex_;
  std::vector<std::string> news_;
  testing::TemporaryDirectory directory_;
  std::string ledger_ = "sqlite://" + directory_.path() + "/ledger";
};

#ifndef __SANITIZE_THREAD__  // It does not follow forks of threaded programs.
TEST_F(LedgerTest, AChildOfAProcessWithALedgerGoesByItsOwnMemory) {
  const testing::Emulator emulator(R"({})");
  auto parents = NewClient(emulator);
  ASSERT_TRUE(parents.ok()) << parents.status();
  ASSERT_TRUE(Draw(&*parents).ok());
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // Should it hang.
    bool good = false;
    {
      auto own = NewClient(emulator);
      good = own.ok() && Draw(&*own).ok();
    }
    good = good && news_.size() == 1 &&
           news_[0].find("forked") != std::string::npos;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(Draw(&*parents).ok());
  EXPECT_THAT(news_, IsEmpty());
}
#endif

TEST_F(LedgerTest, ALimitOfZeroCostsOneRequestForAllProcesses) {
  const testing::Emulator emulator(R"({"quotas":[{"rpm":0}]})");
  auto first = NewClient(emulator);
  auto second = NewClient(emulator);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status();
  for (GeminiImageClient* client : {&*first, &*second, &*first, &*second}) {
    const auto outcome = Draw(client);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_NE(outcome->prompt_only(), nullptr);
    EXPECT_EQ(outcome->diagnosis->cause, Cause::kZeroQuota);
  }
  EXPECT_EQ(emulator.Requests(), 1);
}

TEST_F(LedgerTest, WhatWasSpentCanBeReadWithoutKeysAndPrompts) {
  const testing::Emulator emulator(
      R"({"quotas":[{"rpm":2,"window":"sliding"}],)"
      R"("picture":{"format":"png"}})");
  {
    auto client = NewClient(emulator);
    ASSERT_TRUE(client.ok()) << client.status();
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(Draw(&*client).ok());
    ImageRequest request;
    request.prompt = "a secret kite";
    CallOptions call;
    call.timeout = absl::Seconds(5);
    const auto refused = client->Generate(request, call);
    ASSERT_TRUE(refused.ok());
    EXPECT_NE(refused->prompt_only(), nullptr);
  }
  const auto records = ReadQuotaLedger(ledger_, absl::Now());
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_THAT(*records, SizeIs(1));
  EXPECT_EQ((*records)[0].day.requests, 3);
  EXPECT_EQ((*records)[0].day.pictures, 2);
  EXPECT_GT((*records)[0].day.tokens, 0);
  ASSERT_FALSE((*records)[0].quotas.empty());
  EXPECT_EQ((*records)[0].quotas[0].quota.limit, 2);
  for (const std::string& name : directory_.List()) {
    const std::string bytes = directory_.Read(name);
    EXPECT_THAT(bytes, Not(HasSubstr(kKey)));
    EXPECT_THAT(bytes, Not(HasSubstr("secret kite")));
  }

  const std::string path = directory_.path() + "/ledger";
  const auto table = testing::RunProgram(
      "gemini-image", {"quota", "--ledger", path}, {}, directory_.path());
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("PROJECT"));
  EXPECT_THAT(table.out, HasSubstr("PerMinute"));
  EXPECT_THAT(table.out, HasSubstr("server"));
  const auto json =
      testing::RunProgram("gemini-image", {"quota", "--json"},
                          {{"GEMINI_LEDGER", path}}, directory_.path());
  EXPECT_EQ(json.exit_code, 0) << json.err;
  const auto document = internal::JsonDocument::Parse(json.out);
  ASSERT_TRUE(document.has_value()) << json.out;
  ASSERT_EQ(document->root().size(), 1U);
  const internal::JsonValue record = *document->root().elements().begin();
  EXPECT_EQ(record["day"]["requests"].integer(), 3);
  ASSERT_GE(record["quotas"].size(), 1U);
  const internal::JsonValue quota = *record["quotas"].elements().begin();
  EXPECT_EQ(quota["limit"].integer(), 2);
  EXPECT_EQ(quota["used"].integer(), 3);
}

TEST_F(LedgerTest, ADamagedLedgerIsSaidAndDoneWithout) {
  directory_.Write("ledger", "this is no database, and never was one");
  const testing::Emulator emulator;
  {
    auto client = NewClient(emulator);
    ASSERT_TRUE(client.ok()) << client.status();
    const auto outcome = Draw(&*client);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
  }
  ASSERT_THAT(news_, SizeIs(1));
  EXPECT_THAT(news_[0], HasSubstr("goes by its own memory"));
  EXPECT_THAT(news_[0], HasSubstr("delete the file"));
}

TEST_F(LedgerTest, ALedgerThatDoesNotAnswerHoldsNoPictureUp) {
  const testing::Emulator emulator;
  {
    auto client = NewClient(emulator);
    ASSERT_TRUE(client.ok() && Draw(&*client).ok());
  }
  sqlite3* other = nullptr;
  const std::string path = directory_.path() + "/ledger";
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr),
            SQLITE_OK);
  {
    auto client = NewClient(emulator);
    ASSERT_TRUE(client.ok()) << client.status();
    // Less than the time for which the ledger waits for its file.
    ImageRequest request;
    request.prompt = "a secret kite";
    CallOptions call;
    call.timeout = absl::Milliseconds(900);
    const auto outcome = client->Generate(request, call);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
  }
  sqlite3_close(other);
  EXPECT_THAT(news_, ::testing::Contains(HasSubstr("does not answer")));
}

TEST_F(LedgerTest, AnotherKindOfLedgerIsRefusedAtOnce) {
  const testing::Emulator emulator;
  ledger_ = "postgres://host/ledger";
  const auto client = NewClient(emulator);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("sqlite://"));
}

TEST_F(LedgerTest, TheCommandSaysWhatIsWrongWithALedger) {
  const auto missing = testing::RunProgram(
      "gemini-image", {"quota", "--ledger", directory_.path() + "/none"}, {},
      directory_.path());
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("made by the first client"));
  const auto relative = testing::RunProgram(
      "gemini-image", {"quota", "--ledger", "none"}, {}, directory_.path());
  EXPECT_EQ(relative.exit_code, 2);
}

}  // namespace
}  // namespace gemini
