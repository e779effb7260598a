// Writes values of JSON back as text.

#ifndef GEMINI_SRC_DIAGNOSIS_DETAIL_JSON_H_
#define GEMINI_SRC_DIAGNOSIS_DETAIL_JSON_H_

#include <string>

#include "wire/json.h"

namespace gemini::internal {

// The members of a detail but its "@type", as one object.
std::string DetailJson(JsonValue detail);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_DETAIL_JSON_H_
