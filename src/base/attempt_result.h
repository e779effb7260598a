// What came of one attempt.

#ifndef GEMINI_SRC_BASE_ATTEMPT_RESULT_H_
#define GEMINI_SRC_BASE_ATTEMPT_RESULT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/attempt_sink.h"
#include "base/http.h"
#include "base/transfer.h"
#include "gemini/diagnosis.h"
#include "gemini/outcome.h"

namespace gemini::internal {

struct AttemptResult {
  std::vector<KeptPicture> pictures;  // To be committed.
  std::string text;                   // What the model said beside them.
  Usage usage;

  std::optional<int> http_status;
  std::string response_id;
  std::string model_version;

  std::optional<Diagnosis> diagnosis;  // Absent exactly if there are pictures.
};

// Reads the answer to one attempt.
class AttemptReader : public ResponseReader {
 public:
  // Called once, after the transfer.
  virtual AttemptResult Finish(const TransferResult& transfer,
                               absl::Time now) = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_ATTEMPT_RESULT_H_
