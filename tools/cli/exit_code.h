// What the program's exit codes mean.

#ifndef GEMINI_TOOLS_CLI_EXIT_CODE_H_
#define GEMINI_TOOLS_CLI_EXIT_CODE_H_

namespace gemini::cli {

enum ExitCode {
  kExitImages = 0,
  kExitError = 1,  // Also: fewer pictures than asked for.
  kExitUsage = 2,
  kExitPromptOnly = 3
  // 4 is kept for deferred.
};

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_EXIT_CODE_H_
