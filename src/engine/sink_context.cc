#include <utility>

#include "engine/sinks.h"

namespace gemini::internal {
namespace {

constexpr size_t kStagingBytes = 128 << 10;

absl::StatusOr<TaskThread*> Started(const char* name,
                                    std::unique_ptr<TaskThread>* thread) {
  if (*thread == nullptr) {
    absl::StatusOr<std::unique_ptr<TaskThread>> started =
        TaskThread::Start(name);
    if (!started.ok()) return started.status();
    *thread = *std::move(started);
  }
  return thread->get();
}

}  // namespace

absl::Status SinkContext::PostForFiles(TaskThread::Task task) {
  if (loop_->TryPostAside(&task)) return absl::OkStatus();
  absl::StatusOr<TaskThread*> thread = Started("gemini-files", &files_);
  if (!thread.ok()) return thread.status();
  (*thread)->Post(std::move(task));
  return absl::OkStatus();
}

absl::StatusOr<TaskThread*> SinkContext::receivers() {
  return Started("gemini-sink", &receivers_);
}

absl::Span<char> SinkContext::Stage(Staged* owner, size_t n) {
  if (staging_ == nullptr) staging_.reset(new char[kStagingBytes]);
  if (owner_ != owner || kStagingBytes - staged_ < n) {
    if (owner_ != nullptr) Unstage(owner_);
    owner_ = owner;
  }
  return absl::MakeSpan(staging_.get() + staged_, kStagingBytes - staged_);
}

void SinkContext::Unstage(Staged* owner) {
  if (owner != owner_) return;
  owner_ = nullptr;
  const size_t n = std::exchange(staged_, 0);
  if (n > 0) owner->Unstage(absl::MakeConstSpan(staging_.get(), n));
}

void SinkContext::ForgetStaged(Staged* owner) {
  if (owner != owner_) return;
  owner_ = nullptr;
  staged_ = 0;
}

std::shared_ptr<AttemptSink> NewSink(SinkContext* context, const Sink& sink,
                                     SinkPurpose&& purpose) {
  if (const auto* file = std::get_if<FileSink>(&sink)) {
    return NewFileSink(context, *file, std::move(purpose));
  }
  if (const auto* callback = std::get_if<CallbackSink>(&sink)) {
    return NewCallbackSink(context, *callback, std::move(purpose));
  }
  return NewMemorySink();
}

}  // namespace gemini::internal
