#include "image_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini::cli {
namespace {

namespace fs = std::filesystem;

bool SuffixFits(const fs::path& path, const Image& image) {
  std::string suffix = absl::AsciiStrToLower(path.extension().string());
  if (suffix == ".jpeg") suffix = ".jpg";
  return suffix.empty() || suffix == SuffixForImageType(image.mime_type);
}

}  // namespace

absl::Status CheckWritable(const OutputPlan& plan) {
  const fs::path path = plan.file.empty() ? "image" : plan.file;
  std::error_code ignored;
  if (fs::is_directory(path, ignored) || absl::EndsWith(plan.file, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("-o ", plan.file, ": is a directory; name a file in it"));
  }
  // Devices are written to directly.
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    return absl::OkStatus();
  }
  const fs::path directory =
      path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string name = (directory / ".gemini-image-XXXXXX").string();
  const int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot write ", path.string()));
  }
  close(fd);
  unlink(name.c_str());
  return absl::OkStatus();
}

FileSink SinkFor(const OutputPlan& plan) {
  FileSink sink;
  sink.path = plan.file;
  if (!plan.file.empty()) return sink;
  sink.choose_name = [](const SinkImage&, absl::string_view mime_type) {
    const std::string suffix(SuffixForImageType(mime_type));
    for (int i = 1;; ++i) {
      std::string name =
          i == 1 ? "image" + suffix : absl::StrCat("image-", i, suffix);
      std::error_code ignored;
      if (!fs::exists(name, ignored)) return name;
    }
  };
  return sink;
}

std::vector<std::string> WarningsAbout(const OutputPlan& plan,
                                       const std::vector<Image>& images) {
  std::vector<std::string> warnings;
  for (const Image& image : images) {
    if (plan.file.empty() || SuffixFits(image.path, image)) continue;
    warnings.push_back(absl::StrCat(image.path, " is ", image.mime_type,
                                    ", whatever its name says"));
  }
  return warnings;
}

}  // namespace gemini::cli
