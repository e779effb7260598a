#include "diagnosis/quota_names.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gemini::internal {
namespace {

// Words as they stand in names once these are lower-case and without '_', '-'
// and spaces. The first word found decides.
template <typename Enum>
struct Word {
  absl::string_view word;
  Enum meaning;
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

char Lower(char c) {
  return absl::ascii_tolower(static_cast<unsigned char>(c));
}

bool IsSeparator(char c) { return c == '_' || c == '-' || c == ' '; }

template <typename Enum, size_t N>
Enum FirstWord(const Word<Enum> (&words)[N], absl::string_view letters) {
  for (const Word<Enum>& word : words) {
    if (absl::StrContains(letters, word.word)) return word.meaning;
  }
  return Enum::kUnknown;
}

}  // namespace

QuotaTraits TraitsIn(absl::string_view name) {
  // Names of quotas have about 60 characters.
  char buffer[256];
  size_t size = 0;
  for (const char c : name) {
    if (size == sizeof(buffer)) break;
    if (!IsSeparator(c)) buffer[size++] = Lower(c);
  }
  const absl::string_view letters(buffer, size);
  QuotaTraits traits;
  traits.window = FirstWord(kWindowWords, letters);
  traits.unit = FirstWord(kUnitWords, letters);
  traits.tier = absl::StrContains(letters, "tier")
                    ? FirstWord(kTierWords, letters)
                    : QuotaTier::kUnknown;
  return traits;
}

absl::string_view WindowWordIn(absl::string_view name) {
  for (const Word<QuotaWindow>& entry : kWindowWords) {
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
