#include "diagnosis/advice_table.h"

#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "diagnosis/codes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "util/utf8.h"

namespace gemini::internal {
namespace {

bool HasChinese(absl::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xE4 && byte <= 0xE9) return true;  // U+4000 to U+9FFF
  }
  return false;
}

// Full-width punctuation included.
bool HasFullWidth(absl::string_view text) {
  return HasChinese(text) || absl::StrContains(text, "\xE3\x80") ||
         absl::StrContains(text, "\xEF\xBC");
}

void ExpectBothLanguages(const Phrase& phrase, absl::string_view where) {
  EXPECT_FALSE(phrase.english.empty()) << where;
  EXPECT_FALSE(phrase.chinese.empty()) << where;
  EXPECT_FALSE(HasFullWidth(phrase.english)) << where << phrase.english;
  EXPECT_TRUE(HasChinese(phrase.chinese)) << where << phrase.chinese;
  EXPECT_TRUE(absl::EndsWith(phrase.english, ".") ||
              absl::EndsWith(phrase.english, "]"))
      << where << phrase.english;
  EXPECT_TRUE(absl::EndsWith(phrase.chinese, "。") ||
              absl::EndsWith(phrase.chinese, "]"))
      << where << phrase.chinese;
  for (const absl::string_view text : {phrase.english, phrase.chinese}) {
    EXPECT_EQ(Utf8PrefixSize(text), text.size()) << where;
    EXPECT_FALSE(absl::StrContains(text, "  ")) << where << text;
  }
}

// The names of placeholders in a text.
std::multiset<std::string> NamesIn(absl::string_view text) {
  std::multiset<std::string> names;
  for (size_t open = text.find('{'); open != absl::string_view::npos;
       open = text.find('{', open + 1)) {
    names.emplace(text.substr(open + 1, text.find('}', open) - open - 1));
  }
  return names;
}

TEST(AdviceTableTest, EveryCodeHasOneEntryAndEveryEntryACode) {
  std::multiset<std::string> codes;
  std::multiset<std::string> entries;
  for (const DiagnosisCode& code : DiagnosisCodes()) {
    codes.emplace(code.name);
    EXPECT_EQ(FindAdvice(code.name).code, code.name);
  }
  for (const AdviceEntry& entry : AdviceEntries()) entries.emplace(entry.code);
  EXPECT_EQ(codes, entries);
}

TEST(AdviceTableTest, EveryEntrySaysWhatAndWhyInBothLanguages) {
  for (const AdviceEntry& entry : AdviceEntries()) {
    ExpectBothLanguages(entry.summary, absl::StrCat(entry.code, " summary: "));
    ExpectBothLanguages(entry.why, absl::StrCat(entry.code, " why: "));
  }
}

TEST(AdviceTableTest, EveryEntryHasStepsAndNoneTwice) {
  for (const AdviceEntry& entry : AdviceEntries()) {
    std::set<StepId> seen;
    bool ended = false;
    for (const StepId id : entry.steps) {
      if (id == StepId::kNone) {
        ended = true;
        continue;
      }
      EXPECT_FALSE(ended) << entry.code << " has a gap";
      EXPECT_TRUE(seen.insert(id).second) << entry.code << " repeats itself";
    }
    EXPECT_FALSE(seen.empty()) << entry.code;
  }
}

TEST(AdviceTableTest, EveryStepIsTakenByAnEntryAndHasTextsAndALink) {
  std::set<StepId> taken;
  for (const AdviceEntry& entry : AdviceEntries()) {
    taken.insert(std::begin(entry.steps), std::end(entry.steps));
  }
  for (const StepEntry& step : StepEntries()) {
    ExpectBothLanguages(step.text, "step: ");
    EXPECT_TRUE(absl::StartsWith(step.url, "https://")) << step.text.english;
    EXPECT_EQ(taken.count(step.id), 1u) << step.text.english;
  }
}

TEST(AdviceTableTest, BothLanguagesTellTheSameParticulars) {
  for (const AdviceEntry& entry : AdviceEntries()) {
    EXPECT_EQ(NamesIn(entry.summary.english), NamesIn(entry.summary.chinese))
        << entry.code;
    EXPECT_EQ(NamesIn(entry.why.english), NamesIn(entry.why.chinese))
        << entry.code;
  }
  for (const StepEntry& step : StepEntries()) {
    EXPECT_EQ(NamesIn(step.text.english), NamesIn(step.text.chinese))
        << step.text.english;
  }
}

TEST(AdviceTableTest, AnUnknownCodeGetsTheEntryOfUnknown) {
  EXPECT_EQ(FindAdvice("no_such_code").code, "unknown");
  EXPECT_EQ(FindAdvice("").code, "unknown");
}

}  // namespace
}  // namespace gemini::internal
