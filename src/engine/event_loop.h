// The one thread that does all waiting: for sockets, for timers, for tasks.

#ifndef GEMINI_SRC_ENGINE_EVENT_LOOP_H_
#define GEMINI_SRC_ENGINE_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "util/thread.h"

namespace gemini::internal {

class EventLoop {
 public:
  using Task = absl::AnyInvocable<void() &&>;
  using TimerId = std::pair<absl::Time, uint64_t>;
  using SocketFunction = std::function<void(uint32_t epoll_events)>;

  // `clock` must outlive the loop. Errors: kResourceExhausted.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(Clock* clock);

  ~EventLoop();  // Stops.

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `task` on the loop's thread, after those posted before. Thread-safe.
  void Post(Task task);

  // Runs what was posted, and what that posts, and ends the thread; timers and
  // sockets are left. Once, and not on the loop's thread.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // What follows is for the loop's thread alone.

  absl::Time Now() const { return clock_->Now(); }

  // Runs `task` as soon as the clock shows `when`.
  TimerId AddTimer(absl::Time when, Task task);
  void CancelTimer(TimerId id);  // Does nothing if it ran.

  // Runs `task` after a time of the real world, for libraries that measure it
  // themselves. There is one such timer; setting it replaces it.
  void SetRealTimer(absl::Duration delay, Task task);
  void ClearRealTimer();

  // Calls `function` when `fd` has one of `epoll_events`; replaces what was
  // watched of `fd` before.
  absl::Status Watch(int fd, uint32_t epoll_events, SocketFunction function);
  void Unwatch(int fd);

 private:
  EventLoop(Clock* clock, int epoll_fd, int wake_fd);

  void Run();
  void Wake();
  bool RunPosted() ABSL_LOCKS_EXCLUDED(mutex_);  // False: the loop is to end.
  int Wait(epoll_event* events) ABSL_LOCKS_EXCLUDED(mutex_);
  void RunRealTimer();
  void RunTimers();
  int PollTimeoutMs() const;

  Clock* const clock_;
  const int epoll_fd_;
  const int wake_fd_;

  absl::Mutex mutex_;
  std::vector<Task> posted_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // The thread waits, or is about to, and does not look at posted_ before.
  bool waits_ ABSL_GUARDED_BY(mutex_) = false;

  std::map<TimerId, Task> timers_;
  uint64_t next_timer_ = 0;
  absl::Time real_timer_time_ = absl::InfiniteFuture();  // Of real_clock_.
  Task real_timer_;
  const std::shared_ptr<Clock> real_clock_ = NewSystemClock();
  absl::flat_hash_map<int, std::shared_ptr<SocketFunction>> sockets_;

  std::optional<Thread> thread_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_EVENT_LOOP_H_
