#include "wire/json.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(JsonTest, ReadsEveryTypeThroughItsGetter) {
  const auto document = JsonDocument::Parse(
      R"({"s":"a\u0000b","i":-7,"d":1.5,"t":true,"n":null,"a":[1,"2"]})");
  ASSERT_TRUE(document.has_value());
  const JsonValue root = document->root();
  EXPECT_EQ(root["s"].string(), absl::string_view("a\0b", 3));
  EXPECT_THAT(root["i"].integer(), Optional(-7));
  EXPECT_THAT(root["d"].number(), Optional(1.5));
  EXPECT_THAT(root["t"].boolean(), Optional(true));
  EXPECT_EQ(root["n"].type(), JsonValue::Type::kNull);
  EXPECT_EQ(root["a"].size(), 2u);
  EXPECT_THAT(root["a"].At(1).integer(), Optional(2));
  EXPECT_EQ(root.NameAt(1), "i");
}

TEST(JsonTest, AnswersWithNothingForWhatIsNotThere) {
  const auto document = JsonDocument::Parse(R"({"a":[{"b":"c"}]})");
  ASSERT_TRUE(document.has_value());
  const JsonValue root = document->root();
  EXPECT_FALSE(root["x"]["y"].At(3)["z"].exists());
  EXPECT_EQ(root["a"].string(), "");
  EXPECT_EQ(root["a"].integer(), std::nullopt);
  EXPECT_EQ(root["a"].boolean(), std::nullopt);
  EXPECT_EQ(root["a"]["b"].string(), "");
  EXPECT_FALSE(root["a"].At(1).exists());
  EXPECT_EQ(root["a"].NameAt(0), "");
  EXPECT_EQ(JsonValue().size(), 0u);
}

TEST(JsonTest, ReadsWholeNumbersHoweverTheyAreWritten) {
  const auto document = JsonDocument::Parse(
      R"([250, "250", 250.0, 9223372036854775807, 1e300, 0.5, "x", "", [1]])");
  ASSERT_TRUE(document.has_value());
  std::vector<std::optional<int64_t>> read;
  for (const JsonValue value : document->root().elements()) {
    read.push_back(value.integer());
  }
  EXPECT_THAT(read,
              ElementsAre(250, 250, 250, INT64_MAX, std::nullopt, std::nullopt,
                          std::nullopt, std::nullopt, std::nullopt));
}

TEST(JsonTest, IteratesOverMembersInTheirOrder) {
  const auto document = JsonDocument::Parse(R"({"b":1,"a":2,"b":3})");
  ASSERT_TRUE(document.has_value());
  std::string names;
  for (const JsonMember member : document->root().members()) {
    names.append(member.name.data(), member.name.size());
  }
  EXPECT_EQ(names, "bab");
  EXPECT_THAT(document->root()["b"].integer(), Optional(1));
  for (const JsonMember member : document->root()["b"].members()) {
    ADD_FAILURE() << member.name;
  }
}

TEST(JsonTest, RefusesWhatIsNotOneValue) {
  for (const char* text : {"", " ", "{", "{}x", "{} {}", "{'a':1}", "[1,]",
                           "nul", "\"\\ud800\"", "[1e999]", "\x80"}) {
    EXPECT_FALSE(JsonDocument::Parse(text).has_value()) << text;
  }
}

TEST(JsonTest, KeepsToItsLimits) {
  JsonLimits limits;
  limits.max_depth = 3;
  limits.max_bytes = 20;
  EXPECT_TRUE(JsonDocument::Parse("[[[1],[2]],[]]", limits).has_value());
  EXPECT_FALSE(JsonDocument::Parse("[[[[1]]]]", limits).has_value());
  EXPECT_FALSE(JsonDocument::Parse("[{\"a\":[[]]}]", limits).has_value());
  EXPECT_TRUE(JsonDocument::Parse(std::string(19, ' ') + "1", limits));
  EXPECT_FALSE(JsonDocument::Parse(std::string(20, ' ') + "1", limits));
}

TEST(JsonTest, SurvivesAMillionOpenBrackets) {
  EXPECT_FALSE(JsonDocument::Parse(std::string(1000000, '[')).has_value());
  JsonLimits limits;
  limits.max_depth = 2000000;
  const std::string deep = std::string(500000, '[') + std::string(500000, ']');
  EXPECT_TRUE(JsonDocument::Parse(deep, limits).has_value());
}

TEST(JsonTest, KeepsItsValuesWhenMoved) {
  auto document = JsonDocument::Parse(R"({"a":"text"})");
  ASSERT_TRUE(document.has_value());
  const JsonValue value = document->root()["a"];
  const JsonDocument moved = std::move(*document);
  EXPECT_EQ(value.string(), "text");
  EXPECT_EQ(moved.root()["a"].string(), "text");
  EXPECT_FALSE(document->root().exists());
}

}  // namespace
}  // namespace gemini::internal
