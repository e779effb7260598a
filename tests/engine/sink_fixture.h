// A sink on its loop, for tests to feed.

#ifndef GEMINI_TESTS_ENGINE_SINK_FIXTURE_H_
#define GEMINI_TESTS_ENGINE_SINK_FIXTURE_H_

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "engine/sinks.h"
#include "gtest/gtest.h"

namespace gemini::internal {

class SinkFixture : public ::testing::Test {
 protected:
  using Result = absl::StatusOr<std::vector<Image>>;

  SinkFixture()
      : clock_(NewSystemClock()), loop_(*EventLoop::Create(clock_.get())) {
    context_ = std::make_unique<SinkContext>(
        loop_.get(), [](TaskThread::Task task) { std::move(task)(); });
  }

  ~SinkFixture() override {
    sink_.reset();
    loop_->Stop();
    context_.reset();
  }

  // Runs on the loop's thread and waits for it.
  void OnLoop(const std::function<void()>& task) {
    absl::Notification done;
    loop_->Post([&] {
      task();
      done.Notify();
    });
    done.WaitForNotification();
  }

  void Make(const Sink& sink, SinkPurpose purpose = {}) {
    sink_ = NewSink(context_.get(), sink, std::move(purpose));
  }

  void Begin(int64_t expected_bytes = 0) {
    OnLoop([&] { sink_->Begin(expected_bytes); });
  }

  void Put(absl::string_view bytes) {
    OnLoop([&] {
      while (!bytes.empty()) {
        const absl::string_view piece = bytes.substr(0, 16 << 10);
        bytes.remove_prefix(piece.size());
        const absl::Span<char> room = sink_->Room(piece.size() + 3);
        std::memcpy(room.data(), piece.data(), piece.size());
        sink_->Filled(piece.size());
      }
    });
  }

  Result End(std::vector<KeptPicture> kept) {
    Result result;
    absl::Notification done;
    OnLoop([&] {
      sink_->End(std::move(kept), [&](Result r) {
        result = std::move(r);
        done.Notify();
      });
    });
    done.WaitForNotification();
    return result;
  }

  std::shared_ptr<Clock> clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<SinkContext> context_;
  std::shared_ptr<AttemptSink> sink_;
};

}  // namespace gemini::internal

#endif  // GEMINI_TESTS_ENGINE_SINK_FIXTURE_H_
