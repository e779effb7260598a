// gemini-image quota: what the processes of this machine know of their quotas.

#ifndef GEMINI_TOOLS_CLI_QUOTA_H_
#define GEMINI_TOOLS_CLI_QUOTA_H_

#include <CLI/CLI.hpp>

namespace gemini::cli {

void AddQuota(CLI::App* app, int* exit_code);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_QUOTA_H_
