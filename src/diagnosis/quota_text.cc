#include "diagnosis/quota_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "diagnosis/quota_names.h"

namespace gemini::internal {
namespace {

constexpr size_t kMaxQuotas = 64;
constexpr size_t kMaxSentence = 400;

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '-' || c == '.' || c == '/' || c == ':' || c == '@';
}

// Takes a name such as a metric or a model from the beginning of `text`.
absl::string_view TakeName(absl::string_view* text) {
  size_t n = 0;
  while (n < text->size() && IsNameCharacter((*text)[n])) ++n;
  absl::string_view name = text->substr(0, n);
  text->remove_prefix(n);
  while (absl::ConsumeSuffix(&name, ".") || absl::ConsumeSuffix(&name, ":")) {
  }
  absl::ConsumePrefix(&name, "models/");
  return name;
}

// Takes `words` from the beginning of `text`; a space in them stands for any
// white space, since consoles break lines there.
bool TakeWords(absl::string_view* text, absl::string_view words) {
  size_t at = 0;
  for (const char c : words) {
    if (c == ' ') {
      const size_t begin = at;
      while (at < text->size() && IsSpace((*text)[at])) ++at;
      if (at == begin) return false;
    } else if (at == text->size() || (*text)[at++] != c) {
      return false;
    }
  }
  text->remove_prefix(at);
  return true;
}

// Takes a number; nothing if it may go on behind the end of the text.
std::optional<int64_t> TakeNumber(absl::string_view* text, MessageEnd end) {
  size_t n = 0;
  if (n < text->size() && (*text)[n] == '-') ++n;
  while (n < text->size() && IsDigit((*text)[n])) ++n;
  const absl::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  int64_t value = 0;
  if (!absl::SimpleAtoi(digits, &value)) return std::nullopt;
  if (text->empty() && end == MessageEnd::kCut && value != 0) {
    return std::nullopt;
  }
  return value;
}

// Takes a text in single quotes.
absl::string_view TakeQuoted(absl::string_view* text) {
  if (!absl::ConsumePrefix(text, "'")) return "";
  const size_t close = text->substr(0, kMaxSentence).find('\'');
  if (close == absl::string_view::npos) return "";
  const absl::string_view quoted = text->substr(0, close);
  text->remove_prefix(close + 1);
  return quoted;
}

// M, limit: 0, model: X
std::optional<StatedQuota> TakeBullet(absl::string_view* text, MessageEnd end) {
  StatedQuota quota;
  quota.metric = TakeName(text);
  quota.name = quota.metric;
  if (quota.metric.empty()) return std::nullopt;
  if (text->empty() && end == MessageEnd::kCut) return std::nullopt;
  while (TakeWords(text, ", ") || absl::ConsumePrefix(text, ",")) {
    if (TakeWords(text, "limit: ")) {
      quota.limit = TakeNumber(text, end);
    } else if (TakeWords(text, "model: ")) {
      quota.model = TakeName(text);
      if (text->empty() && end == MessageEnd::kCut) quota.model = "";
    } else {
      // A name that this version does not know: "location: global".
      size_t n = 0;
      while (n < text->size() && IsNameCharacter((*text)[n])) ++n;
      if (n == 0 || (*text)[n - 1] != ':') break;
      text->remove_prefix(n);
      TakeWords(text, " ");
      TakeName(text);
    }
  }
  return quota;
}

// 'M' and limit 'L' of service 'S'
std::optional<StatedQuota> TakeOldStyle(absl::string_view* text) {
  const absl::string_view metric = TakeQuoted(text);
  if (metric.empty() || !TakeWords(text, " and limit ")) {
    return std::nullopt;
  }
  const absl::string_view limit = TakeQuoted(text);
  if (limit.empty()) return std::nullopt;
  StatedQuota quota;
  quota.name = limit;
  // Display names hold spaces, names of metrics and ids do not.
  if (absl::StrContains(metric, "/")) quota.metric = metric;
  if (!absl::StrContains(limit, " ")) quota.quota_id = limit;
  return quota;
}

// aiplatform.googleapis.com/M with base model: X
std::optional<StatedQuota> TakeVertex(absl::string_view* text) {
  StatedQuota quota;
  quota.metric = TakeName(text);
  quota.name = quota.metric;
  if (!absl::StrContains(quota.metric, ".googleapis.com/")) {
    return std::nullopt;
  }
  if (TakeWords(text, " with base model: ") ||
      TakeWords(text, " with base_model: ")) {
    quota.model = TakeName(text);
  }
  return quota;
}

// X in organization O on tokens per min (TPM): Limit 1, Used 0, Requested 30
// images per minute in organization O. Limit: 5/1min. Current: 6/1min.
std::optional<StatedQuota> TakeOpenAi(absl::string_view* text) {
  StatedQuota quota;
  const size_t limit = text->substr(0, kMaxSentence).find("Limit");
  if (limit == absl::string_view::npos) return std::nullopt;
  absl::string_view before = text->substr(0, limit);
  absl::string_view after = text->substr(limit + 5);
  const size_t on = before.find(" on ");
  if (on != absl::string_view::npos) {
    absl::string_view model = before;
    quota.model = TakeName(&model);
    before.remove_prefix(on + 4);
  }
  quota.name = before.substr(0, before.find_first_of("(:."));
  quota.metric = quota.name.substr(0, quota.name.find(' '));
  absl::ConsumePrefix(&after, ":");
  absl::ConsumePrefix(&after, " ");
  quota.limit = TakeNumber(&after, MessageEnd::kWhole);
  if (!quota.limit.has_value()) return std::nullopt;
  const size_t requested = after.substr(0, 80).find("Requested ");
  if (requested != absl::string_view::npos) {
    absl::string_view number = after.substr(requested + 10);
    quota.requested = TakeNumber(&number, MessageEnd::kWhole);
  }
  *text = after;
  return quota;
}

absl::string_view ShortName(absl::string_view metric) {
  const size_t slash = metric.rfind('/');
  return slash == absl::string_view::npos ? metric : metric.substr(slash + 1);
}

void Complete(const StatedQuota& stated, QuotaViolation* violation) {
  if (!violation->limit.has_value() && stated.limit.has_value()) {
    violation->limit = stated.limit;
    violation->limit_source = LimitSource::kMessage;
  }
  if (violation->model.empty()) violation->model = std::string(stated.model);
  if (violation->metric.empty()) violation->metric = std::string(stated.metric);
  if (violation->quota_id.empty()) {
    violation->quota_id = std::string(stated.quota_id);
  }
  if (violation->description.empty() && stated.name != stated.metric) {
    violation->description = std::string(stated.name);
  }
}

// Whether `text` ends with the two words, in any case of letters.
bool EndsWithWords(absl::string_view text, absl::string_view first,
                   absl::string_view second) {
  if (!absl::EndsWithIgnoreCase(text, second)) return false;
  text.remove_suffix(second.size());
  const absl::string_view rest = absl::StripTrailingAsciiWhitespace(text);
  return rest.size() < text.size() && absl::EndsWithIgnoreCase(rest, first);
}

// What the words before a delay end with: "in", "after", "for", "wait".
bool EndsPhrase(char c) {
  c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return c == 'n' || c == 'r' || c == 't';
}

// What Go's form of a duration has besides digits.
bool IsInDuration(char c) {
  return c == '.' || c == 'h' || c == 'm' || c == 's' || c == 'u' || c == 'n';
}

// A word that stands for a unit of time behind a number.
struct TimeWord {
  absl::string_view word;
  absl::Duration unit;
};

}  // namespace

std::vector<StatedQuota> QuotasIn(absl::string_view message, MessageEnd end) {
  std::vector<StatedQuota> quotas;
  quotas.reserve(4);
  absl::string_view rest = message;
  while (quotas.size() < kMaxQuotas) {
    // "uota exceeded for " and "ate limit reached for " in one pass: both have
    // "d for", as "Request too large for" has "e for".
    const size_t found = rest.find("for");
    if (found == absl::string_view::npos) break;
    absl::string_view before =
        rest.substr(found > 24 ? found - 24 : 0, std::min<size_t>(found, 24));
    rest.remove_prefix(found + 3);
    if (before.empty() || !IsSpace(before.back()) || !TakeWords(&rest, " ")) {
      continue;
    }
    before = absl::StripTrailingAsciiWhitespace(before);
    std::optional<StatedQuota> quota;
    if (EndsWithWords(before, "quota", "exceeded")) {
      if (TakeWords(&rest, "metric: ")) {
        quota = TakeBullet(&rest, end);
      } else if (TakeWords(&rest, "quota metric ") ||
                 TakeWords(&rest, "quota group ")) {
        quota = TakeOldStyle(&rest);
      } else {
        quota = TakeVertex(&rest);
      }
    } else if (absl::EndsWithIgnoreCase(before, "rate limit reached") ||
               absl::EndsWithIgnoreCase(before, "rate limit exceeded") ||
               absl::EndsWithIgnoreCase(before, "request too large")) {
      quota = TakeOpenAi(&rest);
    }
    if (quota.has_value()) quotas.push_back(*quota);
  }
  return quotas;
}

void MergeStatedQuotas(const std::vector<StatedQuota>& stated,
                       std::vector<QuotaViolation>* violations) {
  const size_t sent = std::min(violations->size(), kMaxQuotas);
  std::array<bool, kMaxQuotas> used = {};
  for (const StatedQuota& quota : stated) {
    // The first violation of this metric that has no statement yet, preferably
    // of the same model.
    size_t match = sent;
    for (size_t i = 0; i < sent; ++i) {
      const QuotaViolation& violation = (*violations)[i];
      if (used[i]) continue;
      if (!quota.metric.empty() && !violation.metric.empty() &&
          ShortName(violation.metric) != ShortName(quota.metric)) {
        continue;
      }
      const bool same_model = quota.model.empty() || violation.model.empty() ||
                              violation.model == quota.model;
      if (same_model) {
        match = i;
        break;
      }
      if (match == sent) match = i;
    }
    if (match < sent) {
      used[match] = true;
      Complete(quota, &(*violations)[match]);
      continue;
    }
    // Display names alone are no violation: nothing could be keyed by them.
    if (quota.metric.empty() && quota.quota_id.empty()) continue;
    if (violations->size() >= kMaxQuotas) continue;
    violations->emplace_back();
    Complete(quota, &violations->back());
  }
  for (QuotaViolation& violation : *violations) ClassifyQuota(&violation);
}

std::optional<absl::Duration> ReadDelay(absl::string_view text) {
  size_t n = 0;
  while (n < text.size() && n < 40 &&
         (IsDigit(text[n]) || IsInDuration(text[n]))) {
    ++n;
  }
  absl::string_view token = text.substr(0, n);
  absl::ConsumeSuffix(&token, ".");
  if (token.empty() || !IsDigit(token[0])) return std::nullopt;
  absl::Duration delay;
  double number = 0;
  // "5m" is five minutes, but "5 m…" below is read by its word.
  if (!IsDigit(token.back())) {
    // "43seconds", "2hours": keep what Go's form allows.
    while (!token.empty() && !absl::ParseDuration(token, &delay)) {
      token.remove_suffix(1);
    }
    if (token.empty()) return std::nullopt;
  } else if (absl::SimpleAtod(token, &number)) {
    const TimeWord kWords[] = {
        {"ms", absl::Milliseconds(1)}, {"millisecond", absl::Milliseconds(1)},
        {"min", absl::Minutes(1)},     {"sec", absl::Seconds(1)},
        {"hour", absl::Hours(1)},      {"day", absl::Hours(24)},
        {"s", absl::Seconds(1)},       {"m", absl::Minutes(1)},
        {"h", absl::Hours(1)},
    };
    const absl::string_view word =
        absl::StripLeadingAsciiWhitespace(text.substr(n));
    absl::Duration unit;
    for (const TimeWord& entry : kWords) {
      if (!absl::StartsWithIgnoreCase(word, entry.word)) continue;
      unit = entry.unit;
      break;
    }
    if (unit == absl::ZeroDuration()) return std::nullopt;
    delay = number * unit;
  } else {
    return std::nullopt;
  }
  if (delay < absl::ZeroDuration()) return std::nullopt;
  return std::min(delay, MaxDelay());
}

std::optional<absl::Duration> DelayIn(absl::string_view message) {
  // Each phrase as it stands before the delay.
  constexpr absl::string_view kPhrases[] = {
      "retry in ",    "try again in ", "retry after ", "try again after ",
      "reset after ", "resets in ",    "reset in ",    "available in ",
      "wait for ",    "please wait ",
  };
  std::optional<absl::Duration> longest;
  const auto consider = [&](size_t at) {
    if (at < 2 || at >= message.size() || !IsDigit(message[at])) return;
    const absl::string_view before =
        absl::StripTrailingAsciiWhitespace(message.substr(0, at));
    if (before.empty() || !EndsPhrase(before.back())) return;
    // Consoles break lines between words.
    char words[20];
    size_t size = 0;
    words[sizeof(words) - ++size] = ' ';
    for (size_t i = before.size(); i > 0 && size < sizeof(words); --i) {
      const char c = IsSpace(before[i - 1]) ? ' ' : before[i - 1];
      if (c == ' ' && words[sizeof(words) - size] == ' ') continue;
      words[sizeof(words) - ++size] = c;
    }
    const absl::string_view asked(words + sizeof(words) - size, size);
    if (std::none_of(std::begin(kPhrases), std::end(kPhrases),
                     [&](absl::string_view phrase) {
                       return absl::EndsWithIgnoreCase(asked, phrase);
                     })) {
      return;
    }
    const std::optional<absl::Duration> delay = ReadDelay(message.substr(at));
    if (delay.has_value() && (!longest.has_value() || *delay > *longest)) {
      longest = delay;
    }
  };
  // All phrases have " in ", "after ", "for " or "wait " before a digit.
  for (const char space : {' ', '\n'}) {
    size_t at = 0;
    while ((at = message.find(space, at)) != absl::string_view::npos) {
      consider(++at);
    }
  }
  return longest;
}

}  // namespace gemini::internal
