#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/sinks.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/gemini.h"
#include "support/chunks.h"
#include "support/testdata.h"
#include "wire/base64.h"

namespace gemini::internal {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Answer {
  int http_status = 200;
  std::optional<int64_t> body_size;
  std::string body;
  TransferEnd end = TransferEnd::kComplete;
  HttpHeaders headers;
};

GeminiReading Reading() {
  GeminiReading reading;
  reading.model = "models/some-model";
  return reading;
}

// What came of an attempt, and the pictures in its sink.
struct ReadResult : AttemptResult {
  std::vector<Image> images;
};

ReadResult Read(const Answer& answer, size_t chunk_size,
                GeminiReading reading = Reading()) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  reading.sink = sink.get();
  const std::unique_ptr<AttemptReader> reader =
      NewGeminiReader(std::move(reading));
  TransferResult transfer;
  transfer.end = answer.end;
  transfer.request_sent = true;
  reader->OnHead({answer.http_status, answer.body_size, answer.headers});
  bool stopped = false;
  ForEachChunk(answer.body, chunk_size, [&](absl::string_view chunk) {
    if (stopped) return;
    stopped = reader->OnData(chunk) == ResponseReader::Flow::kStop;
    transfer.bytes_received += static_cast<int64_t>(chunk.size());
  });
  if (stopped) transfer.end = TransferEnd::kStoppedByReader;
  ReadResult result{reader->Finish(transfer, absl::FromUnixSeconds(1795000000)),
                    {}};
  sink->End(result.pictures, [&](absl::StatusOr<std::vector<Image>> images) {
    result.images = *std::move(images);
  });
  return result;
}

std::string Parts(absl::string_view json) {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[)", json,
                      R"(]},"finishReason":"STOP"}]})");
}

std::string PicturePart(absl::string_view base64) {
  return absl::StrCat(R"({"inlineData":{"mimeType":"image/png","data":")",
                      base64, R"("}})");
}

class GeminiResponseTest : public ::testing::TestWithParam<size_t> {
 protected:
  ReadResult Run(std::string body, int http_status = 200,
                 TransferEnd end = TransferEnd::kComplete) {
    return Read({http_status, {}, std::move(body), end, {}}, GetParam());
  }
  ReadResult RunFile(const std::string& name, int http_status = 200) {
    return Run(ReadTestdata("gemini/" + name), http_status);
  }

  const std::string png_ = ReadTestdata("gemini/final.png");
  const std::string png_base64_ = Base64Encode(png_);
  const std::string good_ = Parts(PicturePart(png_base64_));
};

INSTANTIATE_TEST_SUITE_P(ChunkSizes, GeminiResponseTest,
                         ::testing::ValuesIn(kChunkSizes));

TEST_P(GeminiResponseTest, PassesOverAByteOrderMark) {
  const ReadResult result = Run("\xEF\xBB\xBF\n" + good_);
  EXPECT_FALSE(result.diagnosis.has_value());
  ASSERT_THAT(result.images, SizeIs(1));
  EXPECT_EQ(result.images[0].bytes, png_);
}

TEST_P(GeminiResponseTest, TakesThePictureAndDropsTheThoughts) {
  const ReadResult result = RunFile("thoughts_and_picture.json");
  EXPECT_FALSE(result.diagnosis.has_value());
  ASSERT_THAT(result.images, SizeIs(1));
  EXPECT_EQ(result.images[0].bytes, png_);
  EXPECT_EQ(result.images[0].mime_type, "image/png");
  EXPECT_EQ(result.text, "Here it is.");
  EXPECT_EQ(result.http_status, 200);
  EXPECT_EQ(result.response_id, "r-0001");
  EXPECT_EQ(result.model_version, "gemini-nano-banana-2.1");
  EXPECT_EQ(result.usage.prompt_tokens, 12);
  EXPECT_EQ(result.usage.output_tokens, 1130);
  EXPECT_EQ(result.usage.image_tokens, 1120);
  EXPECT_EQ(result.usage.thought_tokens, 210);
  EXPECT_EQ(result.usage.total_tokens, 1352);
}

TEST_P(GeminiResponseTest, TakesEscapedBase64WhateverTheOrderOfKeys) {
  const ReadResult result = RunFile("picture_compact.json");
  ASSERT_THAT(result.images, SizeIs(1));
  EXPECT_EQ(result.images[0].bytes, png_);
}

TEST_P(GeminiResponseTest, KeepsAllPicturesOfAnAnswer) {
  const ReadResult result = RunFile("two_pictures_snake_case.json");
  EXPECT_FALSE(result.diagnosis.has_value());
  ASSERT_THAT(result.images, SizeIs(2));
  EXPECT_EQ(result.images[0].bytes, png_);
  EXPECT_NE(result.images[1].bytes, png_);
  EXPECT_EQ(result.text, "one and two");
}

TEST_P(GeminiResponseTest, DropsAThoughtThatSaysSoAfterItsData) {
  const ReadResult result =
      Run(Parts(absl::StrCat(R"({"inlineData":{"data":")", png_base64_,
                             R"(","mimeType":"image/png"},"thought":true})")));
  EXPECT_THAT(result.images, IsEmpty());
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kNoImage);
}

TEST_P(GeminiResponseTest, DropsWhatIsAnnouncedAsNoPicture) {
  const ReadResult result = Run(Parts(absl::StrCat(
      R"({"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}},)",
      PicturePart(png_base64_))));
  EXPECT_FALSE(result.diagnosis.has_value());
  EXPECT_THAT(result.images, SizeIs(1));
}

TEST_P(GeminiResponseTest, TellsTheTypeByTheBytes) {
  const ReadResult result = Run(Parts(
      PicturePart(Base64Encode("\xff\xd8\xff\xe0 pretends to be a JPEG"))));
  ASSERT_THAT(result.images, SizeIs(1));
  EXPECT_EQ(result.images[0].mime_type, "image/jpeg");
}

TEST_P(GeminiResponseTest, RefusesPicturesOfNoKnownFormat) {
  for (const char* bytes : {"", "x", "these bytes are no picture at all"}) {
    const ReadResult result = Run(Parts(PicturePart(Base64Encode(bytes))));
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_EQ(result.diagnosis->cause, Cause::kBadResponse);
    EXPECT_EQ(result.diagnosis->code, "wrong_image_type");
    EXPECT_EQ(result.diagnosis->model, "some-model");
    EXPECT_EQ(result.diagnosis->http_status, 200);
  }
}

TEST_P(GeminiResponseTest, RefusesBase64ThatIsWrongAnywhere) {
  for (size_t i = 0; i < png_base64_.size(); ++i) {
    std::string bad = png_base64_;
    bad[i] = '*';
    const ReadResult result = Run(Parts(PicturePart(bad)));
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_EQ(result.diagnosis->cause, Cause::kBadResponse);
    EXPECT_EQ(result.diagnosis->code, "bad_base64");
  }
}

TEST_P(GeminiResponseTest, KeepsAGoodPictureBesideABadOne) {
  const ReadResult result = Run(
      Parts(absl::StrCat(PicturePart("****"), ",", PicturePart(png_base64_))));
  EXPECT_FALSE(result.diagnosis.has_value());
  EXPECT_THAT(result.images, SizeIs(1));
}

TEST_P(GeminiResponseTest, NoticesABodyCutAtEveryByte) {
  for (size_t size = 1; size < good_.size(); ++size) {
    const ReadResult result = Run(good_.substr(0, size));
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_EQ(result.diagnosis->cause, Cause::kBadResponse);
    EXPECT_EQ(result.diagnosis->code, "cut_off");
  }
}

TEST_P(GeminiResponseTest, BlamesTheTransferForABodyThatItLost) {
  for (const size_t size : {size_t{0}, size_t{1}, good_.size() / 2}) {
    const ReadResult result =
        Run(good_.substr(0, size), 200, TransferEnd::kLost);
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_EQ(result.diagnosis->cause, Cause::kAmbiguous);
    EXPECT_EQ(result.http_status, 200);
  }
}

TEST_P(GeminiResponseTest, NeverLosesAPictureThatIsWhole) {
  for (const TransferEnd end :
       {TransferEnd::kLost, TransferEnd::kStalled, TransferEnd::kAttemptTimeout,
        TransferEnd::kTooLarge, TransferEnd::kHeadTooLarge}) {
    const ReadResult result = Run(good_, 200, end);
    EXPECT_FALSE(result.diagnosis.has_value());
    EXPECT_THAT(result.images, SizeIs(1));
  }
}

TEST_P(GeminiResponseTest, RefusesMalformedJson) {
  for (const std::string& body :
       {good_ + "x", good_ + good_, "{]" + good_,
        absl::StrReplaceAll(good_, {{"}]}", "}}}"}}),
        std::string(R"({"candidates":tru})"), std::string("{\"a\":01}")}) {
    const ReadResult result = Run(body);
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value()) << body;
    EXPECT_EQ(result.diagnosis->cause, Cause::kBadResponse);
    EXPECT_EQ(result.diagnosis->code, "not_json");
  }
}

TEST_P(GeminiResponseTest, StopsAtAnswersThatAreTooDeepOrTooMuch) {
  std::string parts = "[";
  for (int i = 0; i < 400000; ++i) parts += "{},";
  for (const std::string& body : {parts, std::string(10000, '[')}) {
    const ReadResult result = Run(body);
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_EQ(result.diagnosis->cause, Cause::kBadResponse);
    EXPECT_EQ(result.diagnosis->code, "response_too_complex");
  }
}

TEST_P(GeminiResponseTest, DiagnosesAnAnswerWithoutAPicture) {
  const ReadResult result = RunFile("text_only.json");
  EXPECT_THAT(result.images, IsEmpty());
  EXPECT_EQ(result.text, "I would rather write.");
  EXPECT_EQ(result.usage.total_tokens, 13);
  EXPECT_EQ(result.response_id, "r-3");
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kNoImage);
}

TEST_P(GeminiResponseTest, DiagnosesRefusals) {
  const ReadResult result = RunFile("zero_quota.json", 429);
  EXPECT_THAT(result.images, IsEmpty());
  EXPECT_EQ(result.http_status, 429);
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kZeroQuota);
}

TEST_P(GeminiResponseTest, TakesNoPictureFromAFailure) {
  const ReadResult result = Run(good_, 500);
  EXPECT_THAT(result.images, IsEmpty());
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kTransient);
}

TEST_P(GeminiResponseTest, BelievesARefusalWhoseBodyWasLost) {
  const ReadResult result = Run("{\"error\":", 503, TransferEnd::kLost);
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kOverloaded);
}

TEST_P(GeminiResponseTest, DiagnosesWhatIsNoJson) {
  for (const char* body : {"", " \n", "<html><title>Sign in</title></html>"}) {
    const ReadResult result = Run(body);
    EXPECT_THAT(result.images, IsEmpty());
    ASSERT_TRUE(result.diagnosis.has_value());
    EXPECT_THAT(result.diagnosis->cause,
                AnyOf(Cause::kBadResponse, Cause::kNoImage));
  }
}

TEST(GeminiReaderTest, StopsReadingWhatIsOfNoUse) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  GeminiReading reading = Reading();
  reading.sink = sink.get();
  const std::unique_ptr<AttemptReader> reader = NewGeminiReader(reading);
  reader->OnHead({502, std::nullopt, {}});
  const std::string chunk(16 << 10, 'x');
  int chunks = 1;
  while (reader->OnData(chunk) == ResponseReader::Flow::kContinue) {
    ASSERT_LT(++chunks, 100);
  }
  EXPECT_EQ(chunks, 16);
  TransferResult transfer;
  transfer.end = TransferEnd::kStoppedByReader;
  const AttemptResult result =
      reader->Finish(transfer, absl::FromUnixSeconds(0));
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kTransient);
}

TEST(GeminiReaderTest, TheHeadersOfARefusalCount) {
  Answer answer;
  answer.http_status = 503;
  answer.headers = {{"retry-after", "7"}};
  const ReadResult result = Read(answer, 1);
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->retry_delay, absl::Seconds(7));
}

TEST(GeminiReaderTest, DiagnosesATransferWithoutAnAnswer) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  GeminiReading reading = Reading();
  reading.sink = sink.get();
  const std::unique_ptr<AttemptReader> reader = NewGeminiReader(reading);
  TransferResult transfer;
  transfer.end = TransferEnd::kCannotConnect;
  const AttemptResult result =
      reader->Finish(transfer, absl::FromUnixSeconds(0));
  EXPECT_FALSE(result.http_status.has_value());
  ASSERT_TRUE(result.diagnosis.has_value());
  EXPECT_EQ(result.diagnosis->cause, Cause::kTransient);
}

TEST(GeminiReaderTest, TakesAPictureOfMegabytesWhoseLengthIsKnown) {
  std::string png = "\x89PNG\r\n\x1a\n";
  png.resize(5 << 20, '\x5a');
  Answer answer;
  answer.body = Parts(PicturePart(Base64Encode(png)));
  answer.body_size = static_cast<int64_t>(answer.body.size());
  const ReadResult result = Read(answer, 16 << 10);
  ASSERT_THAT(result.images, SizeIs(1));
  EXPECT_EQ(result.images[0].bytes, png);
  EXPECT_LT(result.images[0].bytes.capacity(), png.size() + (64 << 10));
}

}  // namespace
}  // namespace gemini::internal
