// The sinks that include/gemini/sink.h describes.

#ifndef GEMINI_SRC_ENGINE_SINKS_H_
#define GEMINI_SRC_ENGINE_SINKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/attempt_sink.h"
#include "engine/event_loop.h"
#include "gemini/sink.h"
#include "util/light_mutex.h"
#include "util/task_thread.h"

namespace gemini::internal {

// What may wait for a receiver and for a file, of one attempt, and of all that
// wait for files.
inline constexpr size_t kMaxQueuedBytes = 256 << 10;
inline constexpr size_t kMaxQueuedForFile = 128 << 10;
inline constexpr size_t kMaxAllQueuedBytes = 4 << 20;

// The most that is asked for with AttemptSink::Room().
inline constexpr size_t kMaxRoom = 64 << 10;

// What the sinks of a client share. For the loop's thread, its creation and
// destruction apart; to be destroyed before the loop, when no sink is left.
class SinkContext {
 public:
  // Bytes on their way into a file, of whichever sink wrote last: so that one
  // picture is written in few pieces, and thousands need no buffers.
  class Staged {
   public:
    virtual ~Staged() = default;
    virtual void Unstage(absl::Span<const char> bytes) = 0;
  };

  // `on_caller_code` runs around what receivers and choose_name do.
  using Wrapper = std::function<void(TaskThread::Task)>;
  explicit SinkContext(EventLoop* loop, Wrapper on_caller_code)
      : loop_(loop), on_caller_code_(std::move(on_caller_code)) {}

  EventLoop* loop() { return loop_; }

  // Runs what is done to files: aside of the loop while little is under way,
  // else on a thread of their own, so that files do not wait for callbacks.
  // Tasks may overtake each other, and two may run at once.
  absl::Status PostForFiles(TaskThread::Task task);

  // Held while a name is chosen and given.
  LightMutex* naming() { return &naming_; }

  // For receivers. Started when it is first needed, as that for files.
  absl::StatusOr<TaskThread*> receivers();
  void RunCallerCode(TaskThread::Task task) const {
    on_caller_code_(std::move(task));
  }

  // Returns room for `n` bytes behind what `owner` staged; what others did is
  // unstaged before, and its own if it is much.
  absl::Span<char> Stage(Staged* owner, size_t n);
  void Fill(size_t n) { staged_ += n; }
  void Unstage(Staged* owner);  // If it is the owner.
  void ForgetStaged(Staged* owner);

  size_t staged_of(const Staged* owner) const {
    return owner == owner_ ? staged_ : 0;
  }
  size_t queued = 0;  // Of all that wait for files.

 private:
  EventLoop* const loop_;
  const Wrapper on_caller_code_;
  LightMutex naming_;
  std::unique_ptr<TaskThread> files_;
  std::unique_ptr<TaskThread> receivers_;
  std::unique_ptr<char[]> staging_;
  size_t staged_ = 0;
  Staged* owner_ = nullptr;
};

// For which picture of which call a sink is made.
struct SinkPurpose {
  int attempt = 0;
  int index = 0;
  int count = 1;  // Of pictures asked for.

  // Called when there is room again after WantsPause().
  std::function<void()> resume;
};

std::shared_ptr<AttemptSink> NewMemorySink();
std::shared_ptr<AttemptSink> NewFileSink(SinkContext* context,
                                         const FileSink& options,
                                         SinkPurpose&& purpose);
std::shared_ptr<AttemptSink> NewCallbackSink(SinkContext* context,
                                             const CallbackSink& options,
                                             SinkPurpose&& purpose);

// The one that `sink` asks for.
std::shared_ptr<AttemptSink> NewSink(SinkContext* context, const Sink& sink,
                                     SinkPurpose&& purpose);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_SINKS_H_
