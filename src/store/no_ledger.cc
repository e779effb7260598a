// Stands in for the ledger's file where the library is built without SQLite.
// LedgerPath() lets nobody get here.

#include "store/sqlite_ledger.h"

namespace gemini::internal {

std::unique_ptr<Ledger> NewSqliteLedger(
    std::string /*path*/, absl::Duration,         // NOLINT: as the other one.
    std::function<absl::Duration()> /*ahead*/) {  // NOLINT
  return nullptr;
}

absl::StatusOr<std::vector<QuotaRecord>> ReadSqliteLedger(const std::string&,
                                                          absl::Time) {
  return absl::UnimplementedError("built without SQLite");
}

}  // namespace gemini::internal
