// What JsonDocument consists of. Included by wire/json*.cc only.

#ifndef GEMINI_SRC_WIRE_JSON_IMPL_H_
#define GEMINI_SRC_WIRE_JSON_IMPL_H_

#include <algorithm>
#include <cstddef>
#include <memory>

#include "wire/json.h"
#include "wire/rapidjson.h"

namespace gemini::internal {

struct JsonDocument::Impl {
  // With room for a text of that size, which strings point into.
  explicit Impl(size_t text_size)
      : values_at(ValuesAt(text_size)),
        memory(new char[values_at + ValuesSize(text_size)]),
        allocator(values(), ValuesSize(text_size)),
        document(&allocator, ValuesSize(text_size), &stacks) {}

  // Behind the text and its NUL, aligned.
  static size_t ValuesAt(size_t text_size) {
    return (text_size + 1 + 15) / 16 * 16;
  }

  // What the values of usual texts need; the allocator gets more by itself.
  static size_t ValuesSize(size_t text_size) {
    return 1024 + std::min<size_t>(text_size, 32 << 10);
  }

  char* text() { return memory.get(); }
  char* values() { return memory.get() + values_at; }

  size_t values_at;
  std::unique_ptr<char[]> memory;  // The text, then the first of the values.
  rapidjson::Document::AllocatorType allocator;
  rapidjson::CrtAllocator stacks;  // Else each stack makes one.
  rapidjson::Document document;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_JSON_IMPL_H_
