// A mutex that costs what the system's does. Packaged builds of absl::Mutex
// look for deadlocks at each lock, which takes ten times as long: too much for
// what is locked some twenty times a call.

#ifndef GEMINI_SRC_UTIL_LIGHT_MUTEX_H_
#define GEMINI_SRC_UTIL_LIGHT_MUTEX_H_

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace gemini::internal {

class ABSL_LOCKABLE LightMutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    const bool notify = std::exchange(notify_, false);
    mutex_.unlock();
    if (notify) notified_.notify_one();
  }

  // Lets others lock it until one of them has called Notify(), or for less. One
  // thread at a time may wait.
  void Wait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    std::unique_lock<std::mutex> lock(mutex_, std::adopt_lock);
    notified_.wait(lock);
    lock.release();
  }
  // Ends Wait() once the lock is given back: who wakes needs it.
  void Notify() ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) { notify_ = true; }

 private:
  std::mutex mutex_;
  std::condition_variable notified_;
  bool notify_ = false;
};

class ABSL_SCOPED_LOCKABLE LightMutexLock {
 public:
  explicit LightMutexLock(LightMutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_->Lock();
  }
  ~LightMutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }

  LightMutexLock(const LightMutexLock&) = delete;
  LightMutexLock& operator=(const LightMutexLock&) = delete;

 private:
  LightMutex* const mutex_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_LIGHT_MUTEX_H_
