// A request body of text and of bytes that travel as base64.

#ifndef GEMINI_SRC_WIRE_MIXED_BODY_H_
#define GEMINI_SRC_WIRE_MIXED_BODY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "base/body_source.h"
#include "wire/base64.h"

namespace gemini::internal {

// Bytes are encoded while they are sent, so that they are held in memory once,
// by their owner, however often they are sent at the same time.
class MixedBody final : public BodySource {
 public:
  // `owner` keeps alive what is given to AddBase64().
  explicit MixedBody(std::shared_ptr<const void> owner)
      : owner_(std::move(owner)) {}

  // The parts, in order; before the first Read().
  void AddText(std::string text);
  void AddBase64(absl::string_view bytes);

  int64_t size() const override { return size_; }
  size_t Read(char* out, size_t capacity) override;

 private:
  struct Part {
    std::string text;
    Base64Encoder encoder;  // Comes after the text.
  };

  std::shared_ptr<const void> owner_;
  absl::InlinedVector<Part, 1> parts_;
  size_t part_ = 0;      // The one being read,
  size_t position_ = 0;  // and how much of its text was.
  int64_t size_ = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_MIXED_BODY_H_
