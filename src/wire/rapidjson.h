// RapidJSON, in a namespace of its own: a program that uses another version of
// it, or the same one built with other switches, shares no symbol with this
// library.
//
// Included by wire/json*.cc only. RapidJSON's accessors assert on a wrong type;
// everybody else reads through JsonValue, whose getters check.

#ifndef GEMINI_SRC_WIRE_RAPIDJSON_H_
#define GEMINI_SRC_WIRE_RAPIDJSON_H_

#define RAPIDJSON_NAMESPACE gemini::internal::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN \
  namespace gemini {              \
  namespace internal {            \
  namespace rapidjson {
#define RAPIDJSON_NAMESPACE_END \
  }                             \
  }                             \
  }

// Whitespace is a third of an indented body.
#if defined(__SSE2__) && !defined(RAPIDJSON_SSE2)
#define RAPIDJSON_SSE2
#endif

#include "rapidjson/document.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"

#endif  // GEMINI_SRC_WIRE_RAPIDJSON_H_
