// A thread whose creation may fail without an exception.

#ifndef GEMINI_SRC_UTIL_THREAD_H_
#define GEMINI_SRC_UTIL_THREAD_H_

#include <pthread.h>
#include <sys/types.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace gemini::internal {

// Must be joined or detached before it is destroyed, unless moved from.
class Thread {
 public:
  // Runs `body` on a new thread that blocks all signals, so that the host's
  // handlers run on the host's threads. `name`: of static duration, at most 15
  // characters.
  static absl::StatusOr<Thread> Start(const char* name,
                                      absl::AnyInvocable<void() &&> body);

  // Of the calling thread, as the kernel counts it.
  static pid_t CurrentId();

  // Gives the calling thread the processors, the policy and the niceness of
  // another one, as if that had begun it; what the system does not allow stays
  // as it is.
  static void ScheduleLike(pid_t other);

  bool IsCurrent() const { return pthread_equal(handle_, pthread_self()) != 0; }
  void Join() { pthread_join(handle_, nullptr); }
  void Detach() { pthread_detach(handle_); }

 private:
  explicit Thread(pthread_t handle) : handle_(handle) {}

  pthread_t handle_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_THREAD_H_
