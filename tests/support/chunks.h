// Feeding bytes in pieces, as every wire test does.

#ifndef GEMINI_TESTS_SUPPORT_CHUNKS_H_
#define GEMINI_TESTS_SUPPORT_CHUNKS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::internal {

inline constexpr size_t kChunkSizes[] = {1, 2, 3, 7, 16 << 10};

// Calls `feed` with one piece after another, each in memory of exactly its own
// size, so that sanitizers see a read beyond its end.
template <typename Feed>
void ForEachChunk(absl::string_view bytes, size_t chunk_size,
                  const Feed& feed) {
  while (!bytes.empty()) {
    const absl::string_view piece = bytes.substr(0, chunk_size);
    const std::vector<char> copy(piece.begin(), piece.end());
    feed(absl::string_view(copy.data(), copy.size()));
    bytes.remove_prefix(piece.size());
  }
}

}  // namespace gemini::internal

#endif  // GEMINI_TESTS_SUPPORT_CHUNKS_H_
