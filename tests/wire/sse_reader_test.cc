#include "wire/sse_reader.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/chunks.h"
#include "wire/inline_data_splitter.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Events final : public SseHandler {
 public:
  void OnEventData(absl::string_view data) override {
    EXPECT_FALSE(data.empty());
    open_.append(data.data(), data.size());
  }
  void OnEventEnd() override {
    EXPECT_FALSE(open_.empty());
    events.push_back(open_);
    open_.clear();
  }

  std::vector<std::string> events;

 private:
  std::string open_;
};

class SseReaderTest : public ::testing::TestWithParam<size_t> {
 protected:
  std::vector<std::string> Run(absl::string_view stream) {
    Events events;
    SseReader reader(&events);
    ForEachChunk(stream, GetParam(),
                 [&](absl::string_view chunk) { reader.Feed(chunk); });
    reader.Finish();
    return events.events;
  }
};

INSTANTIATE_TEST_SUITE_P(ChunkSizes, SseReaderTest,
                         ::testing::ValuesIn(kChunkSizes));

TEST_P(SseReaderTest, ReadsEventsWhateverEndsTheLines) {
  const std::string stream = "data: {\"a\":1}\n\ndata: {\"b\":2}\n\n";
  EXPECT_THAT(Run(stream), ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(Run(absl::StrReplaceAll(stream, {{"\n", "\r\n"}})),
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(Run(absl::StrReplaceAll(stream, {{"\n", "\r"}})),
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(Run("data: 1\r\n\ndata: 2\n\rdata: 3\r\r\n"),
              ElementsAre("1", "2", "3"));
}

TEST_P(SseReaderTest, ReadsAnEventThatNoBlankLineEnds) {
  EXPECT_THAT(Run("data: 1\n\ndata: 2\n"), ElementsAre("1", "2"));
  EXPECT_THAT(Run("data: 1\n\ndata: 2"), ElementsAre("1", "2"));
}

TEST_P(SseReaderTest, JoinsLinesOfData) {
  EXPECT_THAT(Run("data: {\ndata:  \"a\"\ndata\ndata:}\n\n"),
              ElementsAre("{\n \"a\"\n\n}"));
}

TEST_P(SseReaderTest, TakesOffOneSpaceAtMost) {
  EXPECT_THAT(Run("data:1\n\ndata: 2\n\ndata:  3\n\n"),
              ElementsAre("1", "2", " 3"));
}

TEST_P(SseReaderTest, PassesOverEverythingElse) {
  EXPECT_THAT(Run(": keep-alive\n\nevent: x\nid: 7\ndata: 1\nretry: 3\n:\n\n"
                  "database: 2\ndat: 3\n data: 4\ndata 5\nDATA: 6\n\n\n\n"
                  "event: nothing\n\ndata:\n\ndata\n\ndata: \n\ndata: 7\n\n"),
              ElementsAre("1", "7"));
  EXPECT_THAT(Run(""), IsEmpty());
  EXPECT_THAT(Run("\n\r\n"), IsEmpty());
}

TEST_P(SseReaderTest, PassesOverAByteOrderMark) {
  EXPECT_THAT(Run("\xef\xbb\xbf"
                  "data: 1\n\n"),
              ElementsAre("1"));
  EXPECT_THAT(Run("\xef\xbb"
                  "data: 1\n\ndata: 2\n\n"),
              ElementsAre("2"));
}

TEST_P(SseReaderTest, TakesJsonThatStandsByItself) {
  const std::string error =
      "{\n  \"error\": {\n    \"code\": 503,\n"
      "    \"message\": \"a \\\"}\\\" { [\\\\\",\n    \"x\": []\n  }\n}";
  EXPECT_THAT(Run(absl::StrCat("data: 1\n\n", error, "\n")),
              ElementsAre("1", error));
  EXPECT_THAT(Run(absl::StrCat("data: 1\n", error, "\n\ndata: 2\n\n")),
              ElementsAre("1", error, "2"));
  EXPECT_THAT(Run(absl::StrCat(error, " \ndata: 2\n\n")),
              ElementsAre(error, "2"));
  EXPECT_THAT(Run(absl::StrCat("  [", error, "]\r\n")),
              ElementsAre(absl::StrCat("[", error, "]")));
  EXPECT_THAT(Run("{\"error\": {"), ElementsAre("{\"error\": {"));
}

// What a reader of streams does with it: each event through a splitter.
class SplitEvents final : public SseHandler, public InlineDataHandler {
 public:
  SplitEvents() : splitter_(this) {}

  void OnEventData(absl::string_view data) override {
    EXPECT_TRUE(splitter_.Feed(data).ok());
  }
  void OnEventEnd() override {
    EXPECT_TRUE(splitter_.Finish().ok());
    skeletons.push_back(splitter_.skeleton());
    splitter_.Reset();
  }
  void OnDataBegin(int /*ordinal*/) override { pictures.emplace_back(); }
  void OnData(absl::string_view base64) override {
    pictures.back().append(base64.data(), base64.size());
  }
  void OnDataEnd() override {}

  std::vector<std::string> skeletons;
  std::vector<std::string> pictures;

 private:
  InlineDataSplitter splitter_;
};

TEST_P(SseReaderTest, HandsEventsOfMegabytesToASplitter) {
  const std::string picture(2 << 20, 'A');
  const std::string stream = absl::StrCat(
      "data: {\"text\":\"first\"}\r\n\r\n",
      "data: {\"inlineData\":{\"data\":\"", picture, "\"}}\r\n\r\n",
      "data: {\"inlineData\":{\"data\":\"BB==\"}}\r\n\r\n");
  SplitEvents events;
  SseReader reader(&events);
  ForEachChunk(stream, GetParam(),
               [&](absl::string_view chunk) { reader.Feed(chunk); });
  reader.Finish();
  EXPECT_THAT(
      events.skeletons,
      ElementsAre("{\"text\":\"first\"}", "{\"inlineData\":{\"data\":\"#0\"}}",
                  "{\"inlineData\":{\"data\":\"#1\"}}"));
  ASSERT_THAT(events.pictures, ::testing::SizeIs(2));
  EXPECT_TRUE(events.pictures[0] == picture);
  EXPECT_EQ(events.pictures[1], "BB==");
}

}  // namespace
}  // namespace gemini::internal
