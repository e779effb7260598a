// What every fuzz target has: libFuzzer's function. Linked with libFuzzer for
// deep runs (./dev fuzz), with driver.cc for short ones in ctest.
// https://llvm.org/docs/LibFuzzer.html

#ifndef GEMINI_TESTS_FUZZ_FUZZ_TARGET_H_
#define GEMINI_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Ends the run if `condition` does not hold.
#define GEMINI_FUZZ_CHECK(condition)                                        \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, \
                   #condition);                                             \
      std::abort();                                                         \
    }                                                                       \
  } while (false)

#endif  // GEMINI_TESTS_FUZZ_FUZZ_TARGET_H_
