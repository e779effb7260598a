#include "emulator/json_syntax.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

constexpr int kMostLevels = 100;
constexpr size_t kContext = 20;

// Recursive descent; each function returns false after it has set the problem.
class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  std::optional<std::string> Run() {
    if (Value()) {
      SkipSpace();
      if (at_ == text_.size()) return std::nullopt;
      Fail("Parsing terminated before end of input.");
    }
    return problem_;
  }

 private:
  static bool IsKeyCharacter(char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == '$';
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    }
  }

  bool Fail(absl::string_view message) {
    const size_t begin = at_ - std::min(at_, kContext);
    problem_ =
        absl::StrCat(message, "\n", text_.substr(begin, at_ - begin + kContext),
                     "\n", std::string(at_ - begin, ' '), "^");
    return false;
  }

  bool FailExpecting(absl::string_view expected) {
    if (at_ < text_.size()) return Fail(expected);
    return Fail(absl::StrCat("Unexpected end of string. ", expected));
  }

  bool Value() {
    SkipSpace();
    if (at_ == text_.size()) return FailExpecting("Expected a value.");
    const char c = text_[at_];
    if (c == '{') return Object();
    if (c == '[') return Array();
    if (c == '"') return String();
    if (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      return Number();
    }
    for (const absl::string_view word : {"true", "false", "null"}) {
      const absl::string_view rest = text_.substr(at_);
      if (absl::StartsWith(rest, word) &&
          (rest.size() == word.size() || !IsKeyCharacter(rest[word.size()]))) {
        at_ += word.size();
        return true;
      }
    }
    if (IsKeyCharacter(c) || c == '}' || c == ']' || c == ',' || c == ':') {
      return Fail("Unexpected token.");
    }
    return FailExpecting("Expected a value.");
  }

  bool Enter() {
    if (++depth_ <= kMostLevels) return true;
    return Fail("Message too deep. Max recursion depth reached for key");
  }

  bool Object() {
    if (!Enter()) return false;
    ++at_;
    SkipSpace();
    for (bool first = true; !Consume('}'); first = false) {
      if (!first) {
        if (!Consume(',')) {
          return FailExpecting("Expected , or } after key:value pair.");
        }
        SkipSpace();
      }
      if (!Key()) return false;
      SkipSpace();
      if (!Consume(':')) {
        return FailExpecting("Expected : between key:value pair.");
      }
      if (!Value()) return false;
      SkipSpace();
    }
    --depth_;
    return true;
  }

  bool Key() {
    if (at_ < text_.size() && text_[at_] == '"') return String();
    // The service would take a bare word here; the reader behind this check
    // does not, so what follows the word is where it stops.
    const size_t start = at_;
    while (at_ < text_.size() && IsKeyCharacter(text_[at_])) ++at_;
    if (at_ == start) return FailExpecting("Expected an object key or }.");
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == ':') {
      at_ = start;
      return Fail("Unexpected token.");
    }
    return true;
  }

  bool Array() {
    if (!Enter()) return false;
    ++at_;
    SkipSpace();
    for (bool first = true; !Consume(']'); first = false) {
      if (!first && !Consume(',')) {
        return FailExpecting("Expected , or ] after array value.");
      }
      if (!Value()) return false;
      SkipSpace();
    }
    --depth_;
    return true;
  }

  bool String() {
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '"') {
        at_ = i + 1;
        return true;
      }
      if (c == '\\') {
        ++i;
        if (i < text_.size() &&
            !absl::StrContains("\"\\/bfnrtu", text_.substr(i, 1))) {
          at_ = i - 1;
          return Fail("Invalid escape sequence.");
        }
      } else if (static_cast<unsigned char>(c) < ' ') {
        at_ = i;
        return Fail("Invalid control character in string.");
      }
    }
    at_ = text_.size();
    return FailExpecting("Closing quote expected in string.");
  }

  bool Number() {
    const size_t start = at_;
    const auto digits = [this] {
      const size_t first = at_;
      while (at_ < text_.size() &&
             absl::ascii_isdigit(static_cast<unsigned char>(text_[at_]))) {
        ++at_;
      }
      return at_ > first;
    };
    Consume('-');
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const size_t integer = at_;
    bool good = digits() && !(zero && at_ - integer > 1);
    if (good && Consume('.')) good = digits();
    if (good && (Consume('e') || Consume('E'))) {
      if (!Consume('+')) Consume('-');
      good = digits();
    }
    if (good && (at_ == text_.size() || !IsKeyCharacter(text_[at_]))) {
      return true;
    }
    at_ = start;
    return Fail("Unable to parse number.");
  }

  bool Consume(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  const absl::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

}  // namespace

std::optional<std::string> JsonSyntaxError(absl::string_view text) {
  return Parser(text).Run();
}

}  // namespace gemini_emulator
