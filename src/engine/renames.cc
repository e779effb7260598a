#include "engine/renames.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gemini::internal {
namespace {

absl::Status CannotRename(const std::string& to) {
  return absl::ErrnoToStatus(errno,
                             absl::StrCat("cannot rename the picture to ", to));
}

void BringBack(const std::string& aside, const std::string& name) {
  // Does nothing if both are one file.
  if (rename(aside.c_str(), name.c_str()) == 0) unlink(aside.c_str());
}

}  // namespace

Renames::~Renames() {
  for (auto done = done_.rbegin(); done != done_.rend(); ++done) {
    struct stat info;
    const bool is_ours = lstat(done->name.c_str(), &info) == 0 &&
                         info.st_dev == done->device &&
                         info.st_ino == done->file;
    if (is_ours && done->old.empty()) unlink(done->name.c_str());
    if (done->old.empty()) continue;
    if (is_ours) {
      BringBack(done->old, done->name);
    } else {
      unlink(done->old.c_str());
    }
  }
}

// Gives what has the name `name`, if anything does, another one that begins
// with `prefix`, which is returned.
absl::StatusOr<std::string> Renames::PutAside(const std::string& name,
                                              const std::string& prefix) const {
  std::string aside;
  int n = 0;
  do {
    aside = absl::StrCat(prefix, ".old", n++);
    if (link_(name.c_str(), aside.c_str()) == 0) return aside;
  } while (errno == EEXIST);
  if (errno != ENOENT && rename(name.c_str(), aside.c_str()) == 0) return aside;
  if (errno == ENOENT || errno == ENOTDIR) return "";
  return CannotRename(name);
}

absl::Status Renames::Add(const std::string& from, const std::string& to) {
  if (undoable_ == 0) {
    return rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                 : CannotRename(to);
  }
  --undoable_;
  struct stat info;
  if (lstat(from.c_str(), &info) != 0) return CannotRename(to);
  absl::StatusOr<std::string> old = PutAside(to, from);
  if (!old.ok()) return old.status();
  if (rename(from.c_str(), to.c_str()) != 0) {
    absl::Status failed = CannotRename(to);
    if (!old->empty()) BringBack(*old, to);
    return failed;
  }
  done_.push_back({to, *std::move(old), info.st_dev, info.st_ino});
  return absl::OkStatus();
}

void Renames::Keep() {
  for (const Done& done : done_) {
    if (!done.old.empty()) unlink(done.old.c_str());
  }
  done_.clear();
}

}  // namespace gemini::internal
