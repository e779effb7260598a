#include "providers/picture_collector.h"

#include <string>

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

TEST(PictureCollectorTest, DecodesPicturesOfAnySize) {
  for (const size_t chunk_size : kChunkSizes) {
    for (const int bytes : {8, 9, 15, 16, 17, 100, 40000}) {
      const size_t size = static_cast<size_t>(bytes);
      PictureCollector collector;
      Collect(&collector, Base64Encode(Png(size)), chunk_size);
      ASSERT_EQ(collector.pictures().size(), 1u);
      EXPECT_TRUE(collector.pictures()[0].good());
      EXPECT_EQ(collector.pictures()[0].mime_type, "image/png");
      EXPECT_EQ(collector.pictures()[0].bytes, Png(size));
    }
  }
}

TEST(PictureCollectorTest, AsksForMemoryOnceWhereTheLengthIsKnown) {
  const std::string picture = Png(1 << 20);
  const std::string base64 = Base64Encode(picture);
  PictureCollector collector;
  collector.set_expected_bytes(static_cast<int64_t>(base64.size()));
  collector.OnDataBegin(0);
  const char* const memory = collector.pictures()[0].bytes.data();
  ForEachChunk(base64, 16 << 10,
               [&](absl::string_view chunk) { collector.OnData(chunk); });
  collector.OnDataEnd();
  EXPECT_EQ(collector.pictures()[0].bytes, picture);
  EXPECT_EQ(collector.pictures()[0].bytes.data(), memory);
}

TEST(PictureCollectorTest, DoesNotBelieveAnyLength) {
  PictureCollector collector;
  collector.set_expected_bytes(int64_t{10} << 30);
  collector.OnDataBegin(0);
  EXPECT_LE(collector.pictures()[0].bytes.capacity(), size_t{64} << 20);
}

TEST(PictureCollectorTest, LetsGoOfWhatIsNoPicture) {
  for (const size_t chunk_size : kChunkSizes) {
    for (const char* bytes :
         {"", "short", "these bytes are no picture at all"}) {
      PictureCollector collector;
      Collect(&collector, Base64Encode(bytes), chunk_size);
      const CollectedPicture& picture = collector.pictures()[0];
      EXPECT_TRUE(picture.base64.ok());
      EXPECT_EQ(picture.mime_type, "");
      EXPECT_FALSE(picture.good());
      EXPECT_EQ(picture.bytes.capacity(), std::string().capacity());
    }
  }
}

TEST(PictureCollectorTest, FindsAWrongByteAtEveryPosition) {
  const std::string base64 = Base64Encode(Png(60));
  for (const size_t chunk_size : kChunkSizes) {
    for (size_t i = 0; i < base64.size(); ++i) {
      std::string bad = base64;
      bad[i] = '*';
      PictureCollector collector;
      Collect(&collector, bad, chunk_size);
      EXPECT_FALSE(collector.pictures()[0].good());
      EXPECT_FALSE(collector.pictures()[0].base64.ok()) << i;
      EXPECT_TRUE(collector.pictures()[0].bytes.empty());
    }
  }
}

TEST(PictureCollectorTest, KeepsGoodPicturesBesideBadOnes) {
  PictureCollector collector;
  Collect(&collector, "****", 16);
  Collect(&collector, Base64Encode(Png(50)), 16);
  EXPECT_FALSE(collector.pictures()[0].good());
  EXPECT_TRUE(collector.pictures()[1].good());
}

}  // namespace
}  // namespace gemini::internal
