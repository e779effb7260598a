#include "wire/json.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "wire/json_impl.h"
#include "wire/rapidjson.h"

namespace gemini::internal {
namespace {

using Value = rapidjson::Value;

const Value& AsValue(const void* value) {
  return *static_cast<const Value*>(value);
}

// Cheaper than asking for the type; null is no value.
bool IsString(const void* value) {
  return value != nullptr && AsValue(value).IsString();
}
bool IsObject(const void* value) {
  return value != nullptr && AsValue(value).IsObject();
}
bool IsArray(const void* value) {
  return value != nullptr && AsValue(value).IsArray();
}

// Hands events on until arrays and objects nest too deeply.
class DepthLimit {
 public:
  DepthLimit(rapidjson::Document& out, int max_depth)
      : out_(out), left_(max_depth) {}

  bool Null() { return out_.Null(); }
  bool Bool(bool value) { return out_.Bool(value); }
  bool Int(int value) { return out_.Int(value); }
  bool Uint(unsigned value) { return out_.Uint(value); }
  bool Int64(int64_t value) { return out_.Int64(value); }
  bool Uint64(uint64_t value) { return out_.Uint64(value); }
  bool Double(double value) { return out_.Double(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool copy) {
    return out_.RawNumber(text, size, copy);
  }
  bool String(const char* text, rapidjson::SizeType size, bool copy) {
    return out_.String(text, size, copy);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return out_.Key(text, size, copy);
  }
  bool StartObject() { return left_-- > 0 && out_.StartObject(); }
  bool EndObject(rapidjson::SizeType size) {
    ++left_;
    return out_.EndObject(size);
  }
  bool StartArray() { return left_-- > 0 && out_.StartArray(); }
  bool EndArray(rapidjson::SizeType size) {
    ++left_;
    return out_.EndArray(size);
  }

 private:
  rapidjson::Document& out_;
  int left_;
};

}  // namespace

JsonDocument::JsonDocument(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

std::optional<JsonDocument> JsonDocument::Parse(absl::string_view text,
                                                const JsonLimits& limits) {
  // Lengths inside a RapidJSON document have 32 bits.
  if (text.size() > limits.max_bytes ||
      text.size() > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  auto impl = std::make_unique<Impl>(text.size());
  // Strings are unescaped in place, which saves an allocation for each.
  std::copy(text.begin(), text.end(), impl->text());
  // RapidJSON looks at 16 bytes at once, aligned.
  std::fill(impl->text() + text.size(), impl->values(), '\0');
  bool parsed = false;
  auto generate = [&](rapidjson::Document& document) {
    rapidjson::InsituStringStream stream(impl->text());
    rapidjson::Reader reader(&impl->stacks);
    DepthLimit handler(document, limits.max_depth);
    constexpr unsigned kFlags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag;
    // The stream ends at the first NUL, which must be the one behind the text.
    parsed = !reader.Parse<kFlags>(stream, handler).IsError() &&
             stream.Tell() == text.size();
    return parsed;
  };
  impl->document.Populate(generate);
  if (!parsed) return std::nullopt;
  return JsonDocument(std::move(impl));
}

JsonValue JsonDocument::root() const {
  if (impl_ == nullptr) return JsonValue();
  return JsonValue(static_cast<const Value*>(&impl_->document));
}

JsonValue::Type JsonValue::type() const {
  if (value_ == nullptr) return Type::kAbsent;
  switch (AsValue(value_).GetType()) {
    case rapidjson::kNullType:
      return Type::kNull;
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return Type::kBool;
    case rapidjson::kObjectType:
      return Type::kObject;
    case rapidjson::kArrayType:
      return Type::kArray;
    case rapidjson::kStringType:
      return Type::kString;
    case rapidjson::kNumberType:
      return Type::kNumber;
  }
  return Type::kAbsent;
}

absl::string_view JsonValue::string() const {
  if (!IsString(value_)) return "";
  const Value& value = AsValue(value_);
  return absl::string_view(value.GetString(), value.GetStringLength());
}

std::optional<int64_t> JsonValue::integer() const {
  if (IsString(value_)) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(string(), &value)) return std::nullopt;
    return value;
  }
  if (type() != Type::kNumber) return std::nullopt;
  const Value& value = AsValue(value_);
  if (value.IsInt64()) return value.GetInt64();
  // 2^53: beyond it a double is no longer every whole number.
  constexpr double kExact = 9007199254740992.0;
  const double number = value.GetDouble();
  if (!(number >= -kExact && number <= kExact)) return std::nullopt;
  const int64_t whole = static_cast<int64_t>(number);
  if (static_cast<double>(whole) != number) return std::nullopt;
  return whole;
}

std::optional<double> JsonValue::number() const {
  if (type() != Type::kNumber) return std::nullopt;
  return AsValue(value_).GetDouble();
}

std::optional<bool> JsonValue::boolean() const {
  if (type() != Type::kBool) return std::nullopt;
  return AsValue(value_).GetBool();
}

JsonValue JsonValue::operator[](absl::string_view name) const {
  if (!IsObject(value_)) return JsonValue();
  for (const auto& member : AsValue(value_).GetObject()) {
    const absl::string_view found(member.name.GetString(),
                                  member.name.GetStringLength());
    if (found == name) return JsonValue(&member.value);
  }
  return JsonValue();
}

size_t JsonValue::size() const {
  if (IsArray(value_)) return AsValue(value_).Size();
  if (IsObject(value_)) return AsValue(value_).MemberCount();
  return 0;
}

JsonValue JsonValue::At(size_t index) const {
  if (IsArray(value_)) {
    const Value& array = AsValue(value_);
    if (index >= array.Size()) return JsonValue();
    return JsonValue(array.Begin() + index);
  }
  if (!IsObject(value_)) return JsonValue();
  const Value& value = AsValue(value_);
  if (index >= value.MemberCount()) return JsonValue();
  return JsonValue(
      &(value.MemberBegin() + static_cast<std::ptrdiff_t>(index))->value);
}

JsonMember JsonValue::MemberAt(size_t index) const {
  if (!IsObject(value_) || index >= AsValue(value_).MemberCount()) return {};
  const auto& member =
      *(AsValue(value_).MemberBegin() + static_cast<std::ptrdiff_t>(index));
  return {
      absl::string_view(member.name.GetString(), member.name.GetStringLength()),
      JsonValue(&member.value)};
}

absl::string_view JsonValue::NameAt(size_t index) const {
  return MemberAt(index).name;
}

}  // namespace gemini::internal
