#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "engine/sinks.h"

namespace gemini::internal {
namespace {

// No answer makes us ask for more than this on its word alone.
constexpr int64_t kMaxReservedBytes = 64 << 20;

// Of memory that is worth it.
constexpr size_t kHugePage = 2 << 20;

// Touching memory for the first time costs a fault a page: more, in a virtual
// machine, than all else that is done to a large picture.
void AskForHugePages(std::string* bytes) {
#ifdef MADV_HUGEPAGE
  const auto begin = reinterpret_cast<uintptr_t>(bytes->data());
  const uintptr_t end = (begin + bytes->capacity()) & ~(kHugePage - 1);
  const uintptr_t first = (begin + kHugePage - 1) & ~(kHugePage - 1);
  // Advice, without which it goes as well.
  if (first < end) {
    madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
  }
#endif
}

// Whether a picture is wanted often shows only after it (it may be a thought,
// or no picture at all), so that all are kept until then; only what cannot be
// a picture is let go at once.
class MemoryAttemptSink final : public AttemptSink {
 public:
  void Begin(int64_t expected_bytes) override {
    std::string& bytes = pictures_.emplace_back();
    if (expected_bytes > 0) {
      // Room() wants a little more than there is at the very end.
      bytes.reserve(static_cast<size_t>(
          std::min(expected_bytes, kMaxReservedBytes) / 4 * 3 + 16));
      AskForHugePages(&bytes);
    }
  }

  absl::Span<char> Room(size_t n) override {
    std::string& bytes = pictures_.back();
    size_ = bytes.size();
    bytes.resize(size_ + n);
    return absl::MakeSpan(&bytes[size_], n);
  }

  void Filled(size_t n) override { pictures_.back().resize(size_ + n); }

  // Lets go of the memory too.
  void Drop() override { std::string().swap(pictures_.back()); }

  void End(std::vector<KeptPicture> kept, EndFunction done) override {
    std::vector<Image> images;
    for (KeptPicture& picture : kept) {
      Image image;
      image.bytes = std::move(pictures_[static_cast<size_t>(picture.ordinal)]);
      image.size = static_cast<int64_t>(image.bytes.size());
      image.mime_type = std::move(picture.mime_type);
      images.push_back(std::move(image));
    }
    pictures_.clear();
    std::move(done)(std::move(images));
  }

 private:
  std::vector<std::string> pictures_;
  size_t size_ = 0;  // Of the last one, before Room().
};

}  // namespace

std::shared_ptr<AttemptSink> NewMemorySink() {
  return std::make_shared<MemoryAttemptSink>();
}

}  // namespace gemini::internal
