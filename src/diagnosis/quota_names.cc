#include "diagnosis/quota_names.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gemini::internal {
namespace {

char Lower(char c) {
  return absl::ascii_tolower(static_cast<unsigned char>(c));
}

bool IsSeparator(char c) { return c == '_' || c == '-' || c == ' '; }

// Which pairs of neighbours a text has, as a set of hashes: a text that lacks
// one of a word's pairs does not hold the word. Nearly all words are looked for
// in vain, which this tells without a search.
class PairSet {
 public:
  constexpr PairSet() = default;
  constexpr explicit PairSet(const char* word) {
    for (; word[0] != '\0' && word[1] != '\0'; ++word) Add(word[0], word[1]);
  }

  constexpr void Add(char a, char b) {
    const unsigned hash =
        (static_cast<unsigned char>(a) * 7u + static_cast<unsigned char>(b)) %
        128;
    bits_[hash / 64] |= uint64_t{1} << (hash % 64);
  }

  bool HasAllOf(const PairSet& other) const {
    return (other.bits_[0] & ~bits_[0]) == 0 &&
           (other.bits_[1] & ~bits_[1]) == 0;
  }

 private:
  uint64_t bits_[2] = {};
};

// Words as they stand in names once these are lower-case and without '_', '-'
// and spaces. The first word found decides.
template <typename Enum>
struct Word {
  constexpr Word(const char* letters, Enum what)
      : word(letters), meaning(what), pairs(letters) {}

  absl::string_view word;
  Enum meaning;
  PairSet pairs;
};

// A name in the form of those words.
struct Letters {
  explicit Letters(absl::string_view name) {
    char last = ' ';
    for (const char c : name) {
      if (size == sizeof(buffer)) break;
      if (IsSeparator(c)) continue;
      const char letter = Lower(c);
      pairs.Add(last, letter);
      buffer[size++] = last = letter;
    }
  }

  // Names of quotas have about 60 characters.
  char buffer[256];
  size_t size = 0;
  PairSet pairs;
};

constexpr Word<QuotaWindow> kWindowWords[] = {
    {"perday", QuotaWindow::kDay},
    {"perminute", QuotaWindow::kMinute},
    {"permin", QuotaWindow::kMinute},
    {"per10min", QuotaWindow::kTenMinutes},
    {"pertenmin", QuotaWindow::kTenMinutes},
    {"perhour", QuotaWindow::kHour},
    {"permonth", QuotaWindow::kMonth},
    {"daily", QuotaWindow::kDay},
    {"monthly", QuotaWindow::kMonth},
    {"hourly", QuotaWindow::kHour},
};

constexpr Word<QuotaUnit> kUnitWords[] = {
    {"spend", QuotaUnit::kSpend},
    {"bytes", QuotaUnit::kBytes},
    {"inputtoken", QuotaUnit::kInputTokens},
    {"prompttoken", QuotaUnit::kInputTokens},
    {"outputtoken", QuotaUnit::kOutputTokens},
    {"images", QuotaUnit::kImages},
    {"imagecount", QuotaUnit::kImages},
    {"token", QuotaUnit::kTokens},
    {"request", QuotaUnit::kRequests},
};

constexpr Word<QuotaTier> kTierWords[] = {
    {"freetier", QuotaTier::kFree}, {"tier1", QuotaTier::kTier1},
    {"tier2", QuotaTier::kTier2},   {"tier3", QuotaTier::kTier3},
    {"paidtier", QuotaTier::kPaid},
};

template <typename Enum, size_t N>
Enum FirstWord(const Word<Enum> (&words)[N], const Letters& letters) {
  const absl::string_view text(letters.buffer, letters.size);
  for (const Word<Enum>& word : words) {
    if (letters.pairs.HasAllOf(word.pairs) &&
        absl::StrContains(text, word.word)) {
      return word.meaning;
    }
  }
  return Enum::kUnknown;
}

}  // namespace

QuotaTraits TraitsIn(absl::string_view name) {
  const Letters letters(name);
  QuotaTraits traits;
  traits.window = FirstWord(kWindowWords, letters);
  traits.unit = FirstWord(kUnitWords, letters);
  traits.tier = FirstWord(kTierWords, letters);
  return traits;
}

absl::string_view WindowWordIn(absl::string_view name) {
  const Letters letters(name);
  for (const Word<QuotaWindow>& entry : kWindowWords) {
    if (!letters.pairs.HasAllOf(entry.pairs)) continue;
    for (size_t begin = 0; begin < name.size(); ++begin) {
      size_t matched = 0;
      size_t at = begin;
      for (; at < name.size() && matched < entry.word.size(); ++at) {
        if (Lower(name[at]) == entry.word[matched]) {
          ++matched;
        } else if (matched == 0 || !IsSeparator(name[at])) {
          break;
        }
      }
      if (matched == entry.word.size()) return name.substr(begin, at - begin);
    }
  }
  return "";
}

void ClassifyQuota(QuotaViolation* violation) {
  for (const absl::string_view name :
       {absl::string_view(violation->quota_id),
        absl::string_view(violation->metric),
        absl::string_view(violation->description)}) {
    if (violation->window != QuotaWindow::kUnknown &&
        violation->unit != QuotaUnit::kUnknown &&
        violation->tier != QuotaTier::kUnknown) {
      return;
    }
    if (name.empty()) continue;
    const QuotaTraits traits = TraitsIn(name);
    if (violation->window == QuotaWindow::kUnknown) {
      violation->window = traits.window;
    }
    if (violation->unit == QuotaUnit::kUnknown) violation->unit = traits.unit;
    if (violation->tier == QuotaTier::kUnknown) violation->tier = traits.tier;
  }
}

}  // namespace gemini::internal
