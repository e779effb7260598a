// docs/errors.md and its Chinese twin, written from the tables of the library.

#ifndef GEMINI_TESTS_ERROR_DOCS_ERROR_DOCS_H_
#define GEMINI_TESTS_ERROR_DOCS_ERROR_DOCS_H_

#include <string>

#include "gemini/diagnosis.h"

namespace gemini::testing {

// "errors.md", "errors.zh-CN.md".
std::string ErrorDocsName(Language language);

// The whole file.
std::string ErrorDocs(Language language);

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_ERROR_DOCS_ERROR_DOCS_H_
