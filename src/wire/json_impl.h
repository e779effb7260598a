// What JsonDocument consists of. Included by wire/json*.cc only.

#ifndef GEMINI_SRC_WIRE_JSON_IMPL_H_
#define GEMINI_SRC_WIRE_JSON_IMPL_H_

#include <memory>

#include "wire/json.h"
#include "wire/rapidjson.h"

namespace gemini::internal {

struct JsonDocument::Impl {
  std::unique_ptr<char[]> text;  // What strings point into; may be null.
  rapidjson::Document document;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_JSON_IMPL_H_
