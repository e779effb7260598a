#include "util/redact.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace gemini::internal {
namespace {

constexpr absl::string_view kMask = "***";

// Of those that are listed; shorter ones would be found in any text.
constexpr size_t kShortestSecret = 6;

// Everything that is not listed here is hidden.
constexpr absl::string_view kShowableParameters[] = {
    "alt", "hl", "lang", "metric", "pageSize", "project", "service", "tab",
};
constexpr absl::string_view kShowableHeaders[] = {
    "content-length",
    "content-type",
    "date",
    "finish-reason",
    "retry-after",
    "retry-after-ms",
    "server",
    "server-timing",
    "x-gemini-service-tier",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
};

// Beginnings by which keys are known, and how many characters at least follow.
struct KeyForm {
  absl::string_view prefix;
  size_t min_rest;
};
constexpr KeyForm kKeyForms[] = {
    {"AIza", 12}, {"AQ.", 12}, {"sk-", 6},   {"sk_", 12},
    {"ya29.", 6}, {"hf_", 12}, {"xai-", 12}, {"gsk_", 12},
    {"eyJ", 20},  {"org-", 8}, {"proj_", 8}, {"1//0", 20},
};

// Names whose value is a secret: "x-goog-api-key: …", "api_key=…".
constexpr absl::string_view kSecretNames[] = {
    "api-key", "api_key", "apikey",   "x-key",
    "token",   "secret",  "password", "authorization",
};

// Characters of which many are looked at.
class CharSet {
 public:
  constexpr explicit CharSet(const char* chars) {
    for (; *chars != '\0'; ++chars) Add(*chars);
  }

  constexpr CharSet With(char first, char last) const {
    CharSet all = *this;
    for (char c = first; c <= last; ++c) all.Add(c);
    return all;
  }

  constexpr CharSet WithWords() const {
    return With('a', 'z').With('A', 'Z').With('0', '9');
  }

  bool Has(char c) const { return has_[static_cast<unsigned char>(c)]; }

  // How many of them `text` begins with.
  size_t RunIn(absl::string_view text) const {
    size_t n = 0;
    while (n < text.size() && Has(text[n])) ++n;
    return n;
  }

 private:
  constexpr void Add(char c) { has_[static_cast<unsigned char>(c)] = true; }

  bool has_[256] = {};
};

constexpr CharSet kDigits = CharSet("").With('0', '9');
constexpr CharSet kWordChars = CharSet("_").WithWords();
constexpr CharSet kKeyChars = CharSet("-_.*/+").WithWords();
constexpr CharSet kValueEnds(" \t\n\v\f\r\"'`,;)}]<>\\");

template <size_t N>
bool IsListed(const absl::string_view (&list)[N], absl::string_view name) {
  return std::any_of(list, list + N, [&](absl::string_view entry) {
    return absl::EqualsIgnoreCase(entry, name);
  });
}

// A part of the text at which something begins that must not be shown: its
// first `keep` bytes are shown, the next `hide` are not. hide is 0 for none.
struct Finding {
  size_t keep = 0;
  size_t hide = 0;
};

Finding FindKey(absl::string_view rest) {
  for (const KeyForm& form : kKeyForms) {
    if (rest.size() < 2 || rest[1] != form.prefix[1]) continue;
    if (!absl::StartsWith(rest, form.prefix)) continue;
    const size_t n = kKeyChars.RunIn(rest.substr(form.prefix.size()));
    if (n >= form.min_rest) return {form.prefix.size(), n};
  }
  return {};
}

Finding FindScheme(absl::string_view rest) {
  for (const absl::string_view scheme : {"Bearer ", "Basic "}) {
    if (!absl::StartsWithIgnoreCase(rest, scheme)) continue;
    size_t n = 0;
    while (scheme.size() + n < rest.size() &&
           !kValueEnds.Has(rest[scheme.size() + n])) {
      ++n;
    }
    // "Basic plan", "bearer token" are prose.
    if (n >= 8) return {scheme.size(), n};
  }
  return {};
}

// "?name=value", "&name=value"
Finding FindParameter(absl::string_view rest) {
  const size_t equals = rest.substr(0, 48).find('=');
  if (equals == absl::string_view::npos || equals < 2) return {};
  const absl::string_view name = rest.substr(1, equals - 1);
  if (kKeyChars.RunIn(name) != name.size()) return {};
  if (IsListed(kShowableParameters, name)) return {};
  const Finding scheme = FindScheme(rest.substr(equals + 1));
  if (scheme.hide > 0) return {equals + 1, scheme.keep + scheme.hide};
  size_t n = 0;
  while (equals + 1 + n < rest.size() && rest[equals + 1 + n] != '&' &&
         rest[equals + 1 + n] != '#' && !kValueEnds.Has(rest[equals + 1 + n])) {
    ++n;
  }
  return {equals + 1, n};
}

// "projects/123456", "project_number:123456", "project 123456"
Finding FindProject(absl::string_view rest) {
  constexpr absl::string_view kProject = "project";
  static constexpr CharSet kBeforeNumber =
      CharSet(" _-:/=#\"'").With('a', 'z').With('A', 'Z');
  if (!absl::StartsWithIgnoreCase(rest, kProject)) return {};
  size_t begin = kProject.size();
  while (begin < rest.size() && begin < kProject.size() + 16 &&
         kBeforeNumber.Has(rest[begin])) {
    ++begin;
  }
  const size_t n = kDigits.RunIn(rest.substr(begin));
  if (n < 6) return {};
  return {begin, n};
}

// "://user:password@"
Finding FindUserInfo(absl::string_view rest) {
  if (!absl::StartsWith(rest, "://")) return {};
  size_t n = 3;
  while (n < rest.size() && rest[n] != '/' && rest[n] != '?' &&
         rest[n] != '@' && !kValueEnds.Has(rest[n])) {
    ++n;
  }
  if (n == rest.size() || rest[n] != '@') return {};
  return {3, n - 3};
}

// ": value" or "=value" after the name of a secret, which ends at `at`.
Finding FindNamedSecret(absl::string_view text, size_t at) {
  // What those names end with, or what may stand between.
  static constexpr CharSet kBefore("yntdYNTD\"'\\ ");
  static constexpr CharSet kBetween(" \"'\\=>");
  if (at == 0 || !kBefore.Has(text[at - 1])) return {};
  size_t end = at;
  while (end > 0 && (text[end - 1] == '"' || text[end - 1] == '\'' ||
                     text[end - 1] == '\\' || text[end - 1] == ' ')) {
    if (at - end > 3) return {};
    --end;
  }
  const size_t begin = end > 16 ? end - 16 : 0;
  const absl::string_view before = text.substr(begin, end - begin);
  if (std::none_of(std::begin(kSecretNames), std::end(kSecretNames),
                   [&](absl::string_view name) {
                     return absl::EndsWithIgnoreCase(before, name);
                   })) {
    return {};
  }
  size_t value = at + 1;
  while (value < text.size() && value < at + 6 && kBetween.Has(text[value])) {
    ++value;
  }
  size_t n = 0;
  while (value + n < text.size() && !kValueEnds.Has(text[value + n])) ++n;
  if (n < 8) return {};
  return {value - at, n};
}

// Pairs of characters of which one look at two tables tells that nothing is to
// be done about them, which holds for nearly all of a text: those with which
// what must be hidden begins, and those that do not belong into a line.
class Pairs {
 public:
  constexpr Pairs() {
    Add("A", "IQ");
    Add("xy", "a");
    Add("e", "y");
    Add("1", "/");
    Add("s", "k");
    Add("h", "f");
    Add("g", "s");
    Add("o", "r");
    Add("Bb", "eaEA");
    Add("Pp", "rR");
    Add("?&:=", nullptr);
    hiding_ = static_cast<uint16_t>(next_ - 1);
    for (unsigned c = 0; c < ' '; ++c) first_[c] |= next_;
    first_[0x7F] |= next_;
    Add("", nullptr);
    Add(" ", " ");
  }

  // Whether what must be hidden may begin with the two.
  bool MayHide(char first, char second) const {
    return (Common(first, second) & hiding_) != 0;
  }

  // Whether they may, or are no part of a line.
  bool MayHideOrBreak(char first, char second) const {
    return Common(first, second) != 0;
  }

 private:
  unsigned Common(char first, char second) const {
    return static_cast<unsigned>(first_[static_cast<unsigned char>(first)] &
                                 second_[static_cast<unsigned char>(second)]);
  }

  // The pairs of one of `first` and one of `second`, or of any where it is
  // null.
  constexpr void Add(const char* first, const char* second) {
    for (; *first != '\0'; ++first) {
      first_[static_cast<unsigned char>(*first)] |= next_;
    }
    if (second == nullptr) {
      for (uint16_t& groups : second_) groups |= next_;
    } else {
      for (; *second != '\0'; ++second) {
        second_[static_cast<unsigned char>(*second)] |= next_;
      }
    }
    next_ = static_cast<uint16_t>(next_ << 1);
  }

  // Of each character, the groups of pairs that it is first, or second, of.
  uint16_t first_[256] = {};
  uint16_t second_[256] = {};
  uint16_t next_ = 1;
  uint16_t hiding_ = 0;
};
constexpr Pairs kPairs;

enum class Projects { kHide, kKeep };

Finding FindAt(absl::string_view text, size_t i, Projects projects) {
  const absl::string_view rest = text.substr(i);
  const bool word_begins = i == 0 || !kWordChars.Has(text[i - 1]);
  switch (text[i]) {
    case 'A':
    case 'y':
    case 'e':
    case '1':
      return FindKey(rest);
    case 'B':
    case 'b':
      return word_begins ? FindScheme(rest) : Finding{};
    case 'p':
    case 'P': {
      const Finding found = word_begins ? FindKey(rest) : Finding{};
      return found.hide == 0 && projects == Projects::kHide ? FindProject(rest)
                                                            : found;
    }
    case '?':
    case '&':
      return FindParameter(rest);
    case ':': {
      const Finding found = rest[1] == '/' ? FindUserInfo(rest) : Finding{};
      return found.hide == 0 ? FindNamedSecret(text, i) : found;
    }
    case '=':
      return FindNamedSecret(text, i);
    default:
      return word_begins ? FindKey(rest) : Finding{};
  }
}

enum class Form { kAsIs, kLine };

// Whether the character is white space or a control character.
bool IsBlank(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
}

std::string Scan(absl::string_view text, Projects projects, Form form) {
  std::string out;
  out.reserve(text.size());
  size_t copied = 0;  // Up to here `text` is in `out`.
  const auto replace = [&](size_t begin, size_t end, absl::string_view by) {
    out.append(text.data() + copied, begin - copied);
    out.append(by.data(), by.size());
    copied = end;
  };
  for (size_t i = 0; i < text.size();) {
    const char next = i + 1 < text.size() ? text[i + 1] : 'a';
    if (!kPairs.MayHideOrBreak(text[i], next)) {
      ++i;
    } else if (IsBlank(text[i])) {
      size_t end = i + 1;
      if (form == Form::kLine) {
        while (end < text.size() && IsBlank(text[end])) ++end;
        // What is before was replaced, or is one blank or none.
        const bool follows_blank = i > copied && text[i - 1] == ' ';
        replace(follows_blank ? i - 1 : i, end, " ");
      }
      i = end;
    } else {
      const Finding found =
          i + 1 < text.size() ? FindAt(text, i, projects) : Finding{};
      if (found.hide == 0) {
        ++i;
        continue;
      }
      replace(i + found.keep, i + found.keep + found.hide, kMask);
      i = copied;
    }
  }
  out.append(text.data() + copied, text.size() - copied);
  return out;
}

std::string Hide(absl::string_view text,
                 const std::vector<absl::string_view>& secrets,
                 Projects projects, Form form) {
  std::vector<std::pair<absl::string_view, absl::string_view>> replacements;
  for (const absl::string_view secret : secrets) {
    if (secret.size() < kShortestSecret) continue;
    if (!absl::StrContains(text, secret)) continue;
    replacements.emplace_back(secret, kMask);
  }
  if (replacements.empty()) return Scan(text, projects, form);
  return Scan(absl::StrReplaceAll(text, replacements), projects, form);
}

}  // namespace

std::string Redact(absl::string_view text,
                   const std::vector<absl::string_view>& secrets) {
  return Hide(text, secrets, Projects::kHide, Form::kAsIs);
}

bool IsCleanLine(absl::string_view text,
                 const std::vector<absl::string_view>& secrets) {
  if (text.empty()) return true;
  if (text.front() == ' ' || text.back() == ' ') return false;
  for (const absl::string_view secret : secrets) {
    if (secret.size() >= kShortestSecret && absl::StrContains(text, secret)) {
      return false;
    }
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : 'a';
    if (!kPairs.MayHideOrBreak(text[i], next)) continue;
    if (!kPairs.MayHide(text[i], next)) return false;
    if (i + 1 < text.size() && FindAt(text, i, Projects::kHide).hide > 0) {
      return false;
    }
  }
  return true;
}

std::string RedactToLine(absl::string_view text,
                         const std::vector<absl::string_view>& secrets) {
  std::string line = Hide(text, secrets, Projects::kHide, Form::kLine);
  if (absl::StartsWith(line, " ")) line.erase(0, 1);
  if (absl::EndsWith(line, " ")) line.pop_back();
  // Spaces that are gone may have parted a listed secret.
  if (secrets.empty()) return line;
  return Hide(line, secrets, Projects::kHide, Form::kAsIs);
}

std::string RedactLink(absl::string_view url,
                       const std::vector<absl::string_view>& secrets) {
  return Hide(url, secrets, Projects::kKeep, Form::kAsIs);
}

bool IsShowableHeader(absl::string_view name) {
  return IsListed(kShowableHeaders, name);
}

}  // namespace gemini::internal
