#include "wire/base64_kernels.h"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

// Calls `check` with every set of instructions that this processor has and the
// build knows.
template <typename Check>
void WithEachTarget(const Check& check) {
  const std::vector<Base64Kernels> all = SupportedBase64Kernels();
  EXPECT_FALSE(all.empty());
  for (const Base64Kernels& kernels : all) {
    SCOPED_TRACE(kernels.name);
    check(kernels);
  }
}

std::string RandomBytes(std::mt19937& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Memory of exactly the size that is allowed to be touched.
struct Decoded {
  explicit Decoded(const std::string& text)
      : in(text.begin(), text.end()), out(text.size() / 4 * 3) {}

  std::vector<char> in;
  std::vector<char> out;
};

TEST(Base64KernelsTest, DecodeAsThePortableOneDoes) {
  WithEachTarget([](const Base64Kernels& kernels) {
    std::mt19937 random(1);
    for (size_t size = 0; size < 700; ++size) {
      const std::string text =
          size % 2 == 0 ? absl::Base64Escape(RandomBytes(random, size))
                        : absl::WebSafeBase64Escape(RandomBytes(random, size));
      Decoded fast(text);
      Decoded portable(text);
      const size_t n =
          kernels.decode(fast.in.data(), fast.in.size(), fast.out.data());
      ASSERT_EQ(n, DecodeGroupsPortable(portable.in.data(), portable.in.size(),
                                        portable.out.data()));
      fast.out.resize(n / 4 * 3);
      portable.out.resize(n / 4 * 3);
      ASSERT_EQ(fast.out, portable.out) << size;
    }
  });
}

TEST(Base64KernelsTest, TakeEveryCharacterOfTheAlphabetsAndNoOther) {
  WithEachTarget([](const Base64Kernels& kernels) {
    for (int c = 0; c < 256; ++c) {
      // Far enough from the end for the widest vector.
      std::string text(512, 'A');
      text[201] = static_cast<char>(c);
      Decoded fast(text);
      Decoded portable(text);
      const size_t n =
          kernels.decode(fast.in.data(), fast.in.size(), fast.out.data());
      ASSERT_EQ(n, DecodeGroupsPortable(portable.in.data(), portable.in.size(),
                                        portable.out.data()))
          << c;
      fast.out.resize(n / 4 * 3);
      portable.out.resize(n / 4 * 3);
      ASSERT_EQ(fast.out, portable.out) << c;
    }
  });
}

TEST(Base64KernelsTest, StopAtAWrongByteAtEveryPosition) {
  WithEachTarget([](const Base64Kernels& kernels) {
    std::mt19937 random(2);
    const std::string text = absl::Base64Escape(RandomBytes(random, 450));
    for (size_t i = 0; i < text.size(); ++i) {
      std::string bad = text;
      bad[i] = "=\n*\x80\xff"[i % 5];
      Decoded fast(bad);
      ASSERT_EQ(kernels.decode(fast.in.data(), fast.in.size(), fast.out.data()),
                i / 4 * 4);
    }
  });
}

TEST(Base64KernelsTest, EncodeAsThePortableOneDoes) {
  WithEachTarget([](const Base64Kernels& kernels) {
    std::mt19937 random(3);
    for (size_t groups = 0; groups < 300; ++groups) {
      const std::string bytes = RandomBytes(random, groups * 3);
      const std::vector<char> in(bytes.begin(), bytes.end());
      std::vector<char> fast(groups * 4);
      std::vector<char> portable(groups * 4);
      kernels.encode(in.data(), groups, fast.data());
      EncodeGroupsPortable(in.data(), groups, portable.data());
      ASSERT_EQ(fast, portable) << groups;
    }
  });
}

TEST(Base64KernelsTest, TheBestIsTheFirst) {
  const std::string text(512, 'Q');
  Decoded best(text);
  Decoded first(text);
  EXPECT_EQ(DecodeGroups(best.in.data(), best.in.size(), best.out.data()),
            SupportedBase64Kernels().front().decode(
                first.in.data(), first.in.size(), first.out.data()));
  EXPECT_EQ(best.out, first.out);
}

}  // namespace
}  // namespace gemini::internal
