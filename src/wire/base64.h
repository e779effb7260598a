// Base64 (RFC 4648) that flows: any chunking, no copies besides the result.

#ifndef GEMINI_SRC_WIRE_BASE64_H_
#define GEMINI_SRC_WIRE_BASE64_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace gemini::internal {

// Decodes text that arrives in pieces of any size.
//
// Takes the standard and the URL-safe alphabet, even mixed; ASCII whitespace
// anywhere; padding, whole or none at all. Left-over bits of the last character
// are not looked at (RFC 4648, 3.5). Anything else is an error: nothing but
// whitespace may follow the padding.
class Base64Decoder {
 public:
  // The room that Decode() wants for `n` characters.
  static constexpr size_t MaxDecodedSize(size_t n) { return n / 4 * 3 + 3; }

  // Decodes `text` into `out` and returns how many bytes it wrote there; what
  // `out` holds behind them is undefined. `out` must have room for
  // MaxDecodedSize(text.size()).
  //
  // kInvalidArgument names the first wrong byte and its offset from the
  // beginning of the whole text; every later call returns the same.
  absl::StatusOr<size_t> Decode(absl::string_view text, absl::Span<char> out);

  // Ends the text: writes what unpadded text still holds, at most 2 bytes.
  // kInvalidArgument if a part of the last group is missing.
  absl::StatusOr<size_t> Finish(absl::Span<char> out);

 private:
  absl::StatusOr<size_t> Fail(absl::Status status);

  uint32_t group_ = 0;   // The sextets of an unfinished group.
  int sextets_ = 0;      // How many, 0 to 3.
  int padding_ = -1;     // '=' still to come; -1 before the first.
  uint64_t offset_ = 0;  // Of the text that Decode() is given next.
  absl::Status failure_;
};

// Encodes bytes that lie in memory, in the standard alphabet with padding, as
// they are asked for.
class Base64Encoder {
 public:
  // The length of the text for `n` bytes.
  static constexpr uint64_t EncodedSize(uint64_t n) { return (n + 2) / 3 * 4; }

  // `bytes` must outlive the encoder.
  explicit Base64Encoder(absl::string_view bytes) : bytes_(bytes) {}

  // Writes up to `capacity` characters to `out` and returns how many; 0 only at
  // the end.
  size_t Read(char* out, size_t capacity);

 private:
  absl::string_view bytes_;  // Not yet encoded.
  char group_[4] = {};       // Encoded, but only in part asked for.
  size_t group_left_ = 0;    // How much of its end is still to be read.
};

// The same at once, for small things.
std::string Base64Encode(absl::string_view bytes);
absl::StatusOr<std::string> Base64Decode(absl::string_view text);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_BASE64_H_
