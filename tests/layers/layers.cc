#include "layers/layers.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gemini::testing {
namespace {

// A folder of src/ and those of its sisters that it may include, itself, base
// and util apart.
struct Folder {
  absl::string_view name;
  std::vector<absl::string_view> may_include;
};

const std::vector<Folder>& Folders() {
  static const auto* const folders = new std::vector<Folder>{
      {"base", {}},
      {"util", {}},
      {"wire", {}},
      {"call", {}},
      {"engine", {}},
      {"store", {}},
      {"diagnosis", {"wire"}},
      {"providers", {"wire", "diagnosis"}},
      {"client", {"wire", "diagnosis", "providers", "call", "engine", "store"}},
  };
  return *folders;
}

// A library, and the only folder that may see it.
struct Owner {
  absl::string_view header;  // The beginning of its headers' names.
  absl::string_view folder;
};

constexpr Owner kOwners[] = {
    {"curl/", "engine"},  {"rapidjson/", "wire"},    {"sqlite3", "store"},
    {"libpq", "store"},   {"hwy/", "wire"},          {"simdutf", "wire"},
    {"openssl/", "util"}, {"sys/epoll.h", "engine"},
};

const Folder* FindFolder(absl::string_view name) {
  for (const Folder& folder : Folders()) {
    if (folder.name == name) return &folder;
  }
  return nullptr;
}

bool Contains(const std::vector<absl::string_view>& names,
              absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What stands between the quotes or brackets of an #include line, or nothing.
absl::string_view IncludedBy(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "#")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "include")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  if (line.empty() || (line[0] != '"' && line[0] != '<')) return "";
  const char close = line[0] == '"' ? '"' : '>';
  return line.substr(1, line.find(close, 1) - 1);
}

std::string Why(absl::string_view path, absl::string_view included) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  const bool is_public = parts[0] == "include";
  const bool is_outside = parts[0] == "tools" || parts[0] == "examples";
  const absl::string_view folder = parts[0] == "src" ? parts[1] : "";

  if (!is_outside) {
    for (const Owner& owner : kOwners) {
      if (absl::StartsWith(included, owner.header) && folder != owner.folder) {
        return absl::StrCat("only src/", owner.folder, " may use it");
      }
    }
  }
  const absl::string_view top = included.substr(0, included.find('/'));
  const Folder* target =
      absl::StrContains(included, '/') ? FindFolder(top) : nullptr;
  if (target == nullptr) return "";
  if (is_public) return "a public header shows nothing of src/";
  if (is_outside) return "tools and examples use public headers only";
  if (target->name == folder || target->name == "base" ||
      target->name == "util") {
    return "";
  }
  const Folder* source = FindFolder(folder);
  if (source == nullptr) return "src/ has no such folder";
  if (Contains(source->may_include, target->name)) return "";
  return absl::StrCat("src/", folder, " must not know src/", target->name);
}

}  // namespace

std::vector<std::string> FindForbiddenIncludes(absl::string_view path,
                                               absl::string_view text) {
  std::vector<std::string> found;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view included = IncludedBy(line);
    if (included.empty()) continue;
    const std::string why = Why(path, included);
    if (why.empty()) continue;
    found.push_back(
        absl::StrCat(path, ":", number, ": includes ", included, ": ", why));
  }
  return found;
}

}  // namespace gemini::testing
