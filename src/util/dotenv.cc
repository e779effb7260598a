#include "util/dotenv.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gemini::internal {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0])))
    return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_')
      return false;
  }
  return true;
}

absl::Status ErrorAt(int line, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(".env line ", line, ": ", what));
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

// What may follow a closing quote: nothing, or a comment.
bool IsBlankOrComment(absl::string_view rest) {
  rest = absl::StripAsciiWhitespace(rest);
  return rest.empty() || rest[0] == '#';
}

absl::StatusOr<std::string> ParseQuoted(absl::string_view text, int line) {
  const char quote = text[0];
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      if (IsBlankOrComment(text.substr(i + 1))) return value;
      return ErrorAt(line, "there is text after the closing quote");
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      value += Unescape(text[++i]);
    } else {
      value += text[i];
    }
  }
  return ErrorAt(line, "the closing quote is missing");
}

absl::StatusOr<std::string> ParseValue(absl::string_view text, int line) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return std::string();
  if (text[0] == '"' || text[0] == '\'') return ParseQuoted(text, line);
  if (text[0] == '#') return std::string();
  for (const absl::string_view comment : {" #", "\t#"}) {
    text = text.substr(0, text.find(comment));
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace

absl::StatusOr<DotenvValues> ParseDotenv(absl::string_view text) {
  DotenvValues values;
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.find('\0') != absl::string_view::npos) {
      return ErrorAt(number, "there is a NUL byte; is this a text file?");
    }
    absl::ConsumePrefix(&line, "export ");
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      return ErrorAt(number, "expected NAME=value");
    }
    const absl::string_view name =
        absl::StripAsciiWhitespace(line.substr(0, equals));
    if (!IsName(name)) {
      return ErrorAt(number,
                     "a name is made of letters, digits and underscores");
    }
    absl::StatusOr<std::string> value =
        ParseValue(line.substr(equals + 1), number);
    if (!value.ok()) return value.status();
    values[std::string(name)] = *std::move(value);
  }
  return values;
}

absl::StatusOr<DotenvValues> ReadDotenv(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  std::string text(kMaxFileBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is larger than 1 MiB: not a .env file"));
  }
  absl::StatusOr<DotenvValues> values = ParseDotenv(text);
  if (values.ok()) return values;
  return absl::Status(values.status().code(),
                      absl::StrCat(path, ": ", values.status().message()));
}

}  // namespace gemini::internal
