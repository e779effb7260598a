// Takes the pictures out of JSON while it arrives.

#ifndef GEMINI_SRC_WIRE_INLINE_DATA_SPLITTER_H_
#define GEMINI_SRC_WIRE_INLINE_DATA_SPLITTER_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace gemini::internal {

// Takes the base64 of pictures, in the order of the document. They are numbered
// from 0; between OnDataBegin() and OnDataEnd() of one there is no other.
class InlineDataHandler {
 public:
  virtual ~InlineDataHandler() = default;

  virtual void OnDataBegin(int ordinal) = 0;

  // Unescaped, otherwise as it stands in the string: unchecked.
  virtual void OnData(absl::string_view base64) = 0;

  // The string was closed. Not called when the JSON breaks off inside it.
  virtual void OnDataEnd() = 0;
};

// What is accepted and kept of a document.
struct SplitterLimits {
  size_t max_skeleton_bytes = 1 << 20;  // More is an error.
  size_t max_string_bytes = 64 << 10;   // Longer strings are cut off there.

  // Longer thought signatures are replaced by null: half of one is of no use.
  size_t max_signature_bytes = 0;

  size_t max_depth = 64;   // Nested arrays and objects, at most kMaxDepth.
  int max_pictures = 256;  // More is an error.
};

// Passes over one JSON value (RFC 8259) in pieces of any size. Hands the
// strings that hold pictures to a handler and keeps the rest as a skeleton for
// a JSON parser: compact, with each such string replaced by a marker.
//
// Pictures are the strings at "data" in an object that is the value of
// "inlineData" or "inline_data", and those at "b64_json" or
// "bytesBase64Encoded" anywhere. All of these are taken out, whatever they
// hold, so that a string that stands at such a place in the skeleton is a
// marker and cannot be anything else.
//
// Nesting, commas, colons and strings are checked here; numbers and literals
// are copied as they stand and left to the skeleton's parser. Lone surrogates
// become U+FFFD, since parsers refuse them.
class InlineDataSplitter {
 public:
  static constexpr size_t kMaxDepth = 128;

  // `handler` must outlive the splitter.
  explicit InlineDataSplitter(InlineDataHandler* handler,
                              const SplitterLimits& limits = {});

  // kInvalidArgument says what is wrong with the JSON and at which byte,
  // kResourceExhausted which limit was passed. Every later call returns the
  // same.
  absl::Status Feed(absl::string_view json);

  // Ends the document. kDataLoss if it is not whole.
  absl::Status Finish();

  // Nothing but whitespace may follow. (A number that is not inside anything
  // has no end of its own.)
  bool complete() const { return state_ == State::kEnd; }

  // Inside the string of a picture.
  bool in_picture() const { return state_ == State::kPicture; }

  int pictures() const { return pictures_; }

  // The skeleton so far. Valid JSON after an OK of Finish(), apart from numbers
  // and literals.
  const std::string& skeleton() const { return skeleton_; }

  // Gets ready for another document. Pictures are numbered on.
  void Reset();

  // Reads a marker.
  static std::optional<int> OrdinalOf(absl::string_view marker);

 private:
  enum class State : uint8_t {
    kValue,       // A value must follow.
    kValueOrEnd,  // After '['.
    kKeyOrEnd,    // After '{'.
    kKey,         // After ',' in an object.
    kColon,       // After a key.
    kCommaOrEnd,  // After a value in an array or object.
    kEnd,         // After the outermost value.
    kScalar,      // Inside a number, true, false or null.
    kString,      // Inside a key, or a string that is kept.
    kPicture      // Inside a picture.
  };

  // What a key means to the splitter.
  enum class Key : uint8_t { kOther, kInlineData, kData, kEncoded, kSignature };

  const char* FeedStructure(const char* p, const char* end);
  const char* FeedScalar(const char* p, const char* end);
  const char* FeedString(const char* p, const char* end);
  const char* FeedPicture(const char* p, const char* end);

  void BeginValue(const char* p);
  void BeginString(bool is_key, bool is_signature);
  void EndString();
  void BeginPicture();
  void Open(const char* p, Key key);
  void Close(const char* p);
  void EndValue();

  // Takes one byte of an escape sequence. True when it is complete; its UTF-16
  // unit is then in unit_.
  bool FeedEscape(const char* p);
  void KeepRun(absl::string_view bytes);
  void KeepEscape();
  void KeepWhole(absl::string_view escape);
  void KeepLoneSurrogate();
  void AddToKey(absl::string_view bytes);
  Key KeyMeaning() const;

  void Append(char c);
  void Append(absl::string_view bytes);
  void Malformed(const char* p, absl::string_view expected);
  void PassedLimit(absl::string_view what);

  InlineDataHandler* const handler_;
  const SplitterLimits limits_;
  absl::Status failure_;
  std::string skeleton_;
  uint64_t offset_ = 0;          // Of the piece that is being fed,
  const char* piece_ = nullptr;  // which begins here.
  int pictures_ = 0;

  State state_ = State::kValue;
  size_t depth_ = 0;
  std::bitset<kMaxDepth> is_object_;  // By depth.
  std::bitset<kMaxDepth> is_inline_data_;
  Key key_ = Key::kOther;  // Of the value that follows.

  // The string being read.
  int escape_ = 0;        // 0: none; 1: after '\'; 2 to 5: digits of \u.
  char escape_char_ = 0;  // What followed '\'.
  uint32_t unit_ = 0;
  uint32_t high_surrogate_ = 0;  // Waits for its other half.
  bool is_key_ = false;
  bool is_signature_ = false;
  bool is_cut_ = false;
  size_t string_begin_ = 0;        // In the skeleton, behind its quote.
  std::array<char, 20> key_text_;  // Longer keys mean nothing here.
  size_t key_size_ = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_INLINE_DATA_SPLITTER_H_
