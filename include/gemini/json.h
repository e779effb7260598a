// Outcomes and diagnoses as JSON, for logs, tools and other languages.
//
// Field names are snake_case and stable. Keys never appear; pictures appear by
// type and size only.

#ifndef GEMINI_JSON_H_
#define GEMINI_JSON_H_

#include <string>
#include <vector>

#include "gemini/diagnosis.h"
#include "gemini/outcome.h"
#include "gemini/quota.h"

namespace gemini {

// Return one JSON object, indented by two spaces, without a newline at its end.
//
// An outcome's includes `image_prompt` where there is one, since the caller
// asked for the whole outcome.
std::string ToJson(const Outcome& outcome);

// `advice` is given in `language`.
std::string ToJson(const Diagnosis& diagnosis,
                   Language language = Language::kEnglish);

// What ReadQuotaLedger() returned, as an array.
std::string ToJson(const std::vector<QuotaRecord>& records);

}  // namespace gemini

#endif  // GEMINI_JSON_H_
