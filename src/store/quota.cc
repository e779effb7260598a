#include "gemini/quota.h"

#include "store/sqlite_ledger.h"

namespace gemini {

absl::StatusOr<std::vector<QuotaRecord>> ReadQuotaLedger(
    absl::string_view ledger, absl::Time now) {
  absl::StatusOr<std::string> path = internal::LedgerPath(ledger);
  if (!path.ok()) return path.status();
  return internal::ReadSqliteLedger(*path, now);
}

}  // namespace gemini
