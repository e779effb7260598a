#include "wire/inline_data_splitter.h"

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/chunks.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keeps the pictures, and checks the order of the calls.
class Pictures : public InlineDataHandler {
 public:
  void OnDataBegin(int ordinal) override {
    EXPECT_FALSE(open_);
    EXPECT_EQ(ordinal, static_cast<int>(texts.size()));
    open_ = true;
    texts.emplace_back();
  }
  void OnData(absl::string_view base64) override {
    EXPECT_TRUE(open_);
    EXPECT_FALSE(base64.empty());
    texts.back().append(base64.data(), base64.size());
  }
  void OnDataEnd() override {
    EXPECT_TRUE(open_);
    open_ = false;
  }

  std::vector<std::string> texts;

 private:
  bool open_ = false;
};

struct Split {
  absl::Status status;
  std::string skeleton;
  std::vector<std::string> pictures;
};

Split SplitInChunks(absl::string_view json, size_t chunk_size,
                    const SplitterLimits& limits = {}) {
  Pictures pictures;
  InlineDataSplitter splitter(&pictures, limits);
  ForEachChunk(json, chunk_size, [&](absl::string_view chunk) {
    splitter.Feed(chunk).IgnoreError();
  });
  Split split;
  split.status = splitter.Finish();
  split.skeleton = splitter.skeleton();
  split.pictures = pictures.texts;
  return split;
}

class InlineDataSplitterTest : public ::testing::TestWithParam<size_t> {
 protected:
  Split Run(absl::string_view json, const SplitterLimits& limits = {}) {
    return SplitInChunks(json, GetParam(), limits);
  }
};

INSTANTIATE_TEST_SUITE_P(ChunkSizes, InlineDataSplitterTest,
                         ::testing::ValuesIn(kChunkSizes));

TEST_P(InlineDataSplitterTest, TakesAPictureOutOfAnAnswer) {
  const Split split = Run(R"({
  "candidates": [
    {
      "content": {
        "parts": [
          {"text": "Here it is."},
          {
            "inlineData": {
              "mimeType": "image/png",
              "data": "iVBORw0KGgo="
            }
          }
        ]
      },
      "finishReason": "STOP"
    }
  ],
  "usageMetadata": {"totalTokenCount": 1352, "x": -1.5e+3, "y": null}
}
)");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.pictures, ElementsAre("iVBORw0KGgo="));
  EXPECT_EQ(
      split.skeleton,
      R"({"candidates":[{"content":{"parts":[{"text":"Here it is."},)"
      R"({"inlineData":{"mimeType":"image/png","data":"#0"}}]},)"
      R"("finishReason":"STOP"}],)"
      R"("usageMetadata":{"totalTokenCount":1352,"x":-1.5e+3,"y":null}})");
}

TEST_P(InlineDataSplitterTest, TakesEveryFormOfPicture) {
  const Split split =
      Run(R"([{"inline_data":{"data":"AA","mime_type":"image/png"}},)"
          R"({"data":[{"b64_json":"BB"},{"bytesBase64Encoded":"CC"}]},)"
          R"({"inl\u0069neData":{"d\u0061ta":"DD"}},)"
          R"({"inlineData":{"data":"EE","data":"FF"}}])");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.pictures, ElementsAre("AA", "BB", "CC", "DD", "EE", "FF"));
}

TEST_P(InlineDataSplitterTest, LeavesOtherStringsWhereTheyAre) {
  for (const absl::string_view json :
       {R"({"data":"AA"})", R"({"inlineData":"AA"})",
        R"({"inlineData":["data","AA"]})", R"({"inlineData":[{"data":"AA"}]})",
        R"({"inlineData":{"x":{"data":"AA"}}})",
        R"({"inlineData":{"data":["AA"]}})", R"({"inlineData":{"Data":"AA"}})",
        R"({"inlineData":{"mimeType":"data"},"data":"AA"})",
        R"({"inlineData":{"data":7}})", R"({"inlineDataInlineDataX":"AA"})",
        R"({"b64_json":["AA"]})", R"({"b64_json":{"x":"AA"}})", R"("data")",
        R"([])", R"({})", "7", "true"}) {
    const Split split = Run(json);
    EXPECT_TRUE(split.status.ok()) << split.status;
    EXPECT_THAT(split.pictures, IsEmpty());
    EXPECT_EQ(split.skeleton, json);
  }
}

TEST_P(InlineDataSplitterTest, UnescapesPictures) {
  const Split split =
      Run(R"({"b64_json":"\/9j\/4AA\u003d\u003D\n\u002b\"\\\u00e9"})");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.pictures, ElementsAre("/9j/4AA==\n+\"\\\xff"));
}

TEST_P(InlineDataSplitterTest, PutsAPictureFullOfEscapesTogether) {
  std::string plain;
  std::string escaped;
  for (int i = 0; i < 3000; ++i) {
    const std::string run(static_cast<size_t>(i * i % 131), 'A');
    absl::StrAppend(&plain, run, "/");
    absl::StrAppend(&escaped, run, "\\/");
  }
  const Split split = Run(absl::StrCat("{\"b64_json\":\"", escaped, "\"}"));
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.pictures, ElementsAre(plain));
}

TEST_P(InlineDataSplitterTest, TakesEmptyPictures) {
  const Split split = Run(R"({"b64_json":""})");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.pictures, ElementsAre(""));
}

TEST_P(InlineDataSplitterTest, KeepsStringsThatLookLikeMarkers) {
  const Split split = Run(R"({"text":"#0","inlineData":{"data":"#7"}})");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_EQ(split.skeleton, R"({"text":"#0","inlineData":{"data":"#0"}})");
  EXPECT_THAT(split.pictures, ElementsAre("#7"));
}

TEST_P(InlineDataSplitterTest, CutsLongStringsBetweenCharacters) {
  SplitterLimits limits;
  limits.max_string_bytes = 10;
  const struct {
    const char* string;
    const char* kept;
  } kCases[] = {
      {"0123456789", "0123456789"},
      {"0123456789a", "0123456789"},
      {"012345678\xc3\xa9z", "012345678"},
      {"01234567\xe2\x82\xacz", "01234567"},
      {"0123456\xf0\x9f\x98\x80z", "0123456"},
      {"01234567\xc3\xa9z", "01234567\xc3\xa9"},
      {R"(0123456\u00e9z)", "0123456"},
      {R"(012345678\nz)", "012345678"},
      {R"(01234567\nz)", R"(01234567\n)"},
      {R"(\ud83d\ude00z)", ""},
      {R"(a\\\"b\/cdefg)", R"(a\\\"b\/cd)"},
  };
  for (const auto& test : kCases) {
    const Split split =
        Run(absl::StrCat("[\"", test.string, "\",\"next\"]"), limits);
    ASSERT_TRUE(split.status.ok()) << split.status;
    EXPECT_EQ(split.skeleton, absl::StrCat("[\"", test.kept, "\",\"next\"]"));
  }
}

TEST_P(InlineDataSplitterTest, DropsLongSignatures) {
  SplitterLimits limits;
  limits.max_signature_bytes = 4;
  const std::string signature(300000, 'C');
  const Split split =
      Run(absl::StrCat(R"({"text":"a","thoughtSignature":")", signature,
                       R"(","x":{"thought_signature":"Cq\/="}})"),
          limits);
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_EQ(split.skeleton, R"({"text":"a","thoughtSignature":null,)"
                            R"("x":{"thought_signature":null}})");
  limits.max_signature_bytes = 5;
  EXPECT_EQ(Run(R"({"thoughtSignature":"Cq\/="})", limits).skeleton,
            R"({"thoughtSignature":"Cq\/="})");
}

TEST_P(InlineDataSplitterTest, ReplacesLoneSurrogates) {
  const Split split =
      Run(R"(["\ud83d","\ud83dx","\ude00","\ud83d\ud83d\ude00","\ud83d\n"])");
  ASSERT_TRUE(split.status.ok()) << split.status;
  EXPECT_EQ(split.skeleton,
            R"(["\ufffd","\ufffdx","\ufffd","\ufffd\ud83d\ude00","\ufffd\n"])");
}

TEST_P(InlineDataSplitterTest, RefusesMalformedJson) {
  const struct {
    const char* json;
    const char* message;
  } kCases[] = {
      {"<html>", "expected a value, met byte 0x3c at offset 0"},
      {"{]", "expected a key, met byte 0x5d at offset 1"},
      {"[}", "expected a value, met byte 0x7d at offset 1"},
      {"[1 2]", "expected ',' or ']', met byte 0x32 at offset 3"},
      {"[1,]", "expected a value, met byte 0x5d at offset 3"},
      {"{\"a\":1,}", "expected a key, met byte 0x7d at offset 7"},
      {"{\"a\" 1}", "expected ':', met byte 0x31 at offset 5"},
      {"{\"a\":1]", "expected ',' or '}', met byte 0x5d at offset 6"},
      {"{1:2}", "expected a key"},
      {"[\"\\x\"]", "expected an escape sequence, met byte 0x78 at offset 3"},
      {"[\"\\u12g4\"]", "expected a hexadecimal digit"},
      {"[\"a\nb\"]", "expected no control character in a string"},
      {"{} {}", "expected nothing more, met byte 0x7b at offset 3"},
      {"{}x", "expected nothing more"},
      {"]", "expected a value"},
      {"{\"b64_json\":\"\\q\"}", "expected an escape sequence"},
      {"[\"a\"\"b\"]", "expected ',' or ']'"},
      {"[[1]{}]", "expected ',' or ']'"},
  };
  for (const auto& test : kCases) {
    const Split split = Run(test.json);
    EXPECT_EQ(split.status.code(), absl::StatusCode::kInvalidArgument)
        << test.json;
    EXPECT_THAT(std::string(split.status.message()), HasSubstr(test.message));
  }
}

TEST_P(InlineDataSplitterTest, NoticesACutAtEveryByte) {
  const std::string json =
      R"({"a":[1,{"inlineData":{"mimeType":"image\/png","data":"AA\/A"}}],)"
      R"("t":"\u00e9\"","n":null})";
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_EQ(Run(json.substr(0, size)).status.code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_TRUE(Run(json).status.ok());
}

TEST_P(InlineDataSplitterTest, BoundsNesting) {
  SplitterLimits limits;
  limits.max_depth = 10;
  const auto nested = [](size_t n) {
    return std::string(n, '[') + std::string(n, ']');
  };
  EXPECT_TRUE(Run(nested(10), limits).status.ok());
  EXPECT_EQ(Run(nested(11), limits).status.code(),
            absl::StatusCode::kResourceExhausted);
  limits.max_depth = 1000000;
  EXPECT_EQ(Run(nested(10000), limits).status.code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_P(InlineDataSplitterTest, BoundsTheSkeleton) {
  SplitterLimits limits;
  limits.max_skeleton_bytes = 1000;
  std::string parts = "[{}";
  for (int i = 0; i < 100000; ++i) parts += ",{}";
  const Split split = Run(parts, limits);
  EXPECT_EQ(split.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(split.skeleton.size(), 1000u);
}

TEST_P(InlineDataSplitterTest, BoundsThePictures) {
  SplitterLimits limits;
  limits.max_pictures = 2;
  const Split split =
      Run(R"([{"b64_json":"A"},{"b64_json":"B"},{"b64_json":"C"}])", limits);
  EXPECT_EQ(split.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(split.pictures, ElementsAre("A", "B"));
}

TEST_P(InlineDataSplitterTest, TakesOneDocumentAfterAnother) {
  Pictures pictures;
  InlineDataSplitter splitter(&pictures);
  for (const char* json : {R"({"b64_json":"A"})", R"({"b64_json":"B"})"}) {
    ForEachChunk(json, GetParam(), [&](absl::string_view chunk) {
      EXPECT_TRUE(splitter.Feed(chunk).ok());
    });
    EXPECT_TRUE(splitter.Finish().ok());
    splitter.Reset();
  }
  EXPECT_THAT(pictures.texts, ElementsAre("A", "B"));
}

TEST(InlineDataSplitterMarkerTest, ReadsOnlyMarkers) {
  EXPECT_EQ(InlineDataSplitter::OrdinalOf("#12"), 12);
  EXPECT_FALSE(InlineDataSplitter::OrdinalOf("").has_value());
  EXPECT_FALSE(InlineDataSplitter::OrdinalOf("12").has_value());
  EXPECT_FALSE(InlineDataSplitter::OrdinalOf("#x").has_value());
}

// Random JSON with random spaces, escapes and pictures.
class JsonWriterOfAnything {
 public:
  explicit JsonWriterOfAnything(unsigned seed) : random_(seed) {}

  std::string Write() {
    json_.clear();
    Value(0);
    return json_;
  }

 private:
  unsigned Below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void Space() {
    if (Below(4) == 0) json_ += " \n\t\r"[Below(4)];
  }

  void String() {
    static constexpr const char* kPieces[] = {"a",
                                              "data",
                                              "#0",
                                              "\\n",
                                              "\\\"",
                                              "\\\\",
                                              "\\/",
                                              "\\u00e9",
                                              "\\u0000",
                                              "\xc3\xa9",
                                              "\\ud83d\\ude00",
                                              "{",
                                              "}",
                                              ",",
                                              ":",
                                              "[",
                                              "]",
                                              "iVBORw0KGgo=",
                                              "\\u003d"};
    json_ += '"';
    for (unsigned n = Below(5); n > 0; --n) {
      json_ += kPieces[Below(sizeof(kPieces) / sizeof(kPieces[0]))];
    }
    json_ += '"';
  }

  void Value(int depth) {
    Space();
    const unsigned kind = Below(depth > 5 ? 6 : 10);
    if (kind < 3) {
      String();
    } else if (kind < 6) {
      static constexpr const char* kScalars[] = {"0",    "-1.5E-3", "12345678",
                                                 "true", "false",   "null"};
      json_ += kScalars[Below(6)];
    } else if (kind == 6) {
      json_ += '[';
      for (unsigned n = Below(4); n > 0; --n) {
        Value(depth + 1);
        if (n > 1) json_ += ',';
      }
      Space();
      json_ += ']';
    } else {
      static constexpr const char* kKeys[] = {
          "inlineData", "inline_data",
          "data",       "d\\u0061ta",
          "b64_json",   "bytesBase64Encoded",
          "text",       "",
          "inlineDatb", "a key that is longer than any that counts"};
      json_ += '{';
      for (unsigned n = Below(4); n > 0; --n) {
        Space();
        absl::StrAppend(&json_, "\"", kKeys[Below(10)], "\"");
        Space();
        json_ += ':';
        Value(depth + 1);
        if (n > 1) json_ += ',';
      }
      Space();
      json_ += '}';
    }
    Space();
  }

  std::mt19937 random_;
  std::string json_;
};

// Checks that `skeleton` is `document` with its pictures replaced by markers.
void ExpectSkeletonOf(JsonValue document, JsonValue skeleton, bool in_picture,
                      const std::vector<std::string>& pictures) {
  if (in_picture && document.is_string()) {
    const std::optional<int> ordinal =
        InlineDataSplitter::OrdinalOf(skeleton.string());
    ASSERT_TRUE(ordinal.has_value());
    ASSERT_LT(static_cast<size_t>(*ordinal), pictures.size());
    // Whatever is not ASCII arrives as some byte that is not ASCII either.
    if (!absl::StrContains(document.string(), "\xc3\xa9") &&
        !absl::StrContains(document.string(), "\xf0")) {
      EXPECT_EQ(pictures[static_cast<size_t>(*ordinal)], document.string());
    }
    return;
  }
  ASSERT_EQ(document.type(), skeleton.type());
  ASSERT_EQ(document.size(), skeleton.size());
  EXPECT_EQ(document.string(), skeleton.string());
  EXPECT_EQ(document.number(), skeleton.number());
  EXPECT_EQ(document.boolean(), skeleton.boolean());
}

void ExpectSkeletonOfAll(JsonValue document, JsonValue skeleton,
                         bool is_inline_data,
                         const std::vector<std::string>& pictures) {
  ASSERT_EQ(document.size(), skeleton.size());
  for (size_t i = 0; i < document.size(); ++i) {
    const absl::string_view name = document.NameAt(i);
    ASSERT_EQ(name, skeleton.NameAt(i));
    const bool is_object = document.is_object();
    const bool in_picture =
        is_object && ((name == "data" && is_inline_data) ||
                      name == "b64_json" || name == "bytesBase64Encoded");
    const JsonValue inner = document.At(i);
    ExpectSkeletonOf(inner, skeleton.At(i), in_picture, pictures);
    ExpectSkeletonOfAll(inner, skeleton.At(i),
                        is_object && inner.is_object() &&
                            (name == "inlineData" || name == "inline_data"),
                        pictures);
  }
}

TEST(InlineDataSplitterPropertyTest, AgreesWithAJsonParserOnAnyJson) {
  JsonWriterOfAnything writer(7);
  size_t all_pictures = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string json = writer.Write();
    SCOPED_TRACE(json);
    const Split split = SplitInChunks(json, kChunkSizes[i % 5]);
    ASSERT_TRUE(split.status.ok()) << split.status;
    const auto document = JsonDocument::Parse(json);
    const auto skeleton = JsonDocument::Parse(split.skeleton);
    ASSERT_TRUE(document.has_value());
    ASSERT_TRUE(skeleton.has_value());
    ExpectSkeletonOf(document->root(), skeleton->root(), false, split.pictures);
    ExpectSkeletonOfAll(document->root(), skeleton->root(), false,
                        split.pictures);
    all_pictures += split.pictures.size();
  }
  EXPECT_GT(all_pictures, 1000u);
}

TEST(InlineDataSplitterPropertyTest, RefusesWhatAJsonParserRefuses) {
  JsonWriterOfAnything writer(8);
  std::mt19937 random(9);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string json = writer.Write();
    const size_t at = random() % json.size();
    switch (random() % 3) {
      case 0:
        json[at] = "{}[]:,\"\\ a0-"[random() % 12];
        break;
      case 1:
        json.erase(at, 1 + random() % 3);
        break;
      default:
        json.insert(at, 1, "{}[]:,\"\\ a0-"[random() % 12]);
        break;
    }
    SCOPED_TRACE(json);
    const Split split = SplitInChunks(json, kChunkSizes[i % 5]);
    // Escapes of lone surrogates are the one thing that parsers refuse here and
    // the splitter mends.
    if (absl::StrContains(json, "\\ud83d") ||
        absl::StrContains(json, "\\ude00")) {
      continue;
    }
    const bool skeleton_is_good =
        split.status.ok() && JsonDocument::Parse(split.skeleton).has_value();
    EXPECT_EQ(skeleton_is_good, JsonDocument::Parse(json).has_value());
    if (!skeleton_is_good) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace gemini::internal
