#include "client/outcome_json.h"

#include "gemini/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

AttemptReport FullAttempt() {
  AttemptReport attempt;
  attempt.number = 2;
  attempt.image_index = 1;
  attempt.route = {"gemini", "gemini-nano-banana-2.1", "0123abcd"};
  attempt.started = absl::FromUnixMillis(1795400000123);
  attempt.waited = absl::Milliseconds(1500);
  attempt.duration = absl::Milliseconds(250);
  attempt.time_to_first_byte = absl::Milliseconds(125);
  attempt.http_status = 503;
  attempt.response_id = "r";
  attempt.model_version = "v";
  attempt.bytes_sent = 10;
  attempt.bytes_received = 20;
  attempt.usage = {1, 2, 3, 4, 5};
  attempt.maybe_billed = true;
  attempt.diagnosis.emplace();
  attempt.diagnosis->cause = Cause::kOverloaded;
  attempt.diagnosis->code = "overloaded";
  return attempt;
}

TEST(OutcomeJsonTest, AnAttemptReadsBackAsItWasWritten) {
  const AttemptReport written = FullAttempt();
  std::string json;
  internal::JsonWriter writer(&json);
  internal::WriteAttempt(&writer, written);
  const auto document = internal::JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value()) << json;
  const AttemptReport read = internal::ReadAttempt(document->root());
  std::string again;
  internal::JsonWriter second(&again);
  internal::WriteAttempt(&second, read);
  EXPECT_EQ(again, json);
  EXPECT_EQ(read.started, written.started);
  EXPECT_EQ(read.http_status, 503);
  EXPECT_EQ(read.usage.thought_tokens, 4);
  EXPECT_EQ(read.diagnosis->cause, Cause::kOverloaded);
}

TEST(OutcomeJsonTest, APromptOnlyOutcomeHoldsThePromptAndTheReason) {
  Outcome outcome;
  outcome.result = PromptOnly{"a \"kite\"\n"};
  outcome.diagnosis.emplace();
  outcome.diagnosis->cause = Cause::kZeroQuota;
  outcome.attempts.push_back(FullAttempt());
  const auto document = internal::JsonDocument::Parse(ToJson(outcome));
  ASSERT_TRUE(document.has_value());
  const internal::JsonValue root = document->root();
  EXPECT_EQ(root["outcome"].string(), "prompt_only");
  EXPECT_EQ(root["image_prompt"].string(), "a \"kite\"\n");
  EXPECT_EQ(root["diagnosis"]["cause"].string(), "zero_quota");
  EXPECT_EQ(root["attempts"].size(), 1U);
  EXPECT_EQ(root["retry_at"].type(), internal::JsonValue::Type::kNull);
}

TEST(OutcomeJsonTest, PicturesAppearByTypeAndSizeOnly) {
  Outcome outcome;
  Images images;
  Image image;
  image.bytes = std::string(1000, 'x');
  image.size = 1000;
  image.mime_type = "image/png";
  images.images.push_back(image);
  outcome.result = images;
  const std::string json = ToJson(outcome);
  EXPECT_LT(json.size(), 1000U);
  const auto document = internal::JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->root()["images"].At(0)["bytes"].integer(), 1000);
  EXPECT_EQ(document->root()["images"].At(0)["mime_type"].string(),
            "image/png");
}

}  // namespace
}  // namespace gemini
