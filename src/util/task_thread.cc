#include "util/task_thread.h"

#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "util/mutex_lock.h"

namespace gemini::internal {

struct TaskThread::Queue {
  bool Ready() const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    return closed || !tasks.empty();
  }

  void Run() {
    while (true) {
      Task task;
      {
        MutexLock lock(&mutex);
        mutex.Await(absl::Condition(this, &Queue::Ready));
        if (tasks.empty()) return;
        task = std::move(tasks.front());
        tasks.pop_front();
      }
      std::move(task)();
    }
  }

  absl::Mutex mutex;
  std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
  bool closed ABSL_GUARDED_BY(mutex) = false;
};

absl::StatusOr<std::unique_ptr<TaskThread>> TaskThread::Start(
    const char* name) {
  auto queue = std::make_shared<Queue>();
  absl::StatusOr<Thread> thread =
      Thread::Start(name, [queue] { queue->Run(); });
  if (!thread.ok()) return thread.status();
  return std::unique_ptr<TaskThread>(
      new TaskThread(std::move(queue), *std::move(thread)));
}

TaskThread::TaskThread(std::shared_ptr<Queue> queue, Thread thread)
    : queue_(std::move(queue)), thread_(thread) {}

TaskThread::~TaskThread() {
  {
    MutexLock lock(&queue_->mutex);
    queue_->closed = true;
  }
  if (thread_.IsCurrent()) {
    thread_.Detach();
  } else {
    thread_.Join();
  }
}

void TaskThread::Post(Task task) {
  MutexLock lock(&queue_->mutex);
  queue_->tasks.push_back(std::move(task));
}

}  // namespace gemini::internal
