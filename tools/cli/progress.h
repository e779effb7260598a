// What a call waits for, shown while it waits.

#ifndef GEMINI_TOOLS_CLI_PROGRESS_H_
#define GEMINI_TOOLS_CLI_PROGRESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gemini/client.h"
#include "gemini/event.h"

namespace gemini::cli {

// Keeps one line of standard error up to date, if that is a terminal; otherwise
// does nothing. Thread-safe.
class Progress {
 public:
  Progress();
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // For ClientOptions::on_event.
  void OnEvent(const Event& event);

  // Runs a call, showing how it goes.
  absl::StatusOr<Outcome> Generate(GeminiImageClient* client,
                                   const ImageRequest& request,
                                   const CallOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;  // Null: not a terminal.
};

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_PROGRESS_H_
