// Asks for the models that a key may see.

#ifndef GEMINI_SRC_CLIENT_MODEL_LIST_H_
#define GEMINI_SRC_CLIENT_MODEL_LIST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "gemini/client.h"
#include "providers/gemini.h"

namespace gemini::internal {

// One page after another, each asked for once. For the loop's thread alone.
class ModelList {
 public:
  // `finished` runs once, and may destroy the list.
  using FinishedFunction =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<ModelInfo>>) &&>;

  ModelList(const CallContext* context, absl::Time deadline,
            FinishedFunction finished);

  ModelList(const ModelList&) = delete;
  ModelList& operator=(const ModelList&) = delete;

  void Start();

  // Ends it with kCancelled, if it runs.
  void Cancel();

 private:
  void AskForPage(absl::string_view token);
  void OnTransferEnded(const TransferResult& transfer);

  const CallContext* const context_;
  const absl::Time deadline_;
  FinishedFunction finished_;
  std::vector<ModelInfo> models_;
  int pages_ = 0;
  std::optional<ModelPageReader> reader_;
  std::optional<CurlTransport::TransferId> transfer_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_MODEL_LIST_H_
