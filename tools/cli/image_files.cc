#include "image_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini::cli {
namespace {

namespace fs = std::filesystem;

fs::path DirectoryOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Creates a new file beside `path`; returns its name.
absl::StatusOr<std::string> MakeTemporary(const fs::path& path, int* fd) {
  std::string name = (DirectoryOf(path) / ".gemini-image-XXXXXX").string();
  *fd = mkostemp(name.data(), O_CLOEXEC);
  if (*fd < 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot write ", path.string()));
  }
  return name;
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "cannot write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

// The permissions of a file made in the usual way.
mode_t UsualMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

absl::Status WriteFile(const fs::path& path, absl::string_view bytes) {
  int fd = -1;
  absl::StatusOr<std::string> temporary = MakeTemporary(path, &fd);
  if (!temporary.ok()) return temporary.status();
  absl::Status status = WriteAll(fd, bytes);
  if (status.ok() && fchmod(fd, UsualMode()) != 0) {
    status = absl::ErrnoToStatus(errno, "cannot set permissions");
  }
  if (close(fd) != 0 && status.ok()) {
    status = absl::ErrnoToStatus(errno, "cannot close");
  }
  if (status.ok() && rename(temporary->c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, "cannot rename");
  }
  if (status.ok()) return status;
  unlink(temporary->c_str());
  return absl::Status(status.code(),
                      absl::StrCat(path.string(), ": ", status.message()));
}

fs::path NameFor(const OutputPlan& plan, const Image& image, int number,
                 const std::set<std::string>& taken) {
  if (!plan.file.empty()) {
    fs::path path = plan.file;
    if (plan.count > 1 || number > 1) {
      path.replace_filename(absl::StrCat(path.stem().string(), "-", number,
                                         path.extension().string()));
    }
    return path;
  }
  const std::string suffix(SuffixForImageType(image.mime_type));
  for (int i = 1;; ++i) {
    const std::string name =
        i == 1 ? "image" + suffix : absl::StrCat("image-", i, suffix);
    std::error_code ignored;
    if (!fs::exists(name, ignored) && taken.count(name) == 0) return name;
  }
}

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
  int fd = -1;
  absl::StatusOr<std::string> temporary = MakeTemporary(path, &fd);
  if (!temporary.ok()) return temporary.status();
  close(fd);
  unlink(temporary->c_str());
  return absl::OkStatus();
}

absl::StatusOr<WrittenFiles> WriteImages(const OutputPlan& plan,
                                         const std::vector<Image>& images) {
  WrittenFiles written;
  std::set<std::string> taken;
  int number = 0;
  for (const Image& image : images) {
    // By its place among those asked for, unless the model sent several.
    number = std::max(number + 1, image.index + 1);
    fs::path path = NameFor(plan, image, number, taken);
    absl::Status status = WriteFile(path, image.bytes);
    if (!status.ok()) {
      std::error_code error;
      const fs::path rescue =
          fs::temp_directory_path(error) /
          absl::StrCat("gemini-image-", getpid(), "-", number,
                       std::string(SuffixForImageType(image.mime_type)));
      const absl::Status rescued = WriteFile(rescue, image.bytes);
      if (!rescued.ok()) return rescued;
      written.warnings.push_back(absl::StrCat(
          status.message(), "; the picture is in ", rescue.string()));
      path = rescue;
    } else if (!plan.file.empty() && !SuffixFits(path, image)) {
      written.warnings.push_back(absl::StrCat(
          path.string(), " is ", image.mime_type, ", whatever its name says"));
    }
    taken.insert(path.string());
    written.paths.push_back(path.string());
  }
  return written;
}

}  // namespace gemini::cli
