// What processes that share quotas tell each other, and through what.

#ifndef GEMINI_SRC_BASE_LEDGER_H_
#define GEMINI_SRC_BASE_LEDGER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// What became of one request. Holds no key and no prompt.
struct LedgerEvent {
  enum class Kind {
    kSent,
    kEnded,     // Judged: with pictures if there is no diagnosis.
    kReleased,  // Nothing is known of its end.
    kUnsent     // It never was: it has used nothing.
  };

  Kind kind = Kind::kSent;
  std::string process;     // Whose request it is.
  uint64_t request = 0;    // Unique within the process.
  std::string project;     // Whose quota it uses.
  std::string credential;  // Tells keys apart; not the key.
  std::string model;       // As asked for.
  absl::Time at;
  double input_tokens = 0;                     // If sent: a guess.
  std::shared_ptr<const Diagnosis> diagnosis;  // If ended: why not well.
};

// What a request brought, for the books.
struct LedgerSpending {
  std::string project;
  std::string model;
  absl::Time at;
  int pictures = 0;
  int64_t tokens = 0;
};

// Requests of a day that are too long ago to be among the events.
struct LedgerDay {
  std::string project;
  std::string model;
  int64_t sent = 0;
};

// The turn is the right to send, of one process at a time among those that use
// one service: who has it knows of every request that was sent before.
enum class LedgerTurn { kNone, kTake, kGiveBack };

struct LedgerRequest {
  std::string process;
  std::string service;  // A base URL.
  absl::Time now;
  int64_t seen = -1;  // LedgerReply::seen of the last reply; -1: none yet.
  absl::Time since;   // Of the events before that, the first wanted.
  LedgerTurn turn = LedgerTurn::kNone;
  std::vector<LedgerEvent> events;  // Own ones, in order.
  std::vector<LedgerSpending> spent;
  bool leaves = false;  // The process ends; what is open is released.
};

struct LedgerReply {
  int64_t seen = 0;

  // The ledger is another one than before: what LedgerRequest::seen counted is
  // gone, and the events are those of its whole memory.
  bool anew = false;
  std::vector<LedgerEvent> events;  // Of others since `seen`, in order.
  std::vector<LedgerDay> today;     // To the first request alone.

  // Until when the turn is this process's: at once if it was asked for and
  // nobody else has it.
  std::optional<absl::Time> turn_until;
};

// How long a turn may last: whoever keeps it longer is taken for dead.
constexpr absl::Duration kLedgerTurn = absl::Milliseconds(500);

// After so long a silence a process is taken for dead, and its requests for
// released.
constexpr absl::Duration kLedgerSilence = absl::Seconds(10);

// Blocks, for at most some seconds; for one thread at a time. What it cannot do
// now it may be able to do later.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Notes what is told, and tells what is new, in one step.
  virtual absl::StatusOr<LedgerReply> Exchange(
      const LedgerRequest& request) = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_LEDGER_H_
