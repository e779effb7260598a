// gemini-image diagnose

#ifndef GEMINI_TOOLS_CLI_DIAGNOSE_H_
#define GEMINI_TOOLS_CLI_DIAGNOSE_H_

#include <CLI/CLI.hpp>

namespace gemini::cli {

// As AddGenerate().
void AddDiagnose(CLI::App* app, int* exit_code);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_DIAGNOSE_H_
