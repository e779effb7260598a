#include "providers/picture_collector.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/sinks.h"
#include "gtest/gtest.h"
#include "support/chunks.h"
#include "wire/base64.h"

namespace gemini::internal {
namespace {

std::string Png(size_t size) {
  std::string bytes = "\x89PNG\r\n\x1a\n";
  while (bytes.size() < size) bytes += static_cast<char>(bytes.size() * 7);
  return bytes;
}

void Collect(PictureCollector* collector, absl::string_view base64,
             size_t chunk_size) {
  collector->OnDataBegin(0);
  ForEachChunk(base64, chunk_size,
               [&](absl::string_view chunk) { collector->OnData(chunk); });
  collector->OnDataEnd();
}

// Ends the sink and returns what is in it.
std::vector<Image> Images(AttemptSink* sink, std::vector<int> ordinals) {
  std::vector<KeptPicture> kept;
  for (const int ordinal : ordinals) kept.push_back({ordinal, "image/png"});
  std::vector<Image> images;
  sink->End(std::move(kept), [&](absl::StatusOr<std::vector<Image>> result) {
    images = *std::move(result);
  });
  return images;
}

TEST(PictureCollectorTest, DecodesPicturesOfAnySize) {
  for (const size_t chunk_size : kChunkSizes) {
    for (const int bytes : {8, 9, 15, 16, 17, 100, 40000}) {
      const size_t size = static_cast<size_t>(bytes);
      const std::shared_ptr<AttemptSink> sink = NewMemorySink();
      PictureCollector collector(sink.get());
      Collect(&collector, Base64Encode(Png(size)), chunk_size);
      ASSERT_EQ(collector.pictures().size(), 1u);
      EXPECT_TRUE(collector.pictures()[0].good());
      EXPECT_EQ(collector.pictures()[0].mime_type, "image/png");
      EXPECT_EQ(Images(sink.get(), {0})[0].bytes, Png(size));
    }
  }
}

TEST(PictureCollectorTest, LetsGoOfWhatIsNoPicture) {
  for (const size_t chunk_size : kChunkSizes) {
    for (const char* bytes :
         {"", "short", "these bytes are no picture at all"}) {
      const std::shared_ptr<AttemptSink> sink = NewMemorySink();
      PictureCollector collector(sink.get());
      Collect(&collector, Base64Encode(bytes), chunk_size);
      const CollectedPicture& picture = collector.pictures()[0];
      EXPECT_TRUE(picture.base64.ok());
      EXPECT_EQ(picture.mime_type, "");
      EXPECT_FALSE(picture.good());
      EXPECT_EQ(Images(sink.get(), {0})[0].bytes, "");
    }
  }
}

TEST(PictureCollectorTest, FindsAWrongByteAtEveryPosition) {
  const std::string base64 = Base64Encode(Png(60));
  for (const size_t chunk_size : kChunkSizes) {
    for (size_t i = 0; i < base64.size(); ++i) {
      std::string bad = base64;
      bad[i] = '*';
      const std::shared_ptr<AttemptSink> sink = NewMemorySink();
      PictureCollector collector(sink.get());
      Collect(&collector, bad, chunk_size);
      EXPECT_FALSE(collector.pictures()[0].good());
      EXPECT_FALSE(collector.pictures()[0].base64.ok()) << i;
      EXPECT_EQ(Images(sink.get(), {0})[0].bytes, "");
    }
  }
}

TEST(PictureCollectorTest, KeepsGoodPicturesBesideBadOnes) {
  const std::shared_ptr<AttemptSink> sink = NewMemorySink();
  PictureCollector collector(sink.get());
  Collect(&collector, "****", 16);
  Collect(&collector, Base64Encode(Png(50)), 16);
  EXPECT_FALSE(collector.pictures()[0].good());
  EXPECT_TRUE(collector.pictures()[1].good());
  EXPECT_EQ(Images(sink.get(), {1})[0].bytes, Png(50));
}

}  // namespace
}  // namespace gemini::internal
