#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "wire/json.h"
#include "wire/json_impl.h"
#include "wire/rapidjson.h"

namespace gemini::internal {
namespace {

using Value = rapidjson::Value;
using Allocator = rapidjson::Document::AllocatorType;

// Values take more memory than the text that they are made of.
constexpr int kMaxValues = 1 << 16;

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

bool IsQuote(char c) { return c == '"' || c == '\'' || c == '`'; }

bool IsWord(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '@' || c == '$' || c == '.' || c == '-' || c == '/';
}

void AppendUtf8(std::string* out, uint32_t code_point) {
  const auto put = [&](uint32_t byte) {
    out->push_back(static_cast<char>(byte));
  };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

// clang does not take a value of RapidJSON, which is assigned from what is not
// const, into std::optional.
class MaybeValue {
 public:
  MaybeValue() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as std::optional's.
  MaybeValue(Value value) : value_(std::move(value)), exists_(true) {}

  bool has_value() const { return exists_; }
  Value& operator*() { return value_; }

 private:
  Value value_;
  bool exists_ = false;
};

// Recursive, but never deeper than its limit.
class LooseParser {
 public:
  LooseParser(absl::string_view text, const JsonLimits& limits,
              Allocator* allocator)
      : text_(text), max_depth_(limits.max_depth), allocator_(*allocator) {}

  Value Parse() {
    SkipSpace();
    if (absl::StartsWith(Rest(), "map[")) {
      at_ += 4;
      return ParseMap(1);
    }
    if (!AtEnd() && text_[at_] == '{') {
      ++at_;
      return ParseObject(1);
    }
    if (!AtEnd() && text_[at_] == '[') {
      ++at_;
      return ParseArray(1);
    }
    if (!AtEnd()) ++at_;
    return Value();
  }

  size_t consumed() const { return at_; }
  bool closed() const { return closed_; }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  absl::string_view Rest() const { return text_.substr(at_); }

  // Line ends may be written as in a string: b'{\n "error": …'.
  void SkipSpace() {
    while (!AtEnd()) {
      if (IsSpace(text_[at_])) {
        ++at_;
      } else if (IsEscapedSpace(at_)) {
        at_ += 2;
      } else {
        return;
      }
    }
  }

  bool IsEscapedSpace(size_t at) const {
    return text_[at] == '\\' && at + 1 < text_.size() &&
           (text_[at + 1] == 'n' || text_[at + 1] == 'r' ||
            text_[at + 1] == 't');
  }

  // Whether a string begins with an object whose own quotes are not escaped:
  // "{\n  "error": …
  bool HoldsBareObject() const {
    const char quote = text_[at_];
    size_t i = at_ + 1;
    if (i >= text_.size() || text_[i] != '{') return false;
    ++i;
    while (i < text_.size() && i - at_ < 32) {
      if (IsSpace(text_[i])) {
        ++i;
      } else if (IsEscapedSpace(i)) {
        i += 2;
      } else {
        return text_[i] == quote && i + 1 < text_.size() &&
               absl::ascii_isalpha(static_cast<unsigned char>(text_[i + 1]));
      }
    }
    return false;
  }

  // Takes a closing bracket. A wrong one closes too.
  bool TakeClose() {
    if (AtEnd()) {
      closed_ = false;
      return true;
    }
    if (text_[at_] != '}' && text_[at_] != ']') return false;
    ++at_;
    return true;
  }

  Value MakeString(absl::string_view text) {
    return Value(text.data(), static_cast<rapidjson::SizeType>(text.size()),
                 allocator_);
  }

  void Add(Value* object, absl::string_view name, Value value) {
    if (++values_ > kMaxValues) return;
    object->AddMember(MakeString(name), std::move(value), allocator_);
  }

  void Push(Value* array, Value value) {
    if (++values_ > kMaxValues) return;
    array->PushBack(std::move(value), allocator_);
  }

  Value ParseObject(int depth) {
    Value object(rapidjson::kObjectType);
    while (true) {
      SkipSpace();
      if (TakeClose()) return object;
      ParsePair(depth, &object);
    }
  }

  // name: value, name = value, name => value, name { … }; anything else is
  // skipped. Takes at least one byte.
  void ParsePair(int depth, Value* object) {
    std::string name;
    if (IsQuote(text_[at_])) {
      name = ParseQuoted(QuoteRole::kName);
    } else if (IsWord(text_[at_])) {
      name = std::string(TakeWord());
    } else {
      ++at_;
      return;
    }
    SkipSpace();
    if (AtEnd()) return;
    const char c = text_[at_];
    if (c == ':' || c == '=') {
      ++at_;
      if (!AtEnd() && text_[at_] == '>') ++at_;
      MaybeValue value = ParseValue(depth);
      if (value.has_value()) Add(object, name, std::move(*value));
    } else if (c == '{') {
      ++at_;
      Add(object, name, Nested(depth, &LooseParser::ParseObject));
    }
  }

  Value ParseArray(int depth) {
    Value array(rapidjson::kArrayType);
    while (true) {
      SkipSpace();
      if (TakeClose()) return array;
      if (text_[at_] == ',') {
        ++at_;
      } else if (PairBegins()) {
        // A message in text form: fields up to the comma.
        Value message(rapidjson::kObjectType);
        while (true) {
          SkipSpace();
          if (AtEnd() || text_[at_] == ',' || text_[at_] == ']' ||
              text_[at_] == '}') {
            break;
          }
          ParsePair(depth, &message);
        }
        Push(&array, std::move(message));
      } else {
        const size_t before = at_;
        MaybeValue value = ParseValue(depth);
        if (at_ == before) {
          ++at_;
        } else if (value.has_value()) {
          Push(&array, std::move(*value));
        }
      }
    }
  }

  // "word {" or "word: ", but no URL.
  bool PairBegins() const {
    size_t i = at_;
    while (i < text_.size() && IsWord(text_[i])) ++i;
    if (i == at_ || i - at_ > 64) return false;
    while (i < text_.size() && text_[i] == ' ') ++i;
    if (i == text_.size()) return false;
    return text_[i] == '{' || (text_[i] == ':' && i + 1 < text_.size() &&
                               (text_[i + 1] == ' ' || IsQuote(text_[i + 1])));
  }

  // Go: map[name:value name:value], values unquoted and with spaces.
  Value ParseMap(int depth) {
    Value object(rapidjson::kObjectType);
    while (true) {
      SkipSpace();
      if (TakeClose()) return object;
      const absl::string_view name = TakeWord();
      if (name.empty() || AtEnd() || text_[at_] != ':') {
        if (!AtEnd() && text_[at_] != ']' && text_[at_] != '}') ++at_;
        continue;
      }
      ++at_;
      if (absl::StartsWith(Rest(), "map[")) {
        at_ += 4;
        Add(&object, name, Nested(depth, &LooseParser::ParseMap));
      } else if (!AtEnd() && text_[at_] == '[') {
        ++at_;
        Add(&object, name, Nested(depth, &LooseParser::ParseList));
      } else {
        Add(&object, name, MakeString(TakeMapValue()));
      }
    }
  }

  // Go: [value value], of which only maps are of use.
  Value ParseList(int depth) {
    Value array(rapidjson::kArrayType);
    while (true) {
      SkipSpace();
      if (TakeClose()) return array;
      if (absl::StartsWith(Rest(), "map[")) {
        at_ += 4;
        Push(&array, Nested(depth, &LooseParser::ParseMap));
      } else {
        const size_t before = at_;
        while (!AtEnd() && !IsSpace(text_[at_]) && text_[at_] != ']') ++at_;
        Push(&array, MakeString(text_.substr(before, at_ - before)));
      }
    }
  }

  // Up to the bracket, or to the space before the next "name:".
  absl::string_view TakeMapValue() {
    const size_t begin = at_;
    size_t end = at_;
    while (!AtEnd() && text_[at_] != ']') {
      if (text_[at_] != ' ') {
        ++at_;
        end = at_;
        continue;
      }
      size_t name = at_ + 1;
      while (name < text_.size() && name - at_ < 48 && IsWord(text_[name])) {
        ++name;
      }
      const bool begins = name > at_ + 1 && name + 1 < text_.size() &&
                          text_[name] == ':' && !IsSpace(text_[name + 1]);
      if (begins) break;
      ++at_;
    }
    return text_.substr(begin, end - begin);
  }

  Value Nested(int depth, Value (LooseParser::*parse)(int)) {
    if (depth < max_depth_) return (this->*parse)(depth + 1);
    // Too deep: pass over it, counting brackets instead of recursing.
    int open = 1;
    while (!AtEnd() && open > 0) {
      const char c = text_[at_++];
      if (c == '{' || c == '[') ++open;
      if (c == '}' || c == ']') --open;
    }
    return Value();
  }

  // Nothing for what is not worth keeping.
  MaybeValue ParseValue(int depth) {
    SkipSpace();
    if (AtEnd()) return MaybeValue();
    const char c = text_[at_];
    if (c == '{') {
      ++at_;
      return Nested(depth, &LooseParser::ParseObject);
    }
    if (c == '[') {
      ++at_;
      return Nested(depth, &LooseParser::ParseArray);
    }
    if (absl::StartsWith(Rest(), "map[")) {
      at_ += 4;
      return Nested(depth, &LooseParser::ParseMap);
    }
    // Python: b'…', u'…', r'…'
    if ((c == 'b' || c == 'u' || c == 'r') && at_ + 1 < text_.size() &&
        IsQuote(text_[at_ + 1])) {
      ++at_;
    }
    if (IsQuote(text_[at_])) {
      if (!HoldsBareObject()) return ParseString();
      at_ += 2;
      Value object = Nested(depth, &LooseParser::ParseObject);
      SkipSpace();
      if (!AtEnd() && text_[at_] == c) ++at_;
      return object;
    }
    return ParseBare(depth);
  }

  // A string in quotes, and those that follow it: 'a' + 'b' over lines
  // (JavaScript), 'a' 'b' over lines (Python).
  MaybeValue ParseString() {
    std::string text = ParseQuoted(QuoteRole::kValue);
    while (!string_cut_) {
      const size_t before = at_;
      bool new_line = false;
      bool plus = false;
      while (!AtEnd() && (IsSpace(text_[at_]) || text_[at_] == '+')) {
        new_line = new_line || text_[at_] == '\n';
        plus = plus || text_[at_] == '+';
        ++at_;
      }
      // In a broken text the quote may begin a name instead.
      if (AtEnd() || !IsQuote(text_[at_]) || !(plus || new_line) ||
          (!plus && NameFollows())) {
        at_ = before;
        break;
      }
      text += ParseQuoted(QuoteRole::kValue);
    }
    // What is cut could be another name or number; a sentence is worth keeping.
    if (string_cut_ && text.find(' ') == std::string::npos) {
      return MaybeValue();
    }
    return MakeString(text);
  }

  // Whether a short text in quotes and a colon come next.
  bool NameFollows() const {
    const char quote = text_[at_];
    size_t i = at_ + 1;
    while (i < text_.size() && i - at_ < 64 && text_[i] != quote) ++i;
    if (i >= text_.size() || text_[i] != quote) return false;
    ++i;
    while (i < text_.size() && i - at_ < 80 && IsSpace(text_[i])) ++i;
    return i < text_.size() && (text_[i] == ':' || text_[i] == '=');
  }

  enum class QuoteRole { kName, kValue };

  std::string ParseQuoted(QuoteRole role) {
    const char quote = text_[at_++];
    std::string out;
    while (!AtEnd()) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
        AppendEscape(&out);
      } else if (c == quote && (role == QuoteRole::kName || Closes(at_))) {
        ++at_;
        return out;
      } else {
        out.push_back(c);
        ++at_;
      }
    }
    string_cut_ = true;
    closed_ = false;
    return out;
  }

  // Whether the quote at `at` ends its string, or stands inside it unescaped.
  bool Closes(size_t at) const {
    size_t i = at + 1;
    while (i < text_.size() && i - at < 64) {
      if (text_[i] == '\n') return true;
      if (IsSpace(text_[i])) {
        ++i;
      } else if (IsEscapedSpace(i)) {
        i += 2;
      } else {
        break;
      }
    }
    if (i >= text_.size()) return true;
    if (absl::StrContains(",}]):;+=>", text_.substr(i, 1))) return true;
    if (i == at + 1) return false;
    // "model" value: "x"
    size_t word = i;
    while (word < text_.size() && word - i < 48 && IsWord(text_[word])) ++word;
    if (word == i || word >= text_.size()) return false;
    return text_[word] == ':' || text_[word] == '=' ||
           absl::StartsWith(text_.substr(word), " {");
  }

  // Behind a backslash.
  void AppendEscape(std::string* out) {
    if (AtEnd()) return;
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        out->push_back('\n');
        return;
      case 't':
        out->push_back('\t');
        return;
      case 'r':
        out->push_back('\r');
        return;
      case 'b':
      case 'f':
        return;
      case 'x':
        AppendUtf8(out, TakeHex(2));
        return;
      case 'u': {
        uint32_t code_point = TakeHex(4);
        if (code_point >= 0xD800 && code_point < 0xDC00 &&
            absl::StartsWith(Rest(), "\\u")) {
          at_ += 2;
          const uint32_t low = TakeHex(4);
          code_point =
              low >= 0xDC00 && low < 0xE000
                  ? 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00)
                  : 0xFFFD;
        }
        AppendUtf8(out, code_point);
        return;
      }
      default:
        out->push_back(c);
        return;
    }
  }

  uint32_t TakeHex(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits && !AtEnd(); ++i) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (!absl::ascii_isxdigit(c)) break;
      const int digit =
          absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
      value = value << 4 | static_cast<uint32_t>(digit);
      ++at_;
    }
    return value;
  }

  absl::string_view TakeWord() {
    const size_t begin = at_;
    while (!AtEnd() && IsWord(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // A number, a word, or prose up to the end of the line.
  MaybeValue ParseBare(int depth) {
    const size_t begin = at_;
    const absl::string_view word = TakeWord();
    if (AtEnd()) {
      // It may go on where the text does not.
      closed_ = false;
      return MaybeValue();
    }
    double number = 0;
    int64_t whole = 0;
    if (absl::SimpleAtoi(word, &whole)) return Value(whole);
    if (!word.empty() &&
        !absl::ascii_isalpha(static_cast<unsigned char>(word[0])) &&
        absl::SimpleAtod(word, &number)) {
      return Value(number);
    }
    if (word == "null" || word == "None" || word == "undefined" ||
        word == "nil") {
      return Value();
    }
    if (word == "true" || word == "True") return Value(true);
    if (word == "false" || word == "False") return Value(false);
    SkipBlanks();
    // JavaScript: ClassName { … }
    if (!word.empty() && !AtEnd() && text_[at_] == '{') {
      ++at_;
      return Nested(depth, &LooseParser::ParseObject);
    }
    while (!AtEnd() && !absl::StrContains(",}]\n\"", text_.substr(at_, 1))) {
      ++at_;
    }
    const absl::string_view prose =
        absl::StripAsciiWhitespace(text_.substr(begin, at_ - begin));
    if (prose.empty()) return MaybeValue();
    return MakeString(prose);
  }

  void SkipBlanks() {
    while (!AtEnd() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  const absl::string_view text_;
  const int max_depth_;
  Allocator& allocator_;
  size_t at_ = 0;
  int values_ = 0;
  bool closed_ = true;
  bool string_cut_ = false;  // The text ends inside a string.
};

}  // namespace

LooseJson JsonDocument::ParseLoosely(absl::string_view text,
                                     const JsonLimits& limits) {
  text = text.substr(0, std::min<size_t>(limits.max_bytes,
                                         std::numeric_limits<int32_t>::max()));
  // Strings are copied into the document as they are read.
  auto impl = std::make_unique<Impl>(0);
  LooseParser parser(text, limits, &impl->document.GetAllocator());
  static_cast<Value&>(impl->document) = parser.Parse();
  return {JsonDocument(std::move(impl)), parser.consumed(), parser.closed()};
}

}  // namespace gemini::internal
