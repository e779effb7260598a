// Stands in for the ledger's file where the library is built without SQLite.
// LedgerPath() lets nobody get here.

#include "store/sqlite_ledger.h"

namespace gemini::internal {

std::unique_ptr<Ledger> NewSqliteLedger(std::string, absl::Duration,
                                        std::function<absl::Duration()>) {
  return nullptr;
}

absl::StatusOr<std::vector<QuotaRecord>> ReadSqliteLedger(const std::string&,
                                                          absl::Time) {
  return absl::UnimplementedError("built without SQLite");
}

}  // namespace gemini::internal
