// A scoped lock for every version of Abseil: the newest ones take a reference
// and warn about the pointer that the older ones want.

#ifndef GEMINI_SRC_UTIL_MUTEX_LOCK_H_
#define GEMINI_SRC_UTIL_MUTEX_LOCK_H_

#include <type_traits>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace gemini::internal {

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(absl::Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : lock_(static_cast<Argument>(mutex)) {}
  ~MutexLock() ABSL_UNLOCK_FUNCTION() {}

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  // Becomes whatever the lock is made of.
  class ByReference {
   public:
    explicit ByReference(absl::Mutex* mutex) : mutex_(mutex) {}
    // NOLINTNEXTLINE(google-explicit-constructor): that is what it is for.
    operator absl::Mutex&() const { return *mutex_; }

   private:
    absl::Mutex* const mutex_;
  };
  using Argument =
      std::conditional_t<std::is_constructible_v<absl::MutexLock, absl::Mutex&>,
                         ByReference, absl::Mutex*>;

  absl::MutexLock lock_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_MUTEX_LOCK_H_
