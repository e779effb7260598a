#include "diagnosis/detail_json.h"

#include "wire/json_writer.h"

namespace gemini::internal {
namespace {

constexpr int kMaxDepth = 8;

// NOLINTNEXTLINE(misc-no-recursion): bounded by kMaxDepth.
void Write(JsonValue value, int depth, JsonWriter* writer) {
  switch (value.type()) {
    case JsonValue::Type::kString:
      writer->String(value.string());
      return;
    case JsonValue::Type::kBool:
      writer->Bool(value.boolean().value_or(false));
      return;
    case JsonValue::Type::kNumber:
      if (value.integer().has_value()) {
        writer->Int(*value.integer());
      } else {
        writer->Double(value.number().value_or(0));
      }
      return;
    case JsonValue::Type::kObject:
      if (depth == kMaxDepth) break;
      writer->BeginObject();
      for (const JsonMember member : value.members()) {
        if (depth == 0 && member.name == "@type") continue;
        writer->Key(member.name);
        Write(member.value, depth + 1, writer);
      }
      writer->EndObject();
      return;
    case JsonValue::Type::kArray:
      if (depth == kMaxDepth) break;
      writer->BeginArray();
      for (const JsonValue element : value.elements()) {
        Write(element, depth + 1, writer);
      }
      writer->EndArray();
      return;
    case JsonValue::Type::kNull:
    case JsonValue::Type::kAbsent:
      break;
  }
  writer->Null();
}

}  // namespace

std::string DetailJson(JsonValue detail) {
  std::string json;
  JsonWriter writer(&json);
  Write(detail, 0, &writer);
  return json;
}

}  // namespace gemini::internal
