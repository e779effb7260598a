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

// At least as large as any page that is not huge.
constexpr size_t kPage = 64 << 10;

// Smaller ones grow as all strings do. Larger ones get so much at once that few
// outgrow it: less than the most for which glibc uses memory that was touched
// before (M_MMAP_THRESHOLD in mallopt(3)).
constexpr size_t kLargeBytes = 256 << 10;
constexpr size_t kAmpleBytes = 30 << 20;

// The whole pages of `alignment` bytes among those of memory that is ours.
template <typename Do>
void ForPages(const char* begin, const char* end, size_t alignment, Do&& run) {
  const uintptr_t mask = ~(static_cast<uintptr_t>(alignment) - 1);
  const uintptr_t first = (reinterpret_cast<uintptr_t>(begin) + ~mask) & mask;
  const uintptr_t last = reinterpret_cast<uintptr_t>(end) & mask;
  // Advice, without which it goes as well.
  if (first >= last) return;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): once a picture or so.
  run(reinterpret_cast<void*>(first), last - first);
}

// Touching memory for the first time costs a fault a page: more, in a virtual
// machine, than all else that is done to a large picture.
void AskForHugePages(const std::string& bytes, size_t from = 0) {
#ifdef MADV_HUGEPAGE
  ForPages(bytes.data() + from, bytes.data() + bytes.capacity(), kHugePage,
           [](void* p, size_t n) { madvise(p, n, MADV_HUGEPAGE); });
#endif
}

// Addresses may be rationed, and a string that gets none throws. Not asked of
// the heap, which would change its ways for what was freed.
bool MayHave(size_t bytes) {
  if (bytes <= kLargeBytes) return true;
  void* const addresses =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (addresses == MAP_FAILED) return false;
  munmap(addresses, bytes);
  return true;
}

// Makes room for `capacity` bytes: what is not written to costs addresses, not
// memory. What was copied is let go of piece by piece, so that a large picture
// is never held twice; of smaller ones it is worth more to be used again.
void Grow(std::string* bytes, size_t capacity) {
  std::string larger;
  larger.reserve(capacity);
  // What may end soon is not worth a whole one.
  AskForHugePages(larger, kHugePage / 2);
  const char* from = bytes->data();
  const char* const end = from + bytes->size();
  while (from != end) {
    // Up to where a huge page ends.
    const size_t n =
        std::min(static_cast<size_t>(end - from),
                 kHugePage - reinterpret_cast<uintptr_t>(from) % kHugePage);
    larger.append(from, n);
    if (bytes->size() >= kAmpleBytes / 2) {
      ForPages(from, from + n, kPage,
               [](void* p, size_t size) { madvise(p, size, MADV_DONTNEED); });
    }
    from += n;
  }
  bytes->swap(larger);
}

// Whether a picture is wanted often shows only after it (it may be a thought,
// or no picture at all), so that all are kept until then; only what cannot be
// a picture is let go at once.
class MemoryAttemptSink final : public AttemptSink {
 public:
  void Begin(int64_t expected_bytes) override {
    std::string& bytes = pictures_.emplace_back();
    if (expected_bytes <= 0) return;
    // Room() wants a little more than there is at the very end.
    const auto capacity = static_cast<size_t>(
        std::min(expected_bytes, kMaxReservedBytes) / 4 * 3 + 16);
    if (!MayHave(capacity)) return;
    bytes.reserve(capacity);
    AskForHugePages(bytes);
  }

  absl::Span<char> Room(size_t n) override {
    std::string& bytes = pictures_.back();
    size_ = bytes.size();
    if (size_ + n > bytes.capacity() && size_ + n > kLargeBytes) {
      const size_t ample = std::max(kAmpleBytes, (size_ + n) * 2);
      Grow(&bytes, MayHave(ample) ? ample : (size_ + n) * 3 / 2);
    }
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
