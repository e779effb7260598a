// gemini-image generate

#ifndef GEMINI_TOOLS_CLI_GENERATE_H_
#define GEMINI_TOOLS_CLI_GENERATE_H_

#include <CLI/CLI.hpp>

namespace gemini::cli {

// Adds the command to `app`; when it is given, it runs and stores its exit code
// in `exit_code`, which must outlive the parsing.
void AddGenerate(CLI::App* app, int* exit_code);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_GENERATE_H_
