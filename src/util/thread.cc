#include "util/thread.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace gemini::internal {
namespace {

using Body = absl::AnyInvocable<void() &&>;

struct Beginning {
  Body body;
  const char* name;
};

void* Run(void* argument) {
  const std::unique_ptr<Beginning> start(static_cast<Beginning*>(argument));
  // Of its own name a thread needs not to open a file.
  pthread_setname_np(pthread_self(), start->name);
  std::move(start->body)();
  return nullptr;
}

}  // namespace

absl::StatusOr<Thread> Thread::Start(const char* name, Body body) {
  auto argument = std::make_unique<Beginning>(Beginning{std::move(body), name});
  // A thread inherits the signal mask of its creator.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t handle;
  const int error = pthread_create(&handle, nullptr, &Run, argument.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start thread ", name, ": ", std::strerror(error)));
  }
  static_cast<void>(argument.release());
  return Thread(handle);
}

pid_t Thread::CurrentId() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Linux takes the number of a thread for all of these.
void Thread::ScheduleLike(pid_t other) {
  cpu_set_t own;
  cpu_set_t processors;
  // One that is set does not follow those of its container any more.
  if (sched_getaffinity(0, sizeof(own), &own) == 0 &&
      sched_getaffinity(other, sizeof(processors), &processors) == 0 &&
      !CPU_EQUAL(&own, &processors)) {
    sched_setaffinity(0, sizeof(processors), &processors);
  }
  const int policy = sched_getscheduler(other);
  sched_param parameters;
  if (policy >= 0 && sched_getparam(other, &parameters) == 0) {
    sched_setscheduler(0, policy, &parameters);
  }
  errno = 0;
  const int niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(other));
  if (errno == 0) setpriority(PRIO_PROCESS, 0, niceness);
}

}  // namespace gemini::internal
