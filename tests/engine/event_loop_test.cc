#include "engine/event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/manual_clock.h"

namespace gemini::internal {
namespace {

using ::gemini::testing::ManualClock;
using ::testing::ElementsAre;

class EventLoopTest : public ::testing::Test {
 protected:
  EventLoopTest() : loop_(*EventLoop::Create(&clock_)) {}

  // Runs a function on the loop's thread and waits for it.
  void OnLoop(const std::function<void()>& function) {
    absl::Notification done;
    loop_->Post([&] {
      function();
      done.Notify();
    });
    done.WaitForNotification();
  }

  ManualClock clock_;
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(EventLoopTest, RunsTasksInTheOrderOfPosting) {
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    loop_->Post([&order, i] { order.push_back(i); });
  }
  OnLoop([] {});
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(EventLoopTest, RunsWhatWasPostedBeforeItEnds) {
  int ran = 0;
  for (int i = 0; i < 100; ++i) loop_->Post([&ran] { ++ran; });
  loop_->Stop();
  EXPECT_EQ(ran, 100);
}

TEST_F(EventLoopTest, ATaskMayPostAnotherWhileTheLoopEnds) {
  bool ran = false;
  loop_->Post([&] { loop_->Post([&] { ran = true; }); });
  loop_->Stop();
  EXPECT_TRUE(ran);
}

TEST_F(EventLoopTest, TimersRunWhenTheClockShowsTheirTimeInItsOrder) {
  std::vector<int> order;
  absl::Notification last;
  OnLoop([&] {
    const absl::Time now = loop_->Now();
    loop_->AddTimer(now + absl::Seconds(2), [&] {
      order.push_back(2);
      last.Notify();
    });
    loop_->AddTimer(now + absl::Seconds(1), [&] { order.push_back(1); });
    loop_->AddTimer(now + absl::Seconds(9), [&] { order.push_back(9); });
  });
  clock_.Advance(absl::Seconds(2));
  last.WaitForNotification();
  OnLoop([] {});
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(EventLoopTest, ACancelledTimerDoesNotRun) {
  bool ran = false;
  absl::Notification later;
  OnLoop([&] {
    const absl::Time now = loop_->Now();
    const EventLoop::TimerId id =
        loop_->AddTimer(now + absl::Seconds(1), [&] { ran = true; });
    loop_->AddTimer(now + absl::Seconds(2), [&] { later.Notify(); });
    loop_->CancelTimer(id);
  });
  clock_.Advance(absl::Seconds(5));
  later.WaitForNotification();
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, TellsOfSocketsUntilTheyAreUnwatched) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  absl::Notification readable;
  OnLoop([&] {
    EXPECT_TRUE(loop_
                    ->Watch(ends[0], EPOLLIN,
                            [&](uint32_t events) {
                              EXPECT_NE(events & EPOLLIN, 0U);
                              loop_->Unwatch(ends[0]);
                              readable.Notify();
                            })
                    .ok());
  });
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  readable.WaitForNotification();
  OnLoop([] {});  // It would notify twice, and abort, if it were still watched.
  close(ends[0]);
  close(ends[1]);
}

TEST_F(EventLoopTest, TakesTasksFromManyThreads) {
  int ran = 0;  // Of the loop's thread alone.
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) loop_->Post([&ran] { ++ran; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  OnLoop([] {});
  EXPECT_EQ(ran, 4000);
}

}  // namespace
}  // namespace gemini::internal
