// Outcomes and diagnoses for people, on standard error.

#ifndef GEMINI_TOOLS_CLI_REPORT_H_
#define GEMINI_TOOLS_CLI_REPORT_H_

#include <vector>

#include "absl/status/status.h"
#include "gemini/diagnosis.h"
#include "gemini/outcome.h"

namespace gemini::cli {

// What it means and what would cure it.
void PrintDiagnosis(const Diagnosis& diagnosis);

// One line an attempt.
void PrintAttempts(const std::vector<AttemptReport>& attempts);

// An error, with what is known of it.
void PrintError(const absl::Status& status);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_REPORT_H_
