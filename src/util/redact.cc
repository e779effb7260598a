#include "util/redact.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
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

bool IsKeyCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_' || c == '.' || c == '*' || c == '/' || c == '+';
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool EndsValue(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) ||
         absl::StrContains("\"'`,;)}]<>\\", absl::string_view(&c, 1));
}

size_t RunLength(absl::string_view text, bool (*belongs)(char)) {
  size_t n = 0;
  while (n < text.size() && belongs(text[n])) ++n;
  return n;
}

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
    const size_t n =
        RunLength(rest.substr(form.prefix.size()), &IsKeyCharacter);
    if (n >= form.min_rest) return {form.prefix.size(), n};
  }
  return {};
}

Finding FindScheme(absl::string_view rest) {
  for (const absl::string_view scheme : {"Bearer ", "Basic "}) {
    if (!absl::StartsWithIgnoreCase(rest, scheme)) continue;
    size_t n = 0;
    while (scheme.size() + n < rest.size() &&
           !EndsValue(rest[scheme.size() + n])) {
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
  if (!std::all_of(name.begin(), name.end(), &IsKeyCharacter)) return {};
  if (IsListed(kShowableParameters, name)) return {};
  size_t n = 0;
  while (equals + 1 + n < rest.size() && rest[equals + 1 + n] != '&' &&
         rest[equals + 1 + n] != '#' && !EndsValue(rest[equals + 1 + n])) {
    ++n;
  }
  return {equals + 1, n};
}

// "projects/123456", "project_number:123456", "project 123456"
Finding FindProject(absl::string_view rest) {
  constexpr absl::string_view kProject = "project";
  if (!absl::StartsWithIgnoreCase(rest, kProject)) return {};
  size_t begin = kProject.size();
  while (begin < rest.size() && begin < kProject.size() + 16 &&
         !IsDigit(rest[begin])) {
    const char c = rest[begin];
    if (!absl::ascii_isalpha(static_cast<unsigned char>(c)) &&
        !absl::StrContains(" _-:/=#\"'", absl::string_view(&c, 1))) {
      return {};
    }
    ++begin;
  }
  const size_t n = RunLength(rest.substr(begin), &IsDigit);
  if (n < 6) return {};
  return {begin, n};
}

// "://user:password@"
Finding FindUserInfo(absl::string_view rest) {
  if (!absl::StartsWith(rest, "://")) return {};
  size_t n = 3;
  while (n < rest.size() && rest[n] != '/' && rest[n] != '?' &&
         rest[n] != '@' && !EndsValue(rest[n])) {
    ++n;
  }
  if (n == rest.size() || rest[n] != '@') return {};
  return {3, n - 3};
}

// ": value" or "=value" after the name of a secret, which ends at `at`.
Finding FindNamedSecret(absl::string_view text, size_t at) {
  // What those names end with, or what may stand between.
  constexpr absl::string_view kBefore = "yntdYNTD\"'\\ ";
  if (at == 0 || kBefore.find(text[at - 1]) == absl::string_view::npos) {
    return {};
  }
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
  while (value < text.size() && value < at + 6 &&
         absl::StrContains(" \"'\\=>", text.substr(value, 1))) {
    ++value;
  }
  size_t n = 0;
  while (value + n < text.size() && !EndsValue(text[value + n])) ++n;
  if (n < 8) return {};
  return {value - at, n};
}

// Which pairs of characters what must be hidden begins with: nearly all of a
// text is passed over by one look at this for each of its characters.
class Beginnings {
 public:
  constexpr Beginnings() {
    Set('A', "IQ");
    Set('x', "a");
    Set('y', "a");
    Set('e', "y");
    Set('1', "/");
    Set('s', "k");
    Set('h', "f");
    Set('g', "s");
    Set('o', "r");
    Set('B', "eaEA");
    Set('b', "eaEA");
    Set('P', "rR");
    Set('p', "rR");
    for (const char first : {'?', '&', ':', '='}) {
      for (unsigned second = 0; second < 256; ++second) {
        Set(first, static_cast<unsigned char>(second));
      }
    }
  }

  bool Has(char first, char second) const {
    const unsigned pair = Pair(first, static_cast<unsigned char>(second));
    return (bits_[pair / 64] >> (pair % 64) & 1) != 0;
  }

 private:
  static constexpr unsigned Pair(char first, unsigned char second) {
    return static_cast<unsigned>(static_cast<unsigned char>(first)) << 8 |
           second;
  }
  constexpr void Set(char first, unsigned char second) {
    const unsigned pair = Pair(first, second);
    bits_[pair / 64] |= uint64_t{1} << (pair % 64);
  }
  constexpr void Set(char first, const char* seconds) {
    for (; *seconds != '\0'; ++seconds) {
      Set(first, static_cast<unsigned char>(*seconds));
    }
  }

  uint64_t bits_[1024] = {};
};
constexpr Beginnings kBeginnings;

Finding FindAt(absl::string_view text, size_t i, bool hide_projects) {
  const absl::string_view rest = text.substr(i);
  const bool word_begins = i == 0 || !IsWordCharacter(text[i - 1]);
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
      return found.hide == 0 && hide_projects ? FindProject(rest) : found;
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

std::string Scan(absl::string_view text, bool hide_projects) {
  std::string out;
  size_t copied = 0;  // Up to here `text` is in `out`.
  for (size_t i = 0; i + 1 < text.size();) {
    if (!kBeginnings.Has(text[i], text[i + 1])) {
      ++i;
      continue;
    }
    const Finding found = FindAt(text, i, hide_projects);
    if (found.hide == 0) {
      ++i;
      continue;
    }
    out.append(text.data() + copied, i + found.keep - copied);
    out.append(kMask.data(), kMask.size());
    i += found.keep + found.hide;
    copied = i;
  }
  out.append(text.data() + copied, text.size() - copied);
  return out;
}

std::string Hide(absl::string_view text,
                 const std::vector<absl::string_view>& secrets,
                 bool hide_projects) {
  std::vector<std::pair<absl::string_view, absl::string_view>> replacements;
  for (const absl::string_view secret : secrets) {
    if (secret.size() < kShortestSecret) continue;
    if (!absl::StrContains(text, secret)) continue;
    replacements.emplace_back(secret, kMask);
  }
  if (replacements.empty()) return Scan(text, hide_projects);
  return Scan(absl::StrReplaceAll(text, replacements), hide_projects);
}

}  // namespace

std::string Redact(absl::string_view text,
                   const std::vector<absl::string_view>& secrets) {
  return Hide(text, secrets, /*hide_projects=*/true);
}

bool NeedsRedaction(absl::string_view text,
                    const std::vector<absl::string_view>& secrets) {
  for (const absl::string_view secret : secrets) {
    if (secret.size() >= kShortestSecret && absl::StrContains(text, secret)) {
      return true;
    }
  }
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (kBeginnings.Has(text[i], text[i + 1]) &&
        FindAt(text, i, /*hide_projects=*/true).hide > 0) {
      return true;
    }
  }
  return false;
}

std::string RedactLink(absl::string_view url,
                       const std::vector<absl::string_view>& secrets) {
  return Hide(url, secrets, /*hide_projects=*/false);
}

bool IsShowableHeader(absl::string_view name) {
  return IsListed(kShowableHeaders, name);
}

}  // namespace gemini::internal
