// Checks request bodies field by field, as the service's front end does.

#ifndef EMULATOR_SCHEMA_H_
#define EMULATOR_SCHEMA_H_

#include <vector>

#include "emulator/error_bodies.h"
#include "emulator/json.h"

namespace gemini_emulator {

enum class RequestKind { kGenerateContent, kCountTokens };

// Names each field that the message does not have, and each value of a wrong
// type. Names are accepted in lowerCamelCase and snake_case.
std::vector<FieldViolation> CheckFields(const Json& body, RequestKind kind);

}  // namespace gemini_emulator

#endif  // EMULATOR_SCHEMA_H_
