// The tables of a ledger file.

#ifndef GEMINI_SRC_STORE_LEDGER_SCHEMA_H_
#define GEMINI_SRC_STORE_LEDGER_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "store/sqlite.h"

namespace gemini::internal {

// Makes the tables where there are none. Errors: kFailedPrecondition if they
// are of a newer version, kDataLoss if the file is of another application, and
// those of the file.
absl::Status PrepareLedger(Sqlite* database);

// The same without making any.
absl::Status CheckLedger(Sqlite* database);

// A number that tells the file from others that had its name.
int64_t LedgerIdentity(Sqlite* database);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_STORE_LEDGER_SCHEMA_H_
