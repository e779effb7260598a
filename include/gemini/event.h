// What a client tells about its calls while they run.

#ifndef GEMINI_EVENT_H_
#define GEMINI_EVENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"
#include "gemini/outcome.h"

namespace gemini {

// An attempt begins.
struct AttemptStarted {
  int number = 0;  // As in AttemptReport.
  int image_index = 0;
  Route route;
};

// An attempt ended, well or not.
struct AttemptEnded {
  AttemptReport report;
};

// A picture waits before its next attempt.
struct Waiting {
  int image_index = 0;
  absl::Time until;
  Diagnosis diagnosis;  // Why.
};

// A call ended. No further event of this call follows.
struct CallEnded {
  absl::StatusCode code = absl::StatusCode::kOk;  // kOk: with an outcome.
  int images = 0;
  int attempts = 0;
  absl::Duration elapsed;
  std::optional<Diagnosis> diagnosis;
};

// The ledger (ClientOptions::ledger) can be used from now on, or cannot: the
// client then goes by its own memory until it can. Of no call.
struct LedgerChanged {
  absl::Status status;  // OK: it can.
};

// Events hold no keys and no prompts. They may be logged as they are.
struct Event {
  uint64_t call_id = 0;  // Unique within the process, from 1; 0: of no call.
  absl::Time time;
  std::variant<AttemptStarted, AttemptEnded, Waiting, CallEnded, LedgerChanged>
      what;
};

// Returns the event in one line of text, for logs.
std::string ToString(const Event& event);

// Runs on the client's callback thread, one event at a time and each call's in
// order; a slow function delays callbacks, not transfers.
using EventFunction = std::function<void(const Event&)>;

}  // namespace gemini

#endif  // GEMINI_EVENT_H_
