#include "language.h"

#include <cstdlib>

namespace gemini::cli {

Language ChooseLanguage(const std::string& option) {
  std::string tag = option;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (!tag.empty()) break;
    const char* value = std::getenv(name);
    if (value != nullptr) tag = value;
  }
  return tag.compare(0, 2, "zh") == 0 ? Language::kChinese : Language::kEnglish;
}

}  // namespace gemini::cli
