#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "wire/json.h"
#include "wire/json_writer.h"

namespace gemini::internal {
namespace {

void Write(JsonValue value, JsonWriter* writer) {
  switch (value.type()) {
    case JsonValue::Type::kObject:
      writer->BeginObject();
      for (const JsonMember member : value.members()) {
        writer->Key(member.name);
        Write(member.value, writer);
      }
      writer->EndObject();
      return;
    case JsonValue::Type::kArray:
      writer->BeginArray();
      for (const JsonValue element : value.elements()) Write(element, writer);
      writer->EndArray();
      return;
    case JsonValue::Type::kString:
      writer->String(value.string());
      return;
    case JsonValue::Type::kNumber:
      writer->Double(*value.number());
      return;
    case JsonValue::Type::kBool:
      writer->Bool(*value.boolean());
      return;
    case JsonValue::Type::kNull:
    case JsonValue::Type::kAbsent:
      writer->Null();
      return;
  }
}

std::string Read(absl::string_view text) {
  const LooseJson loose = JsonDocument::ParseLoosely(text);
  std::string json;
  JsonWriter writer(&json);
  Write(loose.document.root(), &writer);
  return json;
}

TEST(JsonLooseTest, ReadsWhatIsMeantAsAnObject) {
  struct Case {
    const char* form;
    const char* text;
    const char* json;
  };
  constexpr Case kCases[] = {
      {"JSON", R"({"a":[1,-2.5,"x\n\u00e9"],"b":{"c":null,"d":true}})",
       "{\"a\":[1,-2.5,\"x\\né\"],\"b\":{\"c\":null,\"d\":true}}"},
      {"Python repr", R"({'a': None, 'b': [True, False], "c": "it's"})",
       R"({"a":null,"b":[true,false],"c":"it's"})"},
      {"Python pprint", "{'m': 'please check your '\n      'plan', 'c': 4}",
       R"({"m":"please check your plan","c":4})"},
      {"Python bytes", R"({'body': b'{"a": 1}'})", R"({"body":"{\"a\": 1}"})"},
      {"JavaScript console",
       "{\n  error: {\n    code: 429,\n    details: [ [Object], [Object] ],\n"
       "    cause: Error { name: 'x' },\n    message: 'a ' +\n      'b'\n  "
       "}\n}",
       R"({"error":{"code":429,"details":[["Object"],["Object"]],)"
       R"("cause":{"name":"x"},"message":"a b"}})"},
      {"Ruby hash", R"({"error"=>{"code"=>429, :status=>"X"}})",
       R"({"error":{"code":429,"status":"X"}})"},
      {"protobuf text",
       "[links {\n  url: \"u\"\n}\n, violations {\n  id: \"a\"\n  value: "
       "20\n}\n"
       "violations {\n  id: \"b\"\n}\n, retry_delay {\n  seconds: 48\n}\n]",
       R"([{"links":{"url":"u"}},{"violations":{"id":"a","value":20},)"
       R"("violations":{"id":"b"}},{"retry_delay":{"seconds":48}}])"},
      {"protobuf text on one line",
       R"([d { key: "model" value: "x" } , r { seconds: 4 nanos: 5 }])",
       R"([{"d":{"key":"model","value":"x"}},{"r":{"seconds":4,"nanos":5}}])"},
      {"Go map",
       "map[@type:t/Help links:[map[description:Learn more url:https://a/b]] "
       "n:map[x:1]]",
       R"({"@type":"t/Help","links":[{"description":"Learn more",)"
       R"("url":"https://a/b"}],"n":{"x":"1"}})"},
      {"unescaped quotes", R"({m: "The "big" one", n: 5, })",
       R"({"m":"The \"big\" one","n":5})"},
      {"wrapped by a console", "{\"m\":\"This \nmodel\",\"n\":1}",
       R"({"m":"This \nmodel","n":1})"},
      {"a prefix on every line",
       "{\napp-1  |   \"a\": 1,\napp-1  |   \"b\": \"x\"\napp-1  | }",
       R"({"a":1,"b":"x"})"},
      {"comma at the end", R"({"a":[1,2,],})", R"({"a":[1,2]})"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Read(c.text), c.json) << c.form;
}

TEST(JsonLooseTest, LeavesOutNamesAndNumbersThatTheEndCutsOff) {
  EXPECT_EQ(Read(R"({"a":1,"limit": 2)"), R"({"a":1})");
  EXPECT_EQ(Read(R"({"a":1,"model":"gemini-2)"), R"({"a":1})");
  EXPECT_EQ(Read(R"({"a":1,"m":"Quota exceeded for)"),
            R"({"a":1,"m":"Quota exceeded for"})");
  EXPECT_EQ(Read(R"({"a":{"b":[1,{"c)"), R"({"a":{"b":[1,{}]}})");
  EXPECT_FALSE(JsonDocument::ParseLoosely(R"({"a":1)").closed);
  EXPECT_TRUE(JsonDocument::ParseLoosely(R"({"a":1})").closed);
}

TEST(JsonLooseTest, StopsBehindTheClosingBracket) {
  const LooseJson loose = JsonDocument::ParseLoosely("{\"a\":1} at line 2");
  EXPECT_EQ(loose.consumed, 7u);
}

TEST(JsonLooseTest, PassesOverWhatLiesTooDeep) {
  JsonLimits limits;
  limits.max_depth = 2;
  const LooseJson loose =
      JsonDocument::ParseLoosely(R"({"a":{"b":{"c":1}},"d":2})", limits);
  EXPECT_EQ(loose.document.root()["d"].integer(), 2);
  EXPECT_FALSE(loose.document.root()["a"]["b"]["c"].exists());
}

TEST(JsonLooseTest, TakesLinearTimeForHostileText) {
  for (const char* unit :
       {"[", "{", "{a", "{a:", "[a {", "\"", "'a ", "\\", "map[", "map[a:[",
        "map[a:b ", "{a:'", "[b'", "a: ", "[\"\n\"", "{\"a\":\"\" "}) {
    std::string text = "{";
    while (text.size() < 1000000) text += unit;
    const LooseJson loose = JsonDocument::ParseLoosely(text);
    EXPECT_GT(loose.consumed, 0u) << unit;
    text[0] = '[';
    EXPECT_GT(JsonDocument::ParseLoosely(text).consumed, 0u) << unit;
  }
}

TEST(JsonLooseTest, PassesOverLineEndsThatAreWrittenAsEscapes) {
  const LooseJson loose = JsonDocument::ParseLoosely(
      R"({\n  "a": [\n    {\n      "b": "c"\n    }\n  ],\n "d": 1\n})");
  EXPECT_TRUE(loose.closed);
  const JsonValue root = loose.document.root();
  EXPECT_EQ(root["a"].At(0)["b"].string(), "c");
  EXPECT_EQ(root["d"].integer(), 1);
}

TEST(JsonLooseTest, ReadsAnObjectInQuotesWhoseOwnAreNotEscaped) {
  const LooseJson loose = JsonDocument::ParseLoosely(
      R"({"message":"{\n  "error": {\n "code": 429\n }\n}\n","code":430})");
  const JsonValue root = loose.document.root();
  EXPECT_EQ(root["message"]["error"]["code"].integer(), 429);
  EXPECT_EQ(root["code"].integer(), 430);
}

}  // namespace
}  // namespace gemini::internal
