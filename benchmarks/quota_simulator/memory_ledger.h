// A ledger that processes of one simulation share.

#ifndef QUOTA_SIMULATOR_MEMORY_LEDGER_H_
#define QUOTA_SIMULATOR_MEMORY_LEDGER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ledger.h"

namespace quota_simulator {

class MemoryLedger final : public gemini::internal::Ledger {
 public:
  absl::StatusOr<gemini::internal::LedgerReply> Exchange(
      const gemini::internal::LedgerRequest& request) override;

 private:
  struct Turn {
    std::string process;
    absl::Time until;
  };

  void ReleaseTheDead(absl::Time now);

  // By service; events have their place as their number.
  std::vector<std::pair<std::string, gemini::internal::LedgerEvent>> events_;
  std::map<std::string, Turn> turns_;
  std::map<std::string, absl::Time> alive_;  // Processes.
};

}  // namespace quota_simulator

#endif  // QUOTA_SIMULATOR_MEMORY_LEDGER_H_
