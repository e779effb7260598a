// The option --ledger of several commands.

#ifndef GEMINI_TOOLS_CLI_LEDGER_OPTION_H_
#define GEMINI_TOOLS_CLI_LEDGER_OPTION_H_

#include <CLI/CLI.hpp>
#include <string>

namespace gemini::cli {

// Takes what ClientOptions::ledger takes, or an absolute path, from the command
// line or from GEMINI_LEDGER. `ledger` must live until the command has run.
CLI::Option* AddLedgerOption(CLI::App* command, std::string* ledger,
                             const std::string& description);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_LEDGER_OPTION_H_
