#include "providers/picture_collector.h"

#include <algorithm>
#include <cstring>

#include "gemini/image.h"

namespace gemini::internal {
namespace {

// In pieces that the processor's nearest cache still holds when they are
// passed on.
constexpr size_t kPieceBytes = 16 << 10;

}  // namespace

void PictureCollector::OnDataBegin(int /*ordinal*/) {
  decoder_ = Base64Decoder();
  dropped_ = false;
  head_size_ = 0;
  pictures_.emplace_back();
  sink_->Begin(expected_bytes_);
}

void PictureCollector::OnData(absl::string_view base64) {
  while (!base64.empty() && !dropped_) {
    const absl::string_view piece = base64.substr(0, kPieceBytes);
    base64.remove_prefix(piece.size());
    const absl::Span<char> room =
        sink_->Room(Base64Decoder::MaxDecodedSize(piece.size()));
    const absl::StatusOr<size_t> written = decoder_.Decode(piece, room);
    if (!written.ok()) {
      sink_->Filled(0);
      pictures_.back().base64 = written.status();
      Drop();
      return;
    }
    Take(room.data(), *written);
  }
}

void PictureCollector::OnDataEnd() {
  if (dropped_) return;
  char rest[2];
  const absl::StatusOr<size_t> written = decoder_.Finish(rest);
  if (!written.ok()) {
    pictures_.back().base64 = written.status();
    Drop();
    return;
  }
  if (*written > 0) {
    const absl::Span<char> room = sink_->Room(sizeof(rest));
    std::memcpy(room.data(), rest, *written);
    Take(room.data(), *written);
  }
  if (!dropped_ && pictures_.back().mime_type.empty()) Sniff();
}

// `bytes` lie in the room of the sink.
void PictureCollector::Take(const char* bytes, size_t n) {
  const size_t missing = std::min(n, head_.size() - head_size_);
  if (missing > 0) {
    std::memcpy(head_.data() + head_size_, bytes, missing);
    head_size_ += missing;
  }
  sink_->Filled(n);
  if (missing > 0 && head_size_ == head_.size()) Sniff();
}

void PictureCollector::Sniff() {
  CollectedPicture& picture = pictures_.back();
  picture.mime_type =
      SniffImageType(absl::string_view(head_.data(), head_size_));
  if (picture.mime_type.empty()) Drop();
}

void PictureCollector::Drop() {
  sink_->Drop();
  dropped_ = true;
}

}  // namespace gemini::internal
