// Outcomes and diagnoses for people; what is printed goes to standard error.

#ifndef GEMINI_TOOLS_CLI_REPORT_H_
#define GEMINI_TOOLS_CLI_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gemini/diagnosis.h"
#include "gemini/outcome.h"

namespace gemini::cli {

// Returns what it means and what would cure it, in lines.
std::string Explain(const Diagnosis& diagnosis, Language language);

// The same, in the locale's language.
void PrintDiagnosis(const Diagnosis& diagnosis);

// One line an attempt.
void PrintAttempts(const std::vector<AttemptReport>& attempts);

// An error, with what is known of it.
void PrintError(const absl::Status& status);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_REPORT_H_
