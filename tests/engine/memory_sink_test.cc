#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "engine/sinks.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

void Put(AttemptSink* sink, absl::string_view bytes) {
  const absl::Span<char> room = sink->Room(bytes.size() + 3);
  std::memcpy(room.data(), bytes.data(), bytes.size());
  sink->Filled(bytes.size());
}

std::vector<Image> End(AttemptSink* sink, std::vector<KeptPicture> kept) {
  std::vector<Image> images;
  sink->End(std::move(kept), [&](absl::StatusOr<std::vector<Image>> result) {
    images = *std::move(result);
  });
  return images;
}

TEST(MemorySinkTest, BringsWhatIsKeptAndNothingElse) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  for (const char* bytes : {"thought", "wrong", "picture"}) {
    sink->Begin(0);
    Put(sink.get(), bytes);
    Put(sink.get(), "!");
    if (bytes == std::string("wrong")) sink->Drop();
  }
  const std::vector<Image> images = End(sink.get(), {{2, "image/png"}});
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].bytes, "picture!");
  EXPECT_EQ(images[0].size, 8);
  EXPECT_EQ(images[0].mime_type, "image/png");
  EXPECT_EQ(images[0].path, "");
}

TEST(MemorySinkTest, AsksForMemoryOnceWhereTheLengthIsKnown) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  const std::string piece(12 << 10, 'p');
  constexpr int kPieces = 100;
  sink->Begin(static_cast<int64_t>(piece.size()) * kPieces / 3 * 4);
  const char* first = nullptr;
  for (int i = 0; i < kPieces; ++i) {
    const absl::Span<char> room = sink->Room(piece.size() + 3);
    if (i == 0) first = room.data();
    EXPECT_EQ(room.data(), first + piece.size() * static_cast<size_t>(i));
    std::memcpy(room.data(), piece.data(), piece.size());
    sink->Filled(piece.size());
  }
  const std::vector<Image> images = End(sink.get(), {{0, "image/png"}});
  EXPECT_EQ(images[0].bytes.data(), first);
  EXPECT_LE(images[0].bytes.capacity(), piece.size() * kPieces + 64);
}

TEST(MemorySinkTest, DoesNotBelieveAnyLength) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  sink->Begin(int64_t{10} << 30);
  Put(sink.get(), std::string(100, 'p'));
  const std::vector<Image> images = End(sink.get(), {{0, "image/png"}});
  EXPECT_LE(images[0].bytes.capacity(), size_t{64} << 20);
}

TEST(MemorySinkTest, KeepsItsBytesHoweverFarItGrows) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  sink->Begin(0);
  std::string expected;
  // Past all sizes at which memory is asked for.
  for (int i = 0; expected.size() < size_t{70} << 20; ++i) {
    const std::string piece(50'000, static_cast<char>(i % 251));
    Put(sink.get(), piece);
    expected += piece;
  }
  const std::vector<Image> images = End(sink.get(), {{0, "image/png"}});
  // Not EXPECT_EQ, which would print them.
  EXPECT_TRUE(images[0].bytes == expected);
}

// Sanitizers want all addresses there are.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST(MemorySinkTest, MakesDoWithFewAddresses) {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  ASSERT_GT(pages, 0U);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit few = before;
  few.rlim_cur = pages * 4096 + (16 << 20);
  const std::string piece(50'000, 'p');
  std::vector<std::shared_ptr<AttemptSink>> sinks;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &few), 0);
  for (const int64_t expected : {int64_t{0}, int64_t{10} << 30}) {
    sinks.push_back(NewMemorySink());
    sinks.back()->Begin(expected);
    for (int i = 0; i < 40; ++i) Put(sinks.back().get(), piece);
  }
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  for (const auto& sink : sinks) {
    EXPECT_EQ(End(sink.get(), {{0, "image/png"}})[0].size, 2'000'000);
  }
}
#endif

}  // namespace
}  // namespace gemini::internal
