// The client against the emulator.

#include <string>

#include "gemini/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini {
namespace {

using ::testing::SizeIs;

ClientOptions OptionsFor(const testing::Emulator& emulator) {
  ClientOptions options;
  options.api_key = "k";
  options.base_url = emulator.url();
  options.retry.backoff = absl::Milliseconds(1);
  options.retry.throttled_backoff = absl::Milliseconds(1);
  return options;
}

absl::StatusOr<Outcome> Draw(GeminiImageClient* client,
                             const std::string& prompt) {
  ImageRequest request;
  request.prompt = prompt;
  return client->Generate(request);
}

TEST(EmulatedClientTest, TheSamePromptBringsTheSamePicture) {
  const testing::Emulator emulator;
  auto client = GeminiImageClient::Create(OptionsFor(emulator));
  ASSERT_TRUE(client.ok()) << client.status();
  const auto first = Draw(&*client, "a kite");
  const auto second = Draw(&*client, "a kite");
  const auto other = Draw(&*client, "an owl");
  ASSERT_TRUE(first.ok() && second.ok() && other.ok());
  EXPECT_EQ(first->images()->images[0].bytes,
            second->images()->images[0].bytes);
  EXPECT_NE(first->images()->images[0].bytes, other->images()->images[0].bytes);
}

TEST(EmulatedClientTest, AttemptsAreAsManyAsTheServerCountedAfterAReset) {
  const testing::Emulator emulator;
  emulator.Order(
      R"({"id":"reset","action":"reset","match":{"nth":2},"times":1})");
  auto client = GeminiImageClient::Create(OptionsFor(emulator));
  ASSERT_TRUE(client.ok()) << client.status();
  size_t attempts = 0;
  for (int i = 0; i < 3; ++i) {
    const auto outcome = Draw(&*client, "a kite");
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
    attempts += outcome->attempts.size();
  }
  EXPECT_EQ(attempts, 4U);
  EXPECT_EQ(emulator.Requests(), 4);
  EXPECT_TRUE(emulator.AllFaultsMet());
}

TEST(EmulatedClientTest, EveryFaultThatPassesEndsInAPicture) {
  struct Case {
    const char* fault;
    Cause cause;
  };
  const Case cases[] = {
      {R"({"template":"overloaded"})", Cause::kOverloaded},
      {R"({"status":500})", Cause::kTransient},
      {R"({"action":"reset"})", Cause::kAmbiguous},
      {R"({"action":"reset","after_kib":4})", Cause::kAmbiguous},
      {R"({"action":"close"})", Cause::kAmbiguous},
      {R"({"action":"broken_stream","after_kib":8})", Cause::kAmbiguous},
      {R"({"action":"bad_base64"})", Cause::kBadResponse},
      {R"({"action":"wrong_magic"})", Cause::kBadResponse},
      {R"({"action":"no_image"})", Cause::kNoImage},
  };
  const testing::Emulator emulator;
  auto client = GeminiImageClient::Create(OptionsFor(emulator));
  ASSERT_TRUE(client.ok()) << client.status();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.fault);
    emulator.Post("/emulator/reset", "");
    emulator.Order(c.fault);
    const auto outcome = Draw(&*client, "a kite");
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
    ASSERT_THAT(outcome->attempts, SizeIs(2));
    ASSERT_TRUE(outcome->attempts[0].diagnosis.has_value());
    EXPECT_EQ(outcome->attempts[0].diagnosis->cause, c.cause)
        << outcome->attempts[0].diagnosis->code;
    EXPECT_EQ(emulator.Requests(), 2);
    EXPECT_TRUE(emulator.AllFaultsMet());
  }
}

TEST(EmulatedClientTest, SlowBytesArriveAllTheSame) {
  const testing::Emulator emulator;
  emulator.Order(R"({"action":"slow","bytes":65536,"every":"1ms"})");
  auto client = GeminiImageClient::Create(OptionsFor(emulator));
  ASSERT_TRUE(client.ok()) << client.status();
  const auto outcome = Draw(&*client, "a kite");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->images(), nullptr);
  EXPECT_THAT(outcome->attempts, SizeIs(1));
}

TEST(EmulatedClientTest, AModelThatIsShutDownIsSentAndItsSuccessorNamed) {
  const testing::Emulator emulator;
  ClientOptions options = OptionsFor(emulator);
  options.model = "gemini-2.5-flash-image-preview";
  auto client = GeminiImageClient::Create(options);
  ASSERT_TRUE(client.ok()) << client.status();
  const auto outcome = Draw(&*client, "a kite");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->diagnosis->cause, Cause::kModelNotFound);
  EXPECT_EQ(emulator.Requests(), 1);
  std::string advice;
  for (const AdviceStep& step : AdviceFor(*outcome->diagnosis).steps) {
    advice += step.text + "\n";
  }
  EXPECT_THAT(advice, ::testing::HasSubstr("gemini-nano-banana-2.1"));
}

}  // namespace
}  // namespace gemini
