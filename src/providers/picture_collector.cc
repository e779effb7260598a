#include "providers/picture_collector.h"

#include <algorithm>
#include <cstddef>

#include "gemini/image.h"

namespace gemini::internal {
namespace {

// No answer makes us ask for more than this on its word alone.
constexpr int64_t kMaxReservedBytes = 64 << 20;

// SniffImageType() needs no more.
constexpr size_t kMagicBytes = 16;

// Memory is filled with zeros before the decoder writes to it: in pieces that
// the processor's nearest cache still holds then.
constexpr size_t kPieceBytes = 16 << 10;

}  // namespace

void PictureCollector::OnDataBegin(int /*ordinal*/) {
  decoder_ = Base64Decoder();
  dropped_ = false;
  std::string& bytes = pictures_.emplace_back().bytes;
  if (expected_bytes_ > 0) {
    bytes.reserve(Base64Decoder::MaxDecodedSize(
        static_cast<size_t>(std::min(expected_bytes_, kMaxReservedBytes))));
  }
}

void PictureCollector::OnData(absl::string_view base64) {
  std::string& bytes = pictures_.back().bytes;
  while (!base64.empty() && !dropped_) {
    const absl::string_view piece = base64.substr(0, kPieceBytes);
    base64.remove_prefix(piece.size());
    const size_t size = bytes.size();
    bytes.resize(size + Base64Decoder::MaxDecodedSize(piece.size()));
    const absl::StatusOr<size_t> written = decoder_.Decode(
        piece, absl::MakeSpan(&bytes[size], bytes.size() - size));
    if (!written.ok()) {
      pictures_.back().base64 = written.status();
      Drop();
      return;
    }
    bytes.resize(size + *written);
    if (size < kMagicBytes && bytes.size() >= kMagicBytes) Sniff();
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
  pictures_.back().bytes.append(rest, *written);
  if (pictures_.back().mime_type.empty()) Sniff();
}

void PictureCollector::Sniff() {
  CollectedPicture& picture = pictures_.back();
  picture.mime_type = SniffImageType(picture.bytes);
  if (picture.mime_type.empty()) Drop();
}

void PictureCollector::Drop() {
  std::string().swap(pictures_.back().bytes);  // Lets go of the memory too.
  dropped_ = true;
}

}  // namespace gemini::internal
