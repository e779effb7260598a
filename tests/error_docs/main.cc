// error_docs DIR: writes errors.md and errors.zh-CN.md into DIR.

#include <cstdio>
#include <fstream>
#include <string>

#include "error_docs/error_docs.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: error_docs DIR\n");
    return 2;
  }
  for (const gemini::Language language :
       {gemini::Language::kEnglish, gemini::Language::kChinese}) {
    const std::string path =
        std::string(argv[1]) + "/" + gemini::testing::ErrorDocsName(language);
    std::ofstream file(path, std::ios::binary);
    file << gemini::testing::ErrorDocs(language);
    file.close();
    if (!file) {
      std::fprintf(stderr, "error_docs: cannot write %s\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
