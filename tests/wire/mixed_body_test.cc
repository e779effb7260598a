#include "wire/mixed_body.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "support/chunks.h"

namespace gemini::internal {
namespace {

TEST(MixedBodyTest, ReadsItsPartsInOrderAtEveryChunkSize) {
  for (const size_t chunk_size : kChunkSizes) {
    const std::string image(40000, '\xfe');
    MixedBody body(nullptr);
    body.AddText("{\"a\":\"");
    body.AddBase64(image);
    body.AddText("\",\"b\":\"");
    body.AddBase64("f");
    body.AddBase64("");
    body.AddText("");
    body.AddText("\"}");
    const std::string expected =
        absl::StrCat("{\"a\":\"", Base64Encode(image), "\",\"b\":\"Zg==\"}");
    EXPECT_EQ(body.size(), static_cast<int64_t>(expected.size()));
    std::string read;
    for (;;) {
      std::vector<char> out(chunk_size);
      const size_t n = body.Read(out.data(), out.size());
      if (n == 0) break;
      read.append(out.data(), n);
    }
    EXPECT_EQ(read, expected);
  }
}

TEST(MixedBodyTest, KeepsItsOwnerAlive) {
  auto owner = std::make_shared<const std::string>("bytes");
  const std::weak_ptr<const std::string> watch = owner;
  auto body = std::make_unique<MixedBody>(owner);
  body->AddBase64(*owner);
  owner.reset();
  char out[16];
  EXPECT_EQ(body->Read(out, sizeof(out)), 8u);
  EXPECT_EQ(std::string(out, 8), Base64Encode("bytes"));
  body.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace gemini::internal
