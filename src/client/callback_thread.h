// Where what may block runs: a client's callbacks, and its ledger.

#ifndef GEMINI_SRC_CLIENT_CALLBACK_THREAD_H_
#define GEMINI_SRC_CLIENT_CALLBACK_THREAD_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "util/thread.h"

namespace gemini::internal {

// Runs functions one after another on a thread of its own. Thread-safe.
class CallbackThread {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // `name`: at most 15 characters.
  static absl::StatusOr<std::unique_ptr<CallbackThread>> Start(
      const char* name);

  // Runs what was posted and ends the thread. On that thread itself it returns
  // at once, and what was posted runs after the present function.
  ~CallbackThread();

  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;

  void Post(Task task);

 private:
  struct Queue;

  CallbackThread(std::shared_ptr<Queue> queue, Thread thread);

  const std::shared_ptr<Queue> queue_;  // Shared with the thread.
  Thread thread_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_CALLBACK_THREAD_H_
