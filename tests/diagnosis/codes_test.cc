#include "diagnosis/codes.h"

#include <set>
#include <string>

#include "diagnosis/rules.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(CodesTest, NamesAreUniqueAndStableIdentifiers) {
  std::set<std::string> names;
  for (const DiagnosisCode& code : DiagnosisCodes()) {
    EXPECT_TRUE(names.insert(std::string(code.name)).second) << code.name;
    EXPECT_EQ(code.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"
                                          "_"),
              absl::string_view::npos)
        << code.name;
  }
}

TEST(CodesTest, EveryRuleLeadsToAKnownCode) {
  for (const RuleList rules : {ErrorRules(), AnswerRules()}) {
    for (const Rule& rule : rules) {
      if (rule.field == Field::kQuotas) continue;
      EXPECT_NE(FindDiagnosisCode(rule.code), nullptr) << rule.code;
    }
  }
}

TEST(CodesTest, EveryCauseHasACode) {
  std::set<Cause> causes;
  for (const DiagnosisCode& code : DiagnosisCodes()) causes.insert(code.cause);
  EXPECT_EQ(causes.size(), static_cast<size_t>(Cause::kDeadlineExceeded) + 1);
}

TEST(CodesTest, AnUnknownNameIsOfUnknownCause) {
  EXPECT_EQ(MakeDiagnosis("no_such_code", "").cause, Cause::kUnknown);
  EXPECT_EQ(MakeDiagnosis("spend_cap", "why").cause, Cause::kBilling);
  EXPECT_EQ(MakeDiagnosis("spend_cap", "why").evidence, "why");
}

}  // namespace
}  // namespace gemini::internal
