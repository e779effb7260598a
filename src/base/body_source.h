// The body of a request, produced piece by piece while it is sent.

#ifndef GEMINI_SRC_BASE_BODY_SOURCE_H_
#define GEMINI_SRC_BASE_BODY_SOURCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace gemini::internal {

// Read once, from its beginning to its end, on the loop's thread. There is no
// way back: a body is never sent twice (docs/adr/0003).
class BodySource {
 public:
  virtual ~BodySource() = default;

  // The number of bytes that Read() returns in all.
  virtual int64_t size() const = 0;

  // Writes up to `capacity` bytes to `out` and returns how many; 0 only at the
  // end.
  virtual size_t Read(char* out, size_t capacity) = 0;
};

// A body that lies in memory as it is sent.
class StringBody final : public BodySource {
 public:
  explicit StringBody(std::string bytes) : bytes_(std::move(bytes)) {}

  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }

  size_t Read(char* out, size_t capacity) override {
    const size_t n = std::min(capacity, bytes_.size() - position_);
    std::memcpy(out, bytes_.data() + position_, n);
    position_ += n;
    return n;
  }

 private:
  const std::string bytes_;
  size_t position_ = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_BODY_SOURCE_H_
