// Keeps the gates of this process and the ledger, through which processes share
// their quotas, in step. docs/adr/0009-ledger.md explains the protocol.

#ifndef GEMINI_SRC_CALL_LEDGER_LINK_H_
#define GEMINI_SRC_CALL_LEDGER_LINK_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ledger.h"
#include "call/gates.h"

namespace gemini::internal {

// Pure: says what to ask the ledger, and is told the answers. Asks one thing at
// a time. For one thread.
class LedgerLink {
 public:
  // `process` must be unique among all that ever use the ledger. What others
  // did longer than `memory` ago is not asked for. `gates` must outlive the
  // link.
  LedgerLink(Gates* gates, std::string process, std::string service,
             absl::Duration memory);

  // What to ask now; null: nothing, or an answer is still to come. To be called
  // whenever the gates have nobody to wake, and at wake_at().
  std::shared_ptr<const LedgerRequest> Next(absl::Time now);

  // The answer to what Next() returned last. The gates may have tickets to be
  // woken after it.
  void OnReply(absl::StatusOr<LedgerReply> reply, absl::Time now);

  // What is left to tell. Nothing may be asked afterwards.
  LedgerRequest Farewell(absl::Time now);

  // When Next() may have something although nothing happened.
  absl::Time wake_at() const { return wake_at_; }

  void Spend(LedgerSpending spending) { spent_.push_back(std::move(spending)); }

  // Whether the ledger can be used, each time that this changes.
  std::optional<absl::Status> TakeNews() {
    return std::exchange(news_, std::nullopt);
  }

 private:
  void Tell(absl::Status status);

  Gates* const gates_;
  const std::string process_;
  const std::string service_;
  const absl::Duration memory_;
  std::shared_ptr<const LedgerRequest> asked_;  // Without an answer so far.
  absl::Time asked_at_;
  absl::Duration patience_;  // How long it is waited for.
  absl::Time wake_at_ = absl::InfiniteFuture();
  absl::Time not_before_ = absl::InfinitePast();
  absl::Duration pause_;                       // After the last failure.
  absl::Time told_at_ = absl::InfinitePast();  // The last answer.
  int64_t seen_ = -1;
  bool holds_turn_ = false;
  std::vector<LedgerEvent> events_;  // That could not be told so far.
  std::vector<LedgerSpending> spent_;
  absl::Status status_;
  std::optional<absl::Status> news_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_LEDGER_LINK_H_
