#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "store/sqlite_ledger.h"

namespace gemini::internal {

absl::StatusOr<std::string> LedgerPath(absl::string_view uri) {
  absl::string_view path = uri;
  if (!absl::ConsumePrefix(&path, "sqlite://") ||
      !absl::StartsWith(path, "/") || absl::EndsWith(path, "/") ||
      absl::StrContains(path, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError(
        "ledger: must be \"sqlite://\" and the absolute path of a file, for "
        "example \"sqlite:///var/lib/app/gemini.ledger\"");
  }
#ifndef GEMINI_HAS_SQLITE
  return absl::UnimplementedError(
      "ledger: this library was built without SQLite; install its development "
      "files (libsqlite3-dev) and configure with -DGEMINI_SQLITE=ON");
#else
  return std::string(path);
#endif
}

}  // namespace gemini::internal
