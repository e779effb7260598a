// What chance decides about a request.

#ifndef EMULATOR_LUCK_H_
#define EMULATOR_LUCK_H_

#include <cstdint>
#include <string>

namespace gemini_emulator {

// Each in [0, 1).
struct Luck {
  double fault = 0;
  double capacity = 0;
  double latency = 0;
};

// Of the `nth` request with this prompt, counted from 1. It does not depend on
// when the request comes, nor on other ones, so that clients that do the same
// work in different ways have the same luck.
Luck LuckOf(uint64_t seed, const std::string& prompt, int64_t nth);

}  // namespace gemini_emulator

#endif  // EMULATOR_LUCK_H_
