#include "wire/base64.h"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/chunks.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;

std::string RandomBytes(std::mt19937& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Decodes in pieces, each into memory that is exactly as large as it must be.
absl::StatusOr<std::string> DecodeInChunks(absl::string_view text,
                                           size_t chunk_size) {
  Base64Decoder decoder;
  std::string bytes;
  absl::Status status;
  ForEachChunk(text, chunk_size, [&](absl::string_view chunk) {
    if (!status.ok()) return;
    std::vector<char> out(Base64Decoder::MaxDecodedSize(chunk.size()));
    const absl::StatusOr<size_t> n = decoder.Decode(chunk, absl::MakeSpan(out));
    status = n.status();
    if (n.ok()) bytes.append(out.data(), *n);
  });
  if (!status.ok()) return status;
  char rest[2];
  const absl::StatusOr<size_t> n = decoder.Finish(rest);
  if (!n.ok()) return n.status();
  bytes.append(rest, *n);
  return bytes;
}

std::string EncodeInChunks(absl::string_view bytes, size_t chunk_size) {
  Base64Encoder encoder(bytes);
  std::string text;
  for (;;) {
    std::vector<char> out(chunk_size);
    const size_t n = encoder.Read(out.data(), out.size());
    if (n == 0) return text;
    text.append(out.data(), n);
  }
}

TEST(Base64Test, DecodesTheVectorsOfRfc4648) {
  const struct {
    const char* bytes;
    const char* text;
  } kVectors[] = {{"", ""},
                  {"f", "Zg=="},
                  {"fo", "Zm8="},
                  {"foo", "Zm9v"},
                  {"foob", "Zm9vYg=="},
                  {"fooba", "Zm9vYmE="},
                  {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : kVectors) {
    EXPECT_EQ(Base64Encode(vector.bytes), vector.text);
    EXPECT_EQ(Base64Decode(vector.text).value_or("?"), vector.bytes);
  }
}

TEST(Base64Test, DecodesWhatAnotherEncoderWroteAtEveryChunkSize) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 400; ++size) {
    const std::string bytes = RandomBytes(random, size);
    const std::string standard = absl::Base64Escape(bytes);
    const std::string url_safe = absl::WebSafeBase64Escape(bytes);
    for (const size_t chunk_size : kChunkSizes) {
      ASSERT_EQ(DecodeInChunks(standard, chunk_size).value_or("?"), bytes);
      ASSERT_EQ(DecodeInChunks(url_safe, chunk_size).value_or("?"), bytes);
      ASSERT_EQ(EncodeInChunks(bytes, chunk_size), standard);
    }
  }
}

TEST(Base64Test, DecodesMegabytes) {
  std::mt19937 random(2);
  const std::string bytes = RandomBytes(random, (3 << 20) + 1);
  const std::string text = Base64Encode(bytes);
  EXPECT_EQ(text, absl::Base64Escape(bytes));
  EXPECT_EQ(DecodeInChunks(text, 16 << 10).value_or("?"), bytes);
  EXPECT_EQ(EncodeInChunks(bytes, 16 << 10), text);
}

TEST(Base64Test, TakesBothAlphabetsInOneText) {
  EXPECT_EQ(Base64Decode("+/-_").value_or("?"), "\xfb\xff\xbf");
}

TEST(Base64Test, TakesWhitespaceAnywhere) {
  std::mt19937 random(3);
  const std::string bytes = RandomBytes(random, 500);
  std::string text;
  for (const char c : absl::Base64Escape(bytes)) {
    if (random() % 40 == 0) text += " \t\r\n"[random() % 4];
    text += c;
  }
  text += "\r\n";
  for (const size_t chunk_size : kChunkSizes) {
    EXPECT_EQ(DecodeInChunks(text, chunk_size).value_or("?"), bytes);
  }
  EXPECT_EQ(Base64Decode(" Zg = \n = ").value_or("?"), "f");
}

TEST(Base64Test, IgnoresLeftOverBits) {
  EXPECT_EQ(Base64Decode("Zh==").value_or("?"), "f");
  EXPECT_EQ(Base64Decode("Zm9").value_or("?"), "fo");
}

TEST(Base64Test, RefusesWhatIsNotBase64AndSaysWhere) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {
      {"Zm9v*mFy", "byte 0x2a at offset 4"},
      {"Zm9vYm\xc3\xa9", "byte 0xc3 at offset 6"},
      {"=", "byte 0x3d at offset 0"},
      {"Z===", "byte 0x3d at offset 1"},
      {"Zm9v=", "byte 0x3d at offset 4"},
      {"Zg===", "byte 0x3d at offset 4"},
      {"Zm8==", "byte 0x3d at offset 4"},
      {"Zg==Zg==", "byte 0x5a at offset 4"},
      {"Zg=Z", "byte 0x5a at offset 3"},
      {"Zg=", "cut off at offset 3"},
      {"Zm9vY", "cut off at offset 5"},
  };
  for (const auto& test : kCases) {
    for (const size_t chunk_size : kChunkSizes) {
      const auto bytes = DecodeInChunks(test.text, chunk_size);
      ASSERT_FALSE(bytes.ok()) << test.text;
      EXPECT_EQ(bytes.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(bytes.status().message()),
                  HasSubstr(test.message))
          << test.text;
    }
  }
}

TEST(Base64Test, FindsAWrongByteAtEveryPosition) {
  std::mt19937 random(4);
  const std::string text = absl::Base64Escape(RandomBytes(random, 150));
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char wrong :
         {'\0', '!', '.', '@', '[', '`', '{', '\x7f', '\x80', '\xff'}) {
      std::string bad = text;
      bad[i] = wrong;
      const auto bytes = Base64Decode(bad);
      ASSERT_FALSE(bytes.ok()) << i;
      ASSERT_THAT(std::string(bytes.status().message()),
                  HasSubstr("at offset " + std::to_string(i)));
    }
  }
}

TEST(Base64Test, FailsForGoodOnceItHasFailed) {
  Base64Decoder decoder;
  char out[16];
  const absl::Status first = decoder.Decode("Zm9v!", out).status();
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(decoder.Decode("Zm9v", out).status(), first);
  EXPECT_EQ(decoder.Finish(out).status(), first);
}

TEST(Base64Test, WritesNothingWhereThereIsTooLittleRoom) {
  Base64Decoder decoder;
  char out[5];
  EXPECT_EQ(decoder.Decode("Zm9v", out).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace gemini::internal
