#include "util/fingerprint.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(FingerprintTest, IsTheBeginningOfTheSha256) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(Fingerprint("abc"), "ba7816bf");
  EXPECT_EQ(Fingerprint(""), "e3b0c442");
}

}  // namespace
}  // namespace gemini::internal
