#include "util/thread.h"

#include <signal.h>

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

}  // namespace gemini::internal
