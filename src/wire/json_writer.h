// Writing JSON.

#ifndef GEMINI_SRC_WIRE_JSON_WRITER_H_
#define GEMINI_SRC_WIRE_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Appends one JSON value to a string:
//
//   JsonWriter writer(&text);
//   writer.BeginObject();
//   writer.Key("name").String("a kite");
//   writer.Key("tags").BeginArray().String("red").EndArray();
//   writer.EndObject();
//
// Commas, line breaks and indentation are its work; calls in an order that
// makes no sense give a text that is no JSON, nothing worse. Strings need not
// be UTF-8: what is not is replaced by U+FFFD, so the text always is.
class JsonWriter {
 public:
  enum class Style {
    kCompact,  // No white space.
    kPretty    // Indented by two spaces; no newline at the end.
  };

  // `out` must outlive the writer.
  explicit JsonWriter(std::string* out, Style style = Style::kCompact)
      : out_(out), pretty_(style == Style::kPretty) {}

  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& EndArray() { return End(']'); }

  // The name of an object's member. Its value follows.
  JsonWriter& Key(absl::string_view name);

  JsonWriter& String(absl::string_view text);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);  // The shortest text that reads the same;
                                     // null for what is not finite.
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  // A value that is JSON already. It is not looked at.
  JsonWriter& Raw(absl::string_view json);

 private:
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char bracket);
  void BeforeValue();
  void NewLine();

  std::string* const out_;
  const bool pretty_;
  std::vector<bool> filled_;  // For each open bracket: something is inside.
  bool after_key_ = false;
};

// Appends `text` as a JSON string, quotes included.
void AppendJsonString(std::string* out, absl::string_view text);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_JSON_WRITER_H_
