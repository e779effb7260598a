// Where what may block runs: receivers, files, and a client's ledger.

#ifndef GEMINI_SRC_UTIL_TASK_THREAD_H_
#define GEMINI_SRC_UTIL_TASK_THREAD_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "util/thread.h"

namespace gemini::internal {

// Runs functions one after another on a thread of its own. Thread-safe.
class TaskThread {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // `name`: at most 15 characters.
  static absl::StatusOr<std::unique_ptr<TaskThread>> Start(const char* name);

  // Runs what was posted and ends the thread. On that thread itself it returns
  // at once, and what was posted runs after the present function.
  ~TaskThread();

  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  void Post(Task task);

 private:
  struct Queue;

  TaskThread(std::shared_ptr<Queue> queue, Thread thread);

  const std::shared_ptr<Queue> queue_;  // Shared with the thread.
  Thread thread_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_TASK_THREAD_H_
