// Failures of the exchange itself, where no answer explains it.

#ifndef GEMINI_SRC_DIAGNOSIS_TRANSFER_H_
#define GEMINI_SRC_DIAGNOSIS_TRANSFER_H_

#include "absl/strings/string_view.h"
#include "base/transfer.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// Returns why `transfer` brought no answer. What was lost after a part of the
// request went out is ambiguous: it may have been acted on.
Diagnosis DiagnoseTransfer(const TransferResult& transfer,
                           absl::string_view model);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_TRANSFER_H_
