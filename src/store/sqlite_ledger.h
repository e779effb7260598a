// The ledger in a file of SQLite, for the processes of one machine.

#ifndef GEMINI_SRC_STORE_SQLITE_LEDGER_H_
#define GEMINI_SRC_STORE_SQLITE_LEDGER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/ledger.h"
#include "gemini/quota.h"

namespace gemini::internal {

// Of "sqlite:///path". Errors: kInvalidArgument; kUnimplemented where the
// library was built without SQLite.
absl::StatusOr<std::string> LedgerPath(absl::string_view uri);

// Opens and, if need be, creates the file at the first exchange, and again
// after each failure. Waits up to `patience` for other processes. `ahead` tells
// how far the time of day, by which processes agree, is ahead of the clock of
// the requests; if it is empty, those are taken to agree. Errors of
// Exchange(): kUnavailable (locked, no space, deleted or replaced since the
// last one), kDataLoss (not a ledger, or
// damaged), kFailedPrecondition (of a newer version), kNotFound and
// kPermissionDenied (the file cannot be opened).
std::unique_ptr<Ledger> NewSqliteLedger(
    std::string path, absl::Duration patience = absl::Seconds(1),
    std::function<absl::Duration()> ahead = nullptr);

// What the file knows at `now`. Errors as above, and kNotFound if there is no
// file.
absl::StatusOr<std::vector<QuotaRecord>> ReadSqliteLedger(
    const std::string& path, absl::Time now);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_STORE_SQLITE_LEDGER_H_
