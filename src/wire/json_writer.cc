#include "wire/json_writer.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "util/utf8.h"

namespace gemini::internal {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

void AppendEscaped(std::string* out, char c) {
  switch (c) {
    case '"':
      absl::StrAppend(out, "\\\"");
      return;
    case '\\':
      absl::StrAppend(out, "\\\\");
      return;
    case '\n':
      absl::StrAppend(out, "\\n");
      return;
    case '\r':
      absl::StrAppend(out, "\\r");
      return;
    case '\t':
      absl::StrAppend(out, "\\t");
      return;
    default:
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned char>(c));
      return;
  }
}

}  // namespace

void AppendJsonString(std::string* out, absl::string_view text) {
  out->push_back('"');
  size_t i = 0;
  while (i < text.size()) {
    size_t end = i;
    while (end < text.size() && IsPlain(text[end])) ++end;
    out->append(text.data() + i, end - i);
    i = end;
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      AppendEscaped(out, text[i]);
      ++i;
      continue;
    }
    const size_t size = Utf8CharacterSize(text.substr(i));
    const absl::string_view character =
        size == 0 ? kReplacement : text.substr(i, size);
    out->append(character.data(), character.size());
    i += size == 0 ? 1 : size;
  }
  out->push_back('"');
}

JsonWriter& JsonWriter::Key(absl::string_view name) {
  BeforeValue();
  AppendJsonString(out_, name);
  out_->push_back(':');
  if (pretty_) out_->push_back(' ');
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view text) {
  BeforeValue();
  AppendJsonString(out_, text);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  BeforeValue();
  absl::StrAppend(out_, value);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  BeforeValue();
  std::string text;
  for (int digits = 15; digits <= 17; ++digits) {
    text = absl::StrFormat("%.*g", digits, value);
    double read = 0;
    if (absl::SimpleAtod(text, &read) && read == value) break;
  }
  absl::StrAppend(out_, text);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  return Raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(absl::string_view json) {
  BeforeValue();
  absl::StrAppend(out_, json);
  return *this;
}

JsonWriter& JsonWriter::Begin(char bracket) {
  BeforeValue();
  out_->push_back(bracket);
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  const bool filled = !filled_.empty() && filled_.back();
  if (!filled_.empty()) filled_.pop_back();
  if (filled) NewLine();
  out_->push_back(bracket);
  return *this;
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (filled_.empty()) return;
  if (filled_.back()) out_->push_back(',');
  filled_.back() = true;
  NewLine();
}

void JsonWriter::NewLine() {
  if (!pretty_) return;
  out_->push_back('\n');
  out_->append(2 * filled_.size(), ' ');
}

}  // namespace gemini::internal
