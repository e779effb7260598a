#include "wire/json_writer.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "util/utf8.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

std::string Write(JsonWriter::Style style) {
  std::string text;
  JsonWriter writer(&text, style);
  writer.BeginObject();
  writer.Key("s").String("a\"b");
  writer.Key("n").BeginArray().Int(-1).Double(38.251487996).Null().EndArray();
  writer.Key("e").BeginObject().EndObject();
  writer.Key("b").Bool(true);
  writer.Key("r").Raw("[0]");
  writer.EndObject();
  return text;
}

TEST(JsonWriterTest, WritesWithoutWhiteSpace) {
  EXPECT_EQ(Write(JsonWriter::Style::kCompact),
            R"({"s":"a\"b","n":[-1,38.251487996,null],"e":{},"b":true,)"
            R"("r":[0]})");
}

TEST(JsonWriterTest, IndentsByTwoSpaces) {
  EXPECT_EQ(Write(JsonWriter::Style::kPretty), R"({
  "s": "a\"b",
  "n": [
    -1,
    38.251487996,
    null
  ],
  "e": {},
  "b": true,
  "r": [0]
})");
}

TEST(JsonWriterTest, WritesNumbersThatReadTheSame) {
  for (const double value : {0.1, 1.0 / 3, 1e300, -2.5e-10, 21.0}) {
    std::string text;
    JsonWriter(&text).Double(value);
    const auto document = JsonDocument::Parse(text);
    ASSERT_TRUE(document.has_value()) << text;
    EXPECT_EQ(document->root().number(), value) << text;
  }
  std::string text;
  JsonWriter(&text).Double(std::numeric_limits<double>::infinity());
  EXPECT_EQ(text, "null");
}

TEST(JsonWriterTest, EscapesWhatJsonDoesNotAllow) {
  std::string text;
  AppendJsonString(&text, absl::string_view("\x01\n\t\r\\/\0\x7f", 8));
  EXPECT_EQ(text, R"("\u0001\n\t\r\\/\u0000\u007f")");
}

TEST(JsonWriterTest, KeepsUtf8AndReplacesWhatIsNot) {
  struct Case {
    absl::string_view in;
    absl::string_view out;
  };
  const Case kCases[] = {
      {"配额", "\"配额\""},
      {"\xF0\x9F\x90\xA6", "\"\xF0\x9F\x90\xA6\""},
      {"a\xFF"
       "b",
       "\"a\uFFFDb\""},
      {"\xC0\xAF", "\"\uFFFD\uFFFD\""},            // Overlong.
      {"\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\""},  // A surrogate.
      {"\xE9\x85", "\"\uFFFD\uFFFD\""},            // Cut off.
      {"\xF4\x90\x80\x80", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""},
  };
  for (const Case& c : kCases) {
    std::string text;
    AppendJsonString(&text, c.in);
    EXPECT_EQ(text, c.out);
  }
}

TEST(JsonWriterTest, AnyBytesComeBackAsValidJson) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; j += 5) {
      bytes.push_back(static_cast<char>(i));
      bytes.push_back(static_cast<char>(j));
    }
  }
  std::string text;
  AppendJsonString(&text, bytes);
  EXPECT_TRUE(JsonDocument::Parse(text).has_value());
  for (size_t i = 0; i < text.size();) {
    const size_t size = Utf8CharacterSize(text.c_str() + i);
    ASSERT_GT(size, 0u) << "at " << i;
    i += size;
  }
}

}  // namespace
}  // namespace gemini::internal
