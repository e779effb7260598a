// The threads of a client, one or two, and which of them drives its loop.

#ifndef GEMINI_SRC_ENGINE_LOOP_CREW_H_
#define GEMINI_SRC_ENGINE_LOOP_CREW_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "util/thread.h"

namespace gemini::internal {

// A loop, and tasks that may block and so must not run on it, would each have a
// thread of their own: then a call alone costs a change of threads for each
// thing that is done aside and another for what follows from it. Hence the
// thread aside drives the loop as well: while little is under way it lets go of
// it for what there is to do aside, and takes it again afterwards. The I/O
// thread takes it over
// - when more is under way,
// - when somebody else wants something of the loop,
// - when who is aside wants something of it and does not come back soon, and
// - when the loop's own patience is at its end.
// It is begun when the first of that can happen, so that calls one after
// another have one thread: when something is under way while the loop is let go
// of, when somebody else wants something of it then, and when something aside
// was slow and had posted something. Until then what is posted by a task aside
// waits for that task to end; tasks whose turn comes kPostPatience after that
// was posted wait for the loop instead.
// If it cannot be had the one thread does what it can, between the tasks aside.
class LoopCrew {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // What is driven: by one thread at a time, but for Wake().
  class Loop {
   public:
    // Runs what is to be run, and waits for it if BeginWait() says so.
    virtual void Round() = 0;
    // For how long it can do without a driver, unless something is posted: zero
    // when much is under way, for ever when nothing is.
    virtual absl::Duration Patience() const = 0;
    // Ends the wait of a round. Thread-safe.
    virtual void Wake() = 0;

   protected:
    ~Loop() = default;
  };

  // How long what is posted by a task aside may wait for that task to end.
  static constexpr absl::Duration kPostPatience = absl::Milliseconds(1);

  // `post_patience`: at most a year. Errors: kResourceExhausted.
  static absl::StatusOr<std::unique_ptr<LoopCrew>> Create(
      absl::Duration post_patience = kPostPatience);

  ~LoopCrew();  // Does what is left of StopDriving() and Close().

  LoopCrew(const LoopCrew&) = delete;
  LoopCrew& operator=(const LoopCrew&) = delete;

  // Starts the thread aside, which drives the loop; once. `loop` must live
  // until StopDriving() has returned. Errors: kResourceExhausted.
  absl::Status Start(Loop* loop);

  // For the loop to run, in the order of posting. Thread-safe.
  void Post(Task&& task);

  // For the thread aside, where tasks run one after another and may block.
  // Thread-safe.
  void PostAside(Task&& task);

  // Waits until `done`, which the loop is to bring about: drives it meanwhile
  // if this is the thread aside and nobody does. Not for the driver.
  void Await(const absl::Notification& done);

  // Runs what was posted, and what that posts, and ends driving. Not for the
  // driver.
  void StopDriving();

  // Runs what was posted aside, and what that posts, and ends the thread; to be
  // called when driving has ended. On that thread itself it returns at once,
  // and what was posted runs after the present task.
  void Close();

  // Makes the loop have a round. Thread-safe.
  void Wake();

  // What follows is for the driver.

  // Into `tasks`, which is empty and whose room is used for what follows.
  void TakePosted(std::vector<Task>* tasks);

  // True: there is nothing to do but to wait, until EndWait().
  bool BeginWait();
  void EndWait();

  // Something is to be run aside, for which the loop is to be let go of.
  bool HasTasksAside() const;

  // Posts `task` aside, before all that waits there, if the thread aside is not
  // busy with another one: so that it waits for none. Else false.
  bool TryPostAside(Task* task);

 private:
  struct Shared;

  explicit LoopCrew(std::shared_ptr<Shared> shared);

  const std::shared_ptr<Shared> shared_;  // With the threads.
  std::optional<Thread> aside_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_LOOP_CREW_H_
