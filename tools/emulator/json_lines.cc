#include "emulator/json_lines.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

// One level of nesting: what its next value is called.
struct Level {
  bool is_array = false;
  std::string path;
  int index = 0;
  std::string name;
  bool expects_name = true;
};

std::string PathOfNext(const std::vector<Level>& levels) {
  if (levels.empty()) return "";
  const Level& level = levels.back();
  if (level.is_array) return absl::StrCat(level.path, "[", level.index, "]");
  return level.path.empty() ? level.name
                            : absl::StrCat(level.path, ".", level.name);
}

}  // namespace

std::map<std::string, int> LinesOfValues(absl::string_view text) {
  std::map<std::string, int> lines;
  std::vector<Level> levels;
  int line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '\n':
        ++line;
        break;
      case '{':
      case '[': {
        const std::string path = PathOfNext(levels);
        lines.emplace(path, line);
        Level level;
        level.is_array = c == '[';
        level.path = path;
        levels.push_back(level);
        break;
      }
      case '}':
      case ']':
        if (!levels.empty()) levels.pop_back();
        break;
      case ',':
        if (!levels.empty()) {
          ++levels.back().index;
          levels.back().expects_name = true;
        }
        break;
      case '"': {
        const size_t start = i + 1;
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (text[i] == '\\') ++i;
        }
        if (!levels.empty() && !levels.back().is_array &&
            levels.back().expects_name) {
          levels.back().name = std::string(text.substr(start, i - start));
          levels.back().expects_name = false;
        }
        lines.emplace(PathOfNext(levels), line);
        break;
      }
      default:
        // The first character of a number or a word.
        if (!levels.empty() && levels.back().is_array && c > ' ') {
          lines.emplace(PathOfNext(levels), line);
        }
        break;
    }
  }
  return lines;
}

}  // namespace gemini_emulator
