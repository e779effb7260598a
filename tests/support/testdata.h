// Files under tests/testdata/.

#ifndef GEMINI_TESTS_SUPPORT_TESTDATA_H_
#define GEMINI_TESTS_SUPPORT_TESTDATA_H_

#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace gemini::internal {

inline std::string ReadTestdata(const std::string& name) {
  std::ifstream file(std::string(GEMINI_TESTDATA_DIR "/") + name,
                     std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace gemini::internal

#endif  // GEMINI_TESTS_SUPPORT_TESTDATA_H_
