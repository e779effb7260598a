#include "engine/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace gemini::internal {
namespace {

constexpr int kEventsAtOnce = 256;

// Tasks: room for more is given back when they have run.
constexpr size_t kUsuallyPosted = 64;

constexpr int kLongestPollMs = 60 * 1000;

// How late a socket or a timer may be noticed because of what is done aside
// (later where that has long been quick: LoopCrew).
constexpr absl::Duration kPatience = absl::Milliseconds(1);

absl::Status SystemError(const char* what) {
  return absl::ResourceExhaustedError(
      absl::ErrnoToStatus(errno, what).message());
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create(
    Clock* clock, absl::Duration post_patience) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return SystemError("cannot create an epoll instance");
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    const absl::Status error = SystemError("cannot create an eventfd");
    close(epoll_fd);
    return error;
  }
  std::unique_ptr<EventLoop> loop(new EventLoop(clock, epoll_fd, wake_fd));
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_fd;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    return SystemError("cannot watch an eventfd");
  }
  absl::StatusOr<std::unique_ptr<LoopCrew>> crew =
      LoopCrew::Create(post_patience);
  if (!crew.ok()) return crew.status();
  loop->crew_ = *std::move(crew);
  absl::Status started = loop->crew_->Start(loop.get());
  if (!started.ok()) return started;
  clock->SetWaker([c = loop->crew_.get()] { c->Wake(); });
  return loop;
}

EventLoop::EventLoop(Clock* clock, int epoll_fd, int wake_fd)
    : clock_(clock), epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}

EventLoop::~EventLoop() {
  if (crew_ != nullptr) Stop();
  crew_.reset();
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Stop() {
  clock_->SetWaker(nullptr);
  crew_->StopDriving();
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  // Can fail only when the counter is full, and then a wake-up is under way.
  static_cast<void>(!write(wake_fd_, &one, sizeof(one)));
}

EventLoop::TimerId EventLoop::AddTimer(absl::Time when, Task task) {
  const TimerId id(when, next_timer_++);
  timers_.emplace(id, std::move(task));
  return id;
}

void EventLoop::CancelTimer(TimerId id) { timers_.erase(id); }

void EventLoop::SetRealTimer(absl::Duration delay, TimerHandler* handler) {
  // Without asking the clock, since most are to run at once.
  real_timer_time_ = delay <= absl::ZeroDuration() ? absl::InfinitePast()
                                                   : real_clock_->Now() + delay;
  real_timer_ = handler;
}

void EventLoop::ClearRealTimer() { real_timer_time_ = absl::InfiniteFuture(); }

absl::Status EventLoop::Watch(int fd, uint32_t epoll_events,
                              SocketHandler* handler) {
  const auto [at, is_new] = sockets_.try_emplace(fd);
  Socket& socket = at->second;
  if (socket.handler == nullptr) ++watched_;
  socket.handler = handler;
  if (!is_new && socket.events == epoll_events) return absl::OkStatus();
  socket.events = epoll_events;
  epoll_event event = {};
  event.events = epoll_events;
  event.data.fd = fd;
  int result =
      epoll_ctl(epoll_fd_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  // The descriptor may have been closed and reused without our knowing.
  if (result != 0 && (errno == ENOENT || errno == EEXIST)) {
    result = epoll_ctl(
        epoll_fd_, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  }
  if (result == 0) return absl::OkStatus();
  --watched_;
  sockets_.erase(at);
  return SystemError("cannot watch a socket");
}

void EventLoop::Unwatch(int fd) {
  const auto socket = sockets_.find(fd);
  if (socket == sockets_.end()) return;
  if (socket->second.handler != nullptr) --watched_;
  sockets_.erase(socket);
  // Fails when the descriptor is closed already: then it is not watched either.
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Rest(int fd) {
  const auto socket = sockets_.find(fd);
  if (socket == sockets_.end() || socket->second.handler == nullptr) return;
  socket->second.handler = nullptr;
  --watched_;
}

int EventLoop::PollTimeoutMs() const {
  if (real_timer_time_ == absl::InfinitePast()) return 0;
  absl::Duration wait = real_timer_time_ == absl::InfiniteFuture()
                            ? absl::InfiniteDuration()
                            : real_timer_time_ - real_clock_->Now();
  if (!timers_.empty()) {
    wait = std::min(wait, clock_->RealTimeUntil(timers_.begin()->first.first));
  }
  if (wait <= absl::ZeroDuration()) return 0;
  if (wait >= absl::Milliseconds(kLongestPollMs)) return kLongestPollMs;
  // Rounded up: a timer must not find that its time has not come (parts of a
  // nanosecond aside: then there is one more round).
  return static_cast<int>((absl::ToInt64Nanoseconds(wait) - 1) / 1'000'000 + 1);
}

void EventLoop::RunPosted() {
  crew_->TakePosted(&running_);
  for (Task& task : running_) std::move(task)();
  running_.clear();
  if (running_.capacity() > kUsuallyPosted) std::vector<Task>().swap(running_);
}

void EventLoop::RunRealTimer() {
  if (real_timer_time_ == absl::InfiniteFuture()) return;
  if (real_timer_time_ != absl::InfinitePast() &&
      real_timer_time_ > real_clock_->Now()) {
    return;
  }
  real_timer_time_ = absl::InfiniteFuture();
  real_timer_->OnRealTimer();
}

void EventLoop::RunTimers() {
  RunRealTimer();
  if (timers_.empty()) return;
  // Timers that these set run in the next round, so that sockets get a turn.
  const absl::Time now = clock_->Now();
  const uint64_t before = next_timer_;
  while (!timers_.empty()) {
    auto first = timers_.begin();
    if (first->first.first > now || first->first.second >= before) break;
    Task task = std::move(first->second);
    timers_.erase(first);
    std::move(task)();
  }
}

absl::Duration EventLoop::Patience() const {
  if (watched_ > 1) return absl::ZeroDuration();
  return watched_ == 0 && timers_.empty() ? absl::InfiniteDuration()
                                          : kPatience;
}

void EventLoop::RunSockets() {
  epoll_event events[kEventsAtOnce];
  int timeout_ms = PollTimeoutMs();
  const bool waits = timeout_ms > 0 && crew_->BeginWait();
  if (!waits) timeout_ms = 0;
  const int n = epoll_wait(epoll_fd_, events, kEventsAtOnce, timeout_ms);
  if (waits) crew_->EndWait();
  for (int i = 0; i < n; ++i) {
    if (events[i].data.fd == wake_fd_) {
      uint64_t count;
      static_cast<void>(!read(wake_fd_, &count, sizeof(count)));
      continue;
    }
    const auto socket = sockets_.find(events[i].data.fd);
    if (socket == sockets_.end()) continue;
    if (socket->second.handler == nullptr) {
      // Who rests and is told of something would be told of it for ever.
      Unwatch(events[i].data.fd);
    } else {
      socket->second.handler->OnSocketReady(socket->first, events[i].events);
    }
  }
}

void EventLoop::Round() {
  RunPosted();
  // libcurl likes to be called back at once: without a turn of the sockets.
  RunRealTimer();
  // Who is about to let go of the loop need not look for sockets if there are
  // none.
  if (watched_ > 0 || !crew_->HasTasksAside()) RunSockets();
  // After the sockets: what arrived in time must not be taken for late by a
  // thread that was late itself.
  RunTimers();
}

}  // namespace gemini::internal
