#include "wire/mixed_body.h"

#include <algorithm>
#include <cstring>

namespace gemini::internal {

void MixedBody::AddText(std::string text) {
  size_ += static_cast<int64_t>(text.size());
  parts_.push_back({std::move(text), Base64Encoder("")});
}

void MixedBody::AddBase64(absl::string_view bytes) {
  size_ += static_cast<int64_t>(Base64Encoder::EncodedSize(bytes.size()));
  parts_.push_back({"", Base64Encoder(bytes)});
}

size_t MixedBody::Read(char* out, size_t capacity) {
  size_t written = 0;
  while (written < capacity && part_ < parts_.size()) {
    Part& part = parts_[part_];
    const size_t n = std::min(capacity - written, part.text.size() - position_);
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result)
    std::memcpy(out + written, part.text.data() + position_, n);
    position_ += n;
    written += n;
    if (written == capacity) break;
    written += part.encoder.Read(out + written, capacity - written);
    if (written == capacity) break;
    ++part_;
    position_ = 0;
  }
  return written;
}

}  // namespace gemini::internal
