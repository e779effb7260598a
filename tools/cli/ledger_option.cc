#include "ledger_option.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini::cli {

CLI::Option* AddLedgerOption(CLI::App* command, std::string* ledger,
                             const std::string& description) {
  return command->add_option("--ledger", *ledger, description)
      ->envname("GEMINI_LEDGER")
      ->transform([](const std::string& text) {
        return absl::StartsWith(text, "/") ? absl::StrCat("sqlite://", text)
                                           : text;
      });
}

}  // namespace gemini::cli
