#include "diagnosis/advice_text.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace gemini::internal {
namespace {

bool IsLatin(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

// U+4000 to U+9FFF. Full-width punctuation lies elsewhere and keeps its own
// distance.
bool BeginsIdeograph(absl::string_view text) {
  if (text.size() < 3) return false;
  const auto lead = static_cast<unsigned char>(text[0]);
  return lead >= 0xE4 && lead <= 0xE9;
}

bool EndsIdeograph(absl::string_view text) {
  return text.size() >= 3 && BeginsIdeograph(text.substr(text.size() - 3));
}

void Append(absl::string_view piece, std::string* text) {
  if (piece.empty()) return;
  if (!text->empty() && ((IsLatin(text->back()) && BeginsIdeograph(piece)) ||
                         (EndsIdeograph(*text) && IsLatin(piece.front())))) {
    text->push_back(' ');
  }
  absl::StrAppend(text, piece);
}

const AdviceValue* Find(absl::string_view name,
                        const std::vector<AdviceValue>& values) {
  for (const AdviceValue& value : values) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

// Takes what is before the next "{name}" into `literal`, and the name.
bool TakePlaceholder(absl::string_view* text, absl::string_view* literal,
                     absl::string_view* name) {
  const size_t open = text->find('{');
  const size_t close = text->find('}', open);
  if (open == absl::string_view::npos || close == absl::string_view::npos) {
    return false;
  }
  *literal = text->substr(0, open);
  *name = text->substr(open + 1, close - open - 1);
  text->remove_prefix(close + 1);
  return true;
}

bool AllKnown(absl::string_view text, const std::vector<AdviceValue>& values) {
  absl::string_view literal;
  absl::string_view name;
  while (TakePlaceholder(&text, &literal, &name)) {
    const AdviceValue* value = Find(name, values);
    if (value != nullptr && value->text.empty()) return false;
  }
  return true;
}

void AppendFilled(absl::string_view text,
                  const std::vector<AdviceValue>& values, std::string* out) {
  absl::string_view literal;
  absl::string_view name;
  while (TakePlaceholder(&text, &literal, &name)) {
    Append(literal, out);
    const AdviceValue* value = Find(name, values);
    if (value == nullptr || (value->text.empty() && value->otherwise.empty())) {
      absl::StrAppend(out, "{", name, "}");
    } else {
      Append(value->text.empty() ? value->otherwise : value->text, out);
    }
  }
  Append(text, out);
}

}  // namespace

std::string FillIn(absl::string_view text,
                   const std::vector<AdviceValue>& values) {
  std::string out;
  while (true) {
    const size_t open = text.find('[');
    const size_t close = text.find(']', open);
    if (close == absl::string_view::npos) break;
    AppendFilled(text.substr(0, open), values, &out);
    const absl::string_view optional = text.substr(open + 1, close - open - 1);
    if (AllKnown(optional, values)) AppendFilled(optional, values, &out);
    text.remove_prefix(close + 1);
  }
  AppendFilled(text, values, &out);
  return std::string(absl::StripAsciiWhitespace(out));
}

}  // namespace gemini::internal
