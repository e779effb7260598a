// A short, fixed run of a fuzz target: every seed as it is, then mutations of
// them that are the same each time.
//
//   fuzz_x RUNS SEED_FILE_OR_FOLDER…

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxSize = 64 << 10;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(0, kMaxSize);
}

std::vector<std::string> ReadSeeds(int count, char** paths) {
  std::vector<fs::path> files;
  for (int i = 0; i < count; ++i) {
    if (fs::is_directory(paths[i])) {
      for (const auto& entry : fs::recursive_directory_iterator(paths[i])) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else if (fs::exists(paths[i])) {
      files.emplace_back(paths[i]);
    }
  }
  // Folders list their files in any order.
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds = {""};
  for (const fs::path& file : files) seeds.push_back(ReadFile(file));
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string Next() {
    std::string text = Seed();
    for (size_t left = 1 + Below(4); left > 0; --left) Mutate(&text);
    if (text.size() > kMaxSize) text.resize(kMaxSize);
    return text;
  }

 private:
  // Not std::uniform_int_distribution, which differs between libraries.
  size_t Below(size_t n) { return n == 0 ? 0 : random_() % n; }

  const std::string& Seed() { return seeds_[Below(seeds_.size())]; }

  void Mutate(std::string* text) {
    static constexpr const char* kPieces[] = {
        "{",    "}",     "[",     "]",     "\"",          "\\",       ",",
        ":",    "\n",    "\r",    "\\u00", "\\ud800",     "\xff",     "=",
        "==",   "data:", "0",     "-1",    "9999999999",  "limit: 0", "null",
        "map[", "e+9",   " for ", "429",   "{\"error\":", "retry in "};
    const size_t at = Below(text->size() + 1);
    switch (Below(7)) {
      case 0:
        if (at < text->size()) (*text)[at] = static_cast<char>(random_());
        break;
      case 1:
        text->insert(at, kPieces[Below(std::size(kPieces))]);
        break;
      case 2:
        text->erase(at, 1 + Below(16));
        break;
      case 3:
        text->resize(at);
        break;
      case 4:
        text->insert(at, text->substr(Below(text->size() + 1), Below(64)));
        break;
      case 5: {
        const std::string& other = Seed();
        text->replace(at, std::string::npos,
                      other.substr(Below(other.size() + 1)));
        break;
      }
      default:
        text->insert(at, std::string(1 + Below(300), kPieces[Below(8)][0]));
        break;
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{20261124};
};

void Try(const std::string& input) {
  // In memory of exactly its size, so that sanitizers see a read beyond it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s RUNS SEED_FILE_OR_FOLDER…\n", argv[0]);
    return 2;
  }
  const long runs = std::atol(argv[1]);
  const std::vector<std::string> seeds = ReadSeeds(argc - 2, argv + 2);
  for (const std::string& seed : seeds) Try(seed);
  Mutator mutator(seeds);
  for (long i = 0; i < runs; ++i) Try(mutator.Next());
  std::printf("%zu seeds, %ld mutations\n", seeds.size(), runs);
  return 0;
}
