// Reading JSON that somebody else wrote: bounded, and without surprises.

#ifndef GEMINI_SRC_WIRE_JSON_H_
#define GEMINI_SRC_WIRE_JSON_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/strings/string_view.h"

namespace gemini::internal {

class JsonElements;
class JsonMembers;
struct JsonMember;

// A value inside a JsonDocument, which it must not outlive; or no value at all.
// Every getter may be called on every value: asked for something that the value
// is not, it answers with nothing. So a path into a document needs one check,
// at its end:
//
//   document.root()["error"]["details"].At(0)["reason"].string()
class JsonValue {
 public:
  enum class Type { kAbsent, kNull, kBool, kNumber, kString, kArray, kObject };

  JsonValue() = default;

  Type type() const;
  bool exists() const { return value_ != nullptr; }
  bool is_string() const { return type() == Type::kString; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }

  // The string, which may hold any bytes; empty for other types.
  absl::string_view string() const;

  // A whole number, or a string that holds one: proto3 JSON writes 64-bit
  // integers as strings.
  std::optional<int64_t> integer() const;

  std::optional<double> number() const;
  std::optional<bool> boolean() const;

  // The first member of an object that has this name.
  JsonValue operator[](absl::string_view name) const;

  // The number of elements or members.
  size_t size() const;

  // The element of an array, or the value of the member of an object.
  JsonValue At(size_t index) const;
  absl::string_view NameAt(size_t index) const;
  JsonMember MemberAt(size_t index) const;

  JsonElements elements() const;
  JsonMembers members() const;

 private:
  friend class JsonDocument;
  explicit JsonValue(const void* value) : value_(value) {}

  const void* value_ = nullptr;  // A value of RapidJSON.
};

struct JsonMember {
  absl::string_view name;
  JsonValue value;
};

// `for (JsonValue element : value.elements())`; empty for what is no array.
class JsonElements {
 public:
  class iterator {
   public:
    iterator(JsonValue of, size_t index) : of_(of), index_(index) {}
    JsonValue operator*() const { return of_.At(index_); }
    iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const iterator& other) const {
      return index_ != other.index_;
    }

   private:
    JsonValue of_;
    size_t index_;
  };

  explicit JsonElements(JsonValue of)
      : of_(of), size_(of.is_array() ? of.size() : 0) {}
  iterator begin() const { return {of_, 0}; }
  iterator end() const { return {of_, size_}; }

 private:
  JsonValue of_;
  size_t size_;
};

// `for (JsonMember member : value.members())`; empty for what is no object.
class JsonMembers {
 public:
  class iterator {
   public:
    iterator(JsonValue of, size_t index) : of_(of), index_(index) {}
    JsonMember operator*() const { return of_.MemberAt(index_); }
    iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const iterator& other) const {
      return index_ != other.index_;
    }

   private:
    JsonValue of_;
    size_t index_;
  };

  explicit JsonMembers(JsonValue of)
      : of_(of), size_(of.is_object() ? of.size() : 0) {}
  iterator begin() const { return {of_, 0}; }
  iterator end() const { return {of_, size_}; }

 private:
  JsonValue of_;
  size_t size_;
};

inline JsonElements JsonValue::elements() const { return JsonElements(*this); }
inline JsonMembers JsonValue::members() const { return JsonMembers(*this); }

struct JsonLimits {
  // Memory for the values is up to 16 times as much.
  size_t max_bytes = size_t{8} << 20;

  // Arrays and objects within each other.
  int max_depth = 64;
};

struct LooseJson;

// A parsed text. Owns all that it holds. Movable; values stay valid.
class JsonDocument {
 public:
  // Returns nothing for text that is not one JSON value (RFC 8259), or that
  // exceeds `limits`. Strings are not checked to be UTF-8.
  static std::optional<JsonDocument> Parse(absl::string_view text,
                                           const JsonLimits& limits = {});

  // Reads what resembles JSON and begins `text`: a '{', '[' or Go's "map[".
  // See LooseJson.
  static LooseJson ParseLoosely(absl::string_view text,
                                const JsonLimits& limits = {});

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const;

 private:
  struct Impl;
  explicit JsonDocument(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// What was made of a text that is no JSON but was meant as something like it:
// Python's repr, a JavaScript console's object, Ruby's hash, Go's map, the text
// form of protocol buffers; cut off, broken over lines, with unescaped quotes
// inside strings, with a logger's prefix on every line.
//
// Names may repeat, as in the text form of protocol buffers. What makes no
// sense is skipped; what lies deeper than the limit is, too. An identifier or a
// number that the end cuts off is left out, since it could be another; a cut
// sentence is kept.
struct LooseJson {
  JsonDocument document;
  size_t consumed = 0;  // Bytes of the text, at least 1 unless it is empty.
  bool closed = false;  // The last bracket was there.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_JSON_H_
