#include "diagnosis/prose.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace gemini::internal {
namespace {

struct StatusWord {
  absl::string_view word;
  absl::string_view status;
};

// The service's own words, then those of gRPC's and of Google's Python
// libraries.
constexpr StatusWord kStatusWords[] = {
    {"RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"},
    {"INVALID_ARGUMENT", "INVALID_ARGUMENT"},
    {"FAILED_PRECONDITION", "FAILED_PRECONDITION"},
    {"PERMISSION_DENIED", "PERMISSION_DENIED"},
    {"UNAUTHENTICATED", "UNAUTHENTICATED"},
    {"NOT_FOUND", "NOT_FOUND"},
    {"UNAVAILABLE", "UNAVAILABLE"},
    {"DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"},
    {"INTERNAL", "INTERNAL"},
    {"CANCELLED", "CANCELLED"},
    {"ResourceExhausted", "RESOURCE_EXHAUSTED"},
    {"TooManyRequests", "RESOURCE_EXHAUSTED"},
    {"InvalidArgument", "INVALID_ARGUMENT"},
    {"FailedPrecondition", "FAILED_PRECONDITION"},
    {"PermissionDenied", "PERMISSION_DENIED"},
    {"Unauthenticated", "UNAUTHENTICATED"},
    {"ServiceUnavailable", "UNAVAILABLE"},
    {"DeadlineExceeded", "DEADLINE_EXCEEDED"},
    {"InternalServerError", "INTERNAL"},
};

// What stands before an HTTP status in prose.
constexpr absl::string_view kBeforeCode[] = {
    "[",        "code: ",       "code ",   "code=",       "code = ",
    "status: ", "status ",      "status=", "http ",       "http/1.1 ",
    "http/2 ",  "error ",       "error: ", "(http ",      "(",
    "failed: ", "failed with ", "| ",      "exception: ",
};

// What stands behind it.
constexpr absl::string_view kBehindCode[] = {
    "too many requests",   "bad request",     "unauthorized",
    "payment required",    "forbidden",       "not found",
    "service unavailable", "internal server", "bad gateway",
    "gateway time",        "request timeout", "payload too large",
    "you exceeded",        "resource",        "quota exceeded",
    "unavailable",         "invalid",         "permission",
    "unauthenticated",     "internal",
};

constexpr size_t kMaxProse = 16 << 10;

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Finds `word` where no letter touches it.
size_t FindWord(absl::string_view text, absl::string_view word) {
  size_t at = 0;
  while ((at = text.find(word, at)) != absl::string_view::npos) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordCharacter(text[at - 1])) &&
        (end == text.size() || !IsWordCharacter(text[end]))) {
      return at;
    }
    at = end;
  }
  return absl::string_view::npos;
}

std::optional<int> HttpCodeIn(absl::string_view text, size_t* end) {
  size_t at = 0;
  while ((at = text.find_first_of("45", at)) != absl::string_view::npos) {
    size_t n = at;
    while (n < text.size() && IsDigit(text[n])) ++n;
    const bool alone =
        n - at == 3 &&
        (at == 0 || (!IsDigit(text[at - 1]) && text[at - 1] != '.'));
    if (alone) {
      const absl::string_view before =
          text.substr(at > 16 ? at - 16 : 0, std::min<size_t>(at, 16));
      const absl::string_view behind = absl::StripLeadingAsciiWhitespace(
          absl::StripPrefix(text.substr(n), ":"));
      const bool announced =
          std::any_of(std::begin(kBeforeCode), std::end(kBeforeCode),
                      [&](absl::string_view phrase) {
                        return absl::EndsWithIgnoreCase(before, phrase);
                      });
      const bool explained =
          std::any_of(std::begin(kBehindCode), std::end(kBehindCode),
                      [&](absl::string_view phrase) {
                        return absl::StartsWithIgnoreCase(behind, phrase);
                      });
      // "504 Deadline Exceeded"
      const bool begins = at == 0 && n < text.size() && text[n] == ' ';
      int code = 0;
      if ((begins || announced || explained) &&
          absl::SimpleAtoi(text.substr(at, 3), &code)) {
        *end = n;
        return code;
      }
    }
    at = std::max(n, at + 1);
  }
  return std::nullopt;
}

// The text behind `name = "`, up to the quote that ends the line.
absl::string_view GrpcField(absl::string_view text, absl::string_view name) {
  const size_t found = text.find(name);
  if (found == absl::string_view::npos) return "";
  absl::string_view rest = text.substr(found + name.size());
  const size_t line = rest.find('\n');
  rest = absl::StripTrailingAsciiWhitespace(rest.substr(0, line));
  absl::ConsumeSuffix(&rest, "\"");
  return rest;
}

}  // namespace

absl::string_view StatusIn(absl::string_view text) {
  for (const StatusWord& entry : kStatusWords) {
    if (FindWord(text, entry.word) != absl::string_view::npos) {
      return entry.status;
    }
  }
  return "";
}

absl::string_view ModelIn(absl::string_view text) {
  constexpr absl::string_view kMark = "models/";
  size_t at = 0;
  while ((at = text.find(kMark, at)) != absl::string_view::npos) {
    at += kMark.size();
    size_t n = at;
    while (n < text.size() &&
           (IsWordCharacter(text[n]) || text[n] == '-' || text[n] == '.')) {
      ++n;
    }
    absl::string_view model = text.substr(at, n - at);
    while (absl::ConsumeSuffix(&model, ".")) {
    }
    if (!model.empty()) return model;
  }
  return "";
}

bool IsHtml(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text).substr(0, 1024);
  if (text.empty() || text[0] != '<') return false;
  return absl::StartsWithIgnoreCase(text, "<!doctype html") ||
         absl::StartsWithIgnoreCase(text, "<html") ||
         absl::StrContains(text, "<html") || absl::StrContains(text, "<body") ||
         absl::StrContains(text, "<head");
}

absl::string_view HtmlTitle(absl::string_view text) {
  for (const absl::string_view tag : {"<title>", "<TITLE>", "<h1>", "<H1>"}) {
    const size_t begin = text.find(tag);
    if (begin == absl::string_view::npos) continue;
    const absl::string_view rest = text.substr(begin + tag.size());
    return absl::StripAsciiWhitespace(
        rest.substr(0, std::min<size_t>(rest.find('<'), 200)));
  }
  return "";
}

Prose ReadProse(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text.substr(0, kMaxProse));
  Prose prose;
  prose.message = text;
  prose.status = StatusIn(text);
  prose.model = ModelIn(text);
  const std::string lower = absl::AsciiStrToLower(text);
  prose.is_google =
      absl::StrContains(lower, "google") || absl::StrContains(lower, "gemini");
  prose.speaks_of_failure = absl::StrContains(lower, "error") ||
                            absl::StrContains(lower, "quota") ||
                            absl::StrContains(lower, "exception");
  size_t end = 0;
  prose.http_code = HttpCodeIn(text, &end);
  const absl::string_view details = GrpcField(text, "details = \"");
  if (!details.empty()) {
    prose.message = details;
  } else if (prose.http_code.has_value()) {
    // "[429 Too Many Requests] You exceeded …": the words behind the bracket.
    absl::string_view rest = text.substr(end);
    const size_t bracket = rest.substr(0, 40).find("] ");
    if (bracket != absl::string_view::npos) {
      rest.remove_prefix(bracket + 2);
    }
    absl::ConsumePrefix(&rest, ":");
    rest = absl::StripAsciiWhitespace(rest);
    if (rest.size() >= 8) prose.message = rest;
  }
  return prose;
}

}  // namespace gemini::internal
