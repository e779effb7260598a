// Between the rows of a ledger file and what they mean.

#ifndef GEMINI_SRC_STORE_LEDGER_ROWS_H_
#define GEMINI_SRC_STORE_LEDGER_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/ledger.h"
#include "gemini/quota.h"
#include "store/sqlite.h"

namespace gemini::internal {

// Ended by a refusal for quota, money, key or model.
bool IsRefusal(const LedgerEvent& event);

// The beginning of the clock's minute.
absl::Time ClockMinute(absl::Time time);

// `tidied`: up to which number events were looked at that are too old.
void InsertEvent(Sqlite* database, const std::string& service,
                 const LedgerEvent& event, int64_t tidied);

void DeleteEvent(Sqlite* database, int64_t number);

// `row` stands on: number, process, request, kind, project, credential, model,
// at, input_tokens, cause, code, message, http_status, retry_delay, retry_at.
LedgerEvent ReadEvent(Sqlite* database, Sqlite::Statement* row);

// By service, project and model.
std::vector<QuotaRecord> ReadRecords(Sqlite* database, absl::Time now);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_STORE_LEDGER_ROWS_H_
