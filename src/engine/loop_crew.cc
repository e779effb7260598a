#include "engine/loop_crew.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "util/light_mutex.h"

namespace gemini::internal {
namespace {

// How late what nobody waits for may be noticed because of what is done aside,
// if there is somebody to notice it.
constexpr absl::Duration kLongestPatience = absl::Milliseconds(20);

// How many rounds what is posted aside may have to wait for the loop to have
// run all that was posted to it.
constexpr int kRoundsBeforeLettingGo = 16;

// Of this thread: the crew whose loop it drives, and that for which it is the
// thread aside.
thread_local const void* driven = nullptr;
thread_local const void* aside_of = nullptr;

constexpr int64_t kSecondNs = 1'000'000'000;

// How long the bell is silent once it has rung for nothing, or nearly has:
// twice as long each time, until what is aside is slow.
constexpr int64_t kShortestSilenceNs = 1'000'000;
constexpr int64_t kLongestSilenceNs = 16 * kShortestSilenceNs;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// As the timer measures it.
int64_t SteadyNs() {
  return std::chrono::nanoseconds(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct LoopCrew::Shared {
  // kAwait: the thread aside, in a task that waits for the loop.
  enum class Driver { kNobody, kIo, kAside, kAwait };

  Shared(int timer, int64_t post_patience)
      : bell(timer), post_patience_ns(post_patience) {}
  ~Shared() { close(bell); }

  void RunIo();
  void RunAside();

  // Returns when it has let go of the loop, at the latest once what is awaited
  // has come about; false: for ever.
  bool Drive(Driver self);
  bool CameAbout() const {
    return awaited != nullptr && awaited->HasBeenNotified();
  }
  bool HasTasks() const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    return !first.empty() || !aside.empty();
  }
  bool AsideIsWanted() const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    return HasTasks() || closed ||
           (driver == Driver::kNobody && !ended.HasBeenNotified());
  }

  // There is an I/O thread, from now on if there was none.
  bool EnsureIo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (io.has_value() || stopping) return io.has_value();
    absl::StatusOr<Thread> begun =
        Thread::Start("gemini-io", [this] { RunIo(); });
    if (!begun.ok()) return false;
    io = *std::move(begun);
    return true;
  }

  // Hands the loop to the I/O thread, which there is.
  void Summon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    driver = Driver::kIo;
    RingAt(0);
  }
  void LetGo(absl::Duration patience) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    driver = Driver::kNobody;
    mutex.Notify();
    slow_from = kNever;
    const bool waits_for_nothing = patience == absl::InfiniteDuration();
    if (waits_for_nothing ? !io.has_value() : !EnsureIo()) return;
    const int64_t patience_ns =
        absl::ToInt64Nanoseconds(std::min(patience, kLongestPatience));
    const int64_t now = SteadyNs();
    slow_from = now + patience_ns;
    // A bell that rings sooner rings for nothing if what is aside is quick: it
    // is put off, unless that would not even double the time that is left.
    const int64_t put_off = std::max(patience_ns, silence);
    if (rings_at - now < std::min(patience_ns, put_off / 2)) {
      silence = std::min(silence * 2, kLongestSilenceNs);
      rings_at = kNever;
    }
    TakeWithin(patience_ns);
  }

  // The thread aside takes the loop, which nobody has.
  void TakeBack() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    driver = Driver::kAside;
    if (slow_from == kNever || SteadyNs() <= slow_from) return;
    silence = kShortestSilenceNs;
    EnsureIo();  // The next one may be as slow.
  }

  // What the loop is wanted for is not to wait for all that is aside.
  bool IsOverdue() const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    return driver == Driver::kNobody && slow_from != kNever &&
           !ended.HasBeenNotified() && SteadyNs() > slow_from;
  }

  // Somebody else wants something of the loop, which nobody drives.
  void OnWanted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (stopping) return;
    if (EnsureIo()) {
      Summon();
    } else {
      slow_from = 0;  // After the present task.
    }
  }

  // Something was posted, which nobody drives the loop for, by a task aside.
  void OnPostedByAside() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (io.has_value()) {
      TakeWithin(post_patience_ns);
    } else {
      slow_from = std::min(slow_from, SteadyNs() + post_patience_ns);
    }
  }

  // Has the I/O thread take the loop by then, or when the bell's silence ends,
  // if nobody has. Setting the bell costs more than all else here: so one that
  // rings earlier is left as it is.
  void TakeWithin(int64_t patience_ns) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const int64_t latest = SteadyNs() + std::max(patience_ns, silence);
    if (rings_at > latest) RingAt(latest);
  }

  // The bell has rung: the I/O thread takes the loop if nobody has it.
  void OnRung() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    rings_at = kNever;
    if (driver == Driver::kNobody) {
      driver = Driver::kIo;
      silence = kShortestSilenceNs;
    } else if (driver == Driver::kAside) {
      silence = std::min(silence * 2, kLongestSilenceNs);
    }
  }

  // Wakes the I/O thread.
  void RingAt(int64_t time_ns) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    rings_at = time_ns;
    itimerspec time = {};
    time.it_value.tv_sec = time_ns / kSecondNs;
    time.it_value.tv_nsec = time_ns % kSecondNs + (time_ns == 0 ? 1 : 0);
    timerfd_settime(bell, TFD_TIMER_ABSTIME, &time, nullptr);
  }

  const int bell;  // A timer.
  const int64_t post_patience_ns;
  Loop* loop = nullptr;
  pid_t aside_id = 0;        // Of the thread aside, from when it drives.
  absl::Notification ended;  // Driving.
  std::vector<Task> outbox;  // For the thread aside. Of the driver.
  const absl::Notification* awaited = nullptr;  // By the driver.

  LightMutex mutex;
  std::vector<Task> posted ABSL_GUARDED_BY(mutex);
  std::deque<Task> first ABSL_GUARDED_BY(mutex);  // Before all that is aside.
  std::deque<Task> aside ABSL_GUARDED_BY(mutex);
  std::optional<Thread> io ABSL_GUARDED_BY(mutex);
  Driver driver ABSL_GUARDED_BY(mutex) = Driver::kAside;
  int64_t rings_at ABSL_GUARDED_BY(mutex) = kNever;  // By the steady clock.
  int64_t silence ABSL_GUARDED_BY(mutex) = kShortestSilenceNs;
  // By the same: what is aside since the loop was let go of.
  int64_t slow_from ABSL_GUARDED_BY(mutex) = kNever;
  bool waits ABSL_GUARDED_BY(mutex) = false;  // The driver, in BeginWait().
  bool busy_aside ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  bool closed ABSL_GUARDED_BY(mutex) = false;
};

void LoopCrew::Shared::RunIo() {
  // Any thread may have begun it, also one of the host's that is not to wait
  // for others.
  Thread::ScheduleLike(aside_id);
  bool drive = false;
  while (true) {
    if (drive && !Drive(Driver::kIo)) return;
    uint64_t rings;
    if (read(bell, &rings, sizeof(rings)) < 0 && errno != EINTR) return;
    LightMutexLock lock(&mutex);
    OnRung();
    drive = driver == Driver::kIo;
  }
}

void LoopCrew::Shared::RunAside() {
  aside_of = this;
  aside_id = Thread::CurrentId();
  Drive(Driver::kAside);
  while (true) {
    Task task;
    {
      LightMutexLock lock(&mutex);
      busy_aside = false;
      while (!AsideIsWanted()) mutex.Wait();
      if ((HasTasks() || closed) && !IsOverdue()) {
        if (!HasTasks()) return;
        std::deque<Task>& tasks = first.empty() ? aside : first;
        task = std::move(tasks.front());
        tasks.pop_front();
        busy_aside = true;
      } else {
        TakeBack();
      }
    }
    if (task) {
      std::move(task)();
    } else {
      Drive(Driver::kAside);
    }
  }
}

bool LoopCrew::Shared::Drive(Driver self) {
  driven = this;
  int rounds = 0;
  while (true) {
    loop->Round();
    LightMutexLock lock(&mutex);
    const bool done = CameAbout();
    const bool wanted =
        !outbox.empty() || (self == Driver::kAside && HasTasks());
    if (!wanted && !stopping && !done) continue;
    const absl::Duration patience = loop->Patience();
    const bool may_let_go =
        !stopping && patience > absl::ZeroDuration() &&
        (self == Driver::kAside || (!busy_aside && !HasTasks()));
    if (may_let_go && !posted.empty() && !done &&
        ++rounds < kRoundsBeforeLettingGo) {
      continue;
    }
    rounds = 0;
    if (!outbox.empty()) mutex.Notify();
    for (Task& task : outbox) aside.push_back(std::move(task));
    outbox.clear();
    const bool hand_over = stopping && self != Driver::kIo && io.has_value();
    if (stopping && !hand_over) {
      if (!posted.empty()) continue;
      driver = Driver::kNobody;
      driven = nullptr;
      ended.Notify();
      return false;
    }
    if (!hand_over && (done || (may_let_go && posted.empty()))) {
      LetGo(patience);
    } else if (!hand_over && self != Driver::kAside) {
      continue;
    } else if (EnsureIo()) {
      Summon();
    } else {
      LetGo(absl::InfiniteDuration());
    }
    awaited = nullptr;
    driven = nullptr;
    return true;
  }
}

absl::StatusOr<std::unique_ptr<LoopCrew>> LoopCrew::Create(
    absl::Duration post_patience) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timer < 0) {
    return absl::ResourceExhaustedError(
        absl::ErrnoToStatus(errno, "cannot create a timer").message());
  }
  return std::unique_ptr<LoopCrew>(new LoopCrew(std::make_shared<Shared>(
      timer, absl::ToInt64Nanoseconds(post_patience))));
}

LoopCrew::LoopCrew(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)) {}

LoopCrew::~LoopCrew() {
  StopDriving();
  Close();
}

absl::Status LoopCrew::Start(Loop* loop) {
  shared_->loop = loop;
  absl::StatusOr<Thread> aside = Thread::Start(
      "gemini-callback", [shared = shared_] { shared->RunAside(); });
  if (!aside.ok()) return aside.status();
  aside_ = *std::move(aside);
  return absl::OkStatus();
}

void LoopCrew::Post(Task&& task) {
  bool wake = false;
  {
    LightMutexLock lock(&shared_->mutex);
    shared_->posted.push_back(std::move(task));
    if (shared_->driver != Shared::Driver::kNobody) {
      wake = std::exchange(shared_->waits, false);  // Once is enough.
    } else if (aside_of == shared_.get()) {
      shared_->OnPostedByAside();
    } else {
      shared_->OnWanted();
    }
  }
  if (wake) shared_->loop->Wake();
}

void LoopCrew::PostAside(Task&& task) {
  if (driven == shared_.get()) {
    shared_->outbox.push_back(std::move(task));
    return;
  }
  bool wake = false;
  {
    LightMutexLock lock(&shared_->mutex);
    shared_->aside.push_back(std::move(task));
    shared_->mutex.Notify();
    if (shared_->driver == Shared::Driver::kAside) {
      wake = std::exchange(shared_->waits, false);
    }
  }
  if (wake) shared_->loop->Wake();
}

void LoopCrew::Wake() {
  {
    LightMutexLock lock(&shared_->mutex);
    if (shared_->driver == Shared::Driver::kNobody) {
      shared_->OnWanted();
      return;
    }
  }
  shared_->loop->Wake();
}

void LoopCrew::Await(const absl::Notification& done) {
  if (aside_of == shared_.get()) {
    bool drive = false;
    {
      LightMutexLock lock(&shared_->mutex);
      drive = shared_->driver == Shared::Driver::kNobody &&
              !shared_->ended.HasBeenNotified();
      if (drive) shared_->driver = Shared::Driver::kAwait;
    }
    if (drive) {
      shared_->awaited = &done;
      shared_->Drive(Shared::Driver::kAwait);
    }
  }
  done.WaitForNotification();
}

void LoopCrew::StopDriving() {
  if (!aside_.has_value()) return;
  bool wake = false;
  bool drive = false;
  {
    LightMutexLock lock(&shared_->mutex);
    shared_->stopping = true;
    if (shared_->driver != Shared::Driver::kNobody) {
      wake = true;
    } else if (shared_->io.has_value()) {
      if (!shared_->ended.HasBeenNotified()) shared_->Summon();
    } else if (aside_of != shared_.get()) {
      shared_->mutex.Notify();
    } else if (!shared_->ended.HasBeenNotified()) {
      shared_->driver = Shared::Driver::kAwait;
      drive = true;
    }
  }
  if (wake) shared_->loop->Wake();
  if (drive) shared_->Drive(Shared::Driver::kAwait);
  shared_->ended.WaitForNotification();
  std::optional<Thread> io;
  {
    LightMutexLock lock(&shared_->mutex);
    io = std::exchange(shared_->io, std::nullopt);
  }
  if (io.has_value()) io->Join();
}

void LoopCrew::Close() {
  if (!aside_.has_value()) return;
  {
    LightMutexLock lock(&shared_->mutex);
    shared_->stopping = true;
    shared_->closed = true;
    shared_->mutex.Notify();
  }
  if (aside_->IsCurrent()) {
    aside_->Detach();
  } else {
    aside_->Join();
  }
  aside_.reset();
}

void LoopCrew::TakePosted(std::vector<Task>* tasks) {
  LightMutexLock lock(&shared_->mutex);
  tasks->swap(shared_->posted);
}

bool LoopCrew::BeginWait() {
  LightMutexLock lock(&shared_->mutex);
  shared_->waits =
      shared_->posted.empty() && shared_->outbox.empty() &&
      !shared_->stopping && !shared_->CameAbout() &&
      (shared_->driver != Shared::Driver::kAside || !shared_->HasTasks());
  return shared_->waits;
}

void LoopCrew::EndWait() {
  LightMutexLock lock(&shared_->mutex);
  shared_->waits = false;
}

bool LoopCrew::HasTasksAside() const {
  if (!shared_->outbox.empty()) return true;
  LightMutexLock lock(&shared_->mutex);
  return shared_->driver == Shared::Driver::kAside && shared_->HasTasks();
}

bool LoopCrew::TryPostAside(Task* task) {
  LightMutexLock lock(&shared_->mutex);
  const bool free =
      shared_->driver == Shared::Driver::kAside || !shared_->busy_aside;
  if (!free || !shared_->first.empty()) return false;
  shared_->first.push_back(std::move(*task));
  shared_->mutex.Notify();
  return true;
}

}  // namespace gemini::internal
