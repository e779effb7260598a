#include "emulator/luck.h"

#include "absl/strings/str_cat.h"
#include "emulator/generate_request.h"
#include "emulator/picture.h"

namespace gemini_emulator {
namespace {

// SplitMix64: https://prng.di.unimi.it/splitmix64.c
double Next(uint64_t* state) {
  *state += 0x9e3779b97f4a7c15;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

Luck LuckOf(uint64_t seed, const std::string& prompt, int64_t nth) {
  uint64_t state = HashBytes(absl::StrCat(seed, " ", nth, " ", prompt));
  Luck luck;
  luck.fault = Next(&state);
  luck.capacity = Next(&state);
  luck.latency = Next(&state);
  return luck;
}

}  // namespace gemini_emulator
