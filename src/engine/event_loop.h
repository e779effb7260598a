// What does all waiting: for sockets, for timers, for tasks.

#ifndef GEMINI_SRC_ENGINE_EVENT_LOOP_H_
#define GEMINI_SRC_ENGINE_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "engine/loop_crew.h"

namespace gemini::internal {

// One thread at a time runs what the loop runs, usually always the same one:
// `LoopCrew` tells which. That is what "the loop's thread" means.
class EventLoop final : private LoopCrew::Loop {
 public:
  using Task = LoopCrew::Task;
  using TimerId = std::pair<absl::Time, uint64_t>;

  class SocketHandler {
   public:
    // `epoll_events` are there. May stop watching.
    virtual void OnSocketReady(int fd, uint32_t epoll_events) = 0;

   protected:
    ~SocketHandler() = default;
  };

  class TimerHandler {
   public:
    virtual void OnRealTimer() = 0;

   protected:
    ~TimerHandler() = default;
  };

  // `clock` must outlive the loop. Errors: kResourceExhausted.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(
      Clock* clock, absl::Duration post_patience = LoopCrew::kPostPatience);

  ~EventLoop();  // Stops.

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `task` on the loop's thread, after those posted before. Thread-safe.
  void Post(Task task) { crew_->Post(std::move(task)); }

  // Runs `task`, which may block, aside of the loop: after those posted before,
  // on a thread of their own. Thread-safe.
  void PostAside(Task task) { crew_->PostAside(std::move(task)); }

  // Waits until `done`, which the loop is to bring about. To be used where the
  // thread may be that for tasks aside. Not on the loop's thread.
  void Await(const absl::Notification& done) { crew_->Await(done); }

  // Runs what was posted, and what that posts, and ends the loop; timers and
  // sockets are left. Not on the loop's thread.
  void Stop();

  // Of a loop that was stopped: runs what was posted aside, and what that
  // posts, and ends that thread. On that thread itself it returns at once, and
  // what was posted runs after the present task.
  void EndAside() { crew_->Close(); }

  // What follows is for the loop's thread alone.

  absl::Time Now() const { return clock_->Now(); }

  // Runs `task` as soon as the clock shows `when`.
  TimerId AddTimer(absl::Time when, Task task);
  void CancelTimer(TimerId id);  // Does nothing if it ran.

  // Tells `handler`, which must live until then or until the timer is cleared,
  // after a time of the real world, for libraries that measure it themselves.
  // There is one such timer; setting it replaces it.
  void SetRealTimer(absl::Duration delay, TimerHandler* handler);
  void ClearRealTimer();

  // Tells `handler`, which must live as long, when `fd` has one of
  // `epoll_events`; replaces what was watched of `fd` before.
  absl::Status Watch(int fd, uint32_t epoll_events, SocketHandler* handler);

  // Stops watching `fd`, which may be closed already.
  void Unwatch(int fd);

  // The same, for a descriptor that will probably be watched again, which costs
  // nothing then; to be unwatched before it is closed.
  void Rest(int fd);

  // Posts `task` aside if so little is under way that it waits for no other
  // there, and costs less than on another thread. Else false.
  bool TryPostAside(Task* task) {
    return Patience() > absl::ZeroDuration() && crew_->TryPostAside(task);
  }

 private:
  EventLoop(Clock* clock, int epoll_fd, int wake_fd);

  // LoopCrew::Loop
  void Round() override;
  absl::Duration Patience() const override;
  void Wake() override;

  void RunPosted();
  void RunSockets();
  void RunRealTimer();
  void RunTimers();
  int PollTimeoutMs() const;

  Clock* const clock_;
  const int epoll_fd_;
  const int wake_fd_;

  std::vector<Task> running_;  // What was posted, while it is run.
  std::map<TimerId, Task> timers_;
  uint64_t next_timer_ = 0;
  absl::Time real_timer_time_ = absl::InfiniteFuture();  // Of real_clock_.
  TimerHandler* real_timer_ = nullptr;
  const std::shared_ptr<Clock> real_clock_ = NewSystemClock();

  struct Socket {
    uint32_t events = 0;
    SocketHandler* handler = nullptr;  // Null: it rests.
  };
  absl::flat_hash_map<int, Socket> sockets_;
  int watched_ = 0;  // Those that do not rest.

  std::unique_ptr<LoopCrew> crew_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_EVENT_LOOP_H_
