// gemini-image verify

#ifndef GEMINI_TOOLS_CLI_VERIFY_H_
#define GEMINI_TOOLS_CLI_VERIFY_H_

#include <CLI/CLI.hpp>

namespace gemini::cli {

// As AddGenerate().
void AddVerify(CLI::App* app, int* exit_code);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_VERIFY_H_
