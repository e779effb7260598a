// In which language people are told.

#ifndef GEMINI_TOOLS_CLI_LANGUAGE_H_
#define GEMINI_TOOLS_CLI_LANGUAGE_H_

#include <string>

#include "gemini/diagnosis.h"

namespace gemini::cli {

// Of --lang, "en" or "zh"; if that is empty, of the locale: LC_ALL, then
// LC_MESSAGES, then LANG.
Language ChooseLanguage(const std::string& option);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_LANGUAGE_H_
