// The table from evidence to codes.

#ifndef GEMINI_SRC_DIAGNOSIS_RULES_H_
#define GEMINI_SRC_DIAGNOSIS_RULES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Where a rule looks.
enum class Field {
  kHttp,      // The HTTP status alone.
  kStatus,    // The canonical status.
  kReason,    // ErrorInfo's reason.
  kName,      // error.code, error.type and their like, where they are words.
  kText,      // The message and what explains it, in any case of letters.
  kQuotas,    // The violations, and quotas that only the message states.
  kModel,     // What is known of the model that the error is about.
  kHtml,      // The body is a page for people.
  kBlocked,   // promptFeedback.blockReason
  kFinished,  // finishReason
  kState,     // Another service's word for how it went.
  kContent    // What an answer holds instead of a picture.
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order.
struct Rule {
  Field field;
  absl::string_view needle;  // Equal to it; for kText and kReason: contained.
  absl::string_view code;
  int http = 0;  // Only with this HTTP status; 0: with any.
};

struct RuleList {
  const Rule* first;
  size_t count;

  const Rule* begin() const { return first; }
  const Rule* end() const { return first + count; }
};

RuleList ErrorRules();   // For errors, in the order of their precedence.
RuleList AnswerRules();  // For answers with 200.

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_RULES_H_
