#include "engine/event_loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/manual_clock.h"

namespace gemini::internal {
namespace {

using ::gemini::testing::ManualClock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Handler final : public EventLoop::SocketHandler {
 public:
  using Function = std::function<void(int fd, uint32_t epoll_events)>;

  explicit Handler(Function function) : function_(std::move(function)) {}
  void OnSocketReady(int fd, uint32_t epoll_events) override {
    function_(fd, epoll_events);
  }

 private:
  const Function function_;
};

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int out() const { return ends_[0]; }
  void Write() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }

 private:
  int ends_[2] = {-1, -1};
};

int ThreadsNamed(absl::string_view name) {
  int count = 0;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string its_name;
    std::getline(std::ifstream(thread.path() / "comm"), its_name);
    if (its_name == name) ++count;
  }
  return count;
}

// Blocks the thread aside while it lives.
class BlockingTask {
 public:
  explicit BlockingTask(EventLoop* loop) {
    loop->PostAside([this] {
      blocked_.Notify();
      go_on_.WaitForNotification();
      ended_.Notify();
    });
    blocked_.WaitForNotification();
  }
  ~BlockingTask() {
    go_on_.Notify();
    ended_.WaitForNotification();
  }

 private:
  absl::Notification blocked_;
  absl::Notification go_on_;
  absl::Notification ended_;
};

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
    loop_->Await(done);
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
  Handler handler([&](int fd, uint32_t events) {
    EXPECT_EQ(fd, ends[0]);
    EXPECT_NE(events & EPOLLIN, 0U);
    loop_->Unwatch(fd);
    readable.Notify();
  });
  OnLoop([&] { EXPECT_TRUE(loop_->Watch(ends[0], EPOLLIN, &handler).ok()); });
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  readable.WaitForNotification();
  OnLoop([] {});  // It would notify twice, and abort, if it were still watched.
  close(ends[0]);
  close(ends[1]);
}

TEST_F(EventLoopTest, ADescriptorThatRestsIsNotToldOfUntilItIsWatchedAgain) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  for (const bool readable_while_resting : {false, true}) {
    std::atomic<int> told{0};
    absl::Notification again;
    Handler first([&](int, uint32_t) { ++told; });
    Handler second([&](int fd, uint32_t) {
      loop_->Unwatch(fd);
      again.Notify();
    });
    OnLoop([&] {
      ASSERT_TRUE(loop_->Watch(ends[0], EPOLLIN, &first).ok());
      loop_->Rest(ends[0]);
    });
    if (readable_while_resting) {
      ASSERT_EQ(write(ends[1], "x", 1), 1);
      // Sees it, if it ever will, and does not go on seeing it.
      for (int i = 0; i < 3; ++i) OnLoop([] {});
    }
    OnLoop([&] { ASSERT_TRUE(loop_->Watch(ends[0], EPOLLIN, &second).ok()); });
    if (!readable_while_resting) {
      ASSERT_EQ(write(ends[1], "x", 1), 1);
    }
    again.WaitForNotification();
    EXPECT_EQ(told, 0);
    char byte;
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST_F(EventLoopTest, TheNextWithTheNumberOfOneThatRestedIsWatchedAnew) {
  int first[2];
  ASSERT_EQ(pipe(first), 0);
  Handler unused([](int, uint32_t) { ADD_FAILURE(); });
  OnLoop([&] {
    ASSERT_TRUE(loop_->Watch(first[0], EPOLLIN, &unused).ok());
    loop_->Rest(first[0]);
    loop_->Unwatch(first[0]);
    close(first[0]);
  });
  int second[2];
  ASSERT_EQ(pipe(second), 0);
  ASSERT_EQ(second[0], first[0]);
  absl::Notification readable;
  Handler handler([&](int fd, uint32_t) {
    loop_->Unwatch(fd);
    readable.Notify();
  });
  OnLoop([&] { ASSERT_TRUE(loop_->Watch(second[0], EPOLLIN, &handler).ok()); });
  ASSERT_EQ(write(second[1], "x", 1), 1);
  readable.WaitForNotification();
  close(first[1]);
  close(second[0]);
  close(second[1]);
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

TEST_F(EventLoopTest, RunsTasksAsideInTheOrderOfPostingWhoeverPosts) {
  std::vector<int> order;  // Of the thread aside.
  absl::Notification last;
  loop_->PostAside([&] { order.push_back(0); });
  OnLoop([&] {
    for (int i = 1; i < 4; ++i) {
      loop_->PostAside([&order, i] { order.push_back(i); });
    }
    loop_->PostAside([&] {
      loop_->PostAside([&] {
        order.push_back(5);
        last.Notify();
      });
      order.push_back(4);
    });
  });
  last.WaitForNotification();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(EventLoopTest, GoesOnWhileATaskAsideWaitsForIt) {
  // Each way to set a task off that then waits for the loop.
  for (const bool from_the_loop : {true, false}) {
    absl::Notification done;
    auto task = [&] {
      OnLoop([] {});
      absl::Notification timer;
      OnLoop([&] {
        loop_->AddTimer(loop_->Now() + absl::Seconds(1),
                        [&] { timer.Notify(); });
      });
      clock_.Advance(absl::Seconds(1));
      timer.WaitForNotification();
      done.Notify();
    };
    if (from_the_loop) {
      OnLoop([&] { loop_->PostAside(task); });
    } else {
      loop_->PostAside(task);
    }
    done.WaitForNotification();
  }
}

TEST_F(EventLoopTest, TellsOfSocketsWhileATaskAsideWaitsForThat) {
  Pipe pipe;
  absl::Notification told;
  Handler handler([&](int fd, uint32_t) {
    loop_->Unwatch(fd);
    told.Notify();
  });
  absl::Notification done;
  OnLoop([&] {
    ASSERT_TRUE(loop_->Watch(pipe.out(), EPOLLIN, &handler).ok());
    loop_->PostAside([&] {
      pipe.Write();
      told.WaitForNotification();
      done.Notify();
    });
  });
  done.WaitForNotification();
}

TEST(EventLoopOfTheSystemTest, RunsTimersWhileATaskAsideWaitsForThat) {
  const std::shared_ptr<Clock> clock = NewSystemClock();
  const std::unique_ptr<EventLoop> loop = *EventLoop::Create(clock.get());
  absl::Notification rang;
  absl::Notification done;
  loop->Post([&] {
    loop->AddTimer(loop->Now() + absl::Milliseconds(1), [&] { rang.Notify(); });
    loop->PostAside([&] {
      rang.WaitForNotification();
      done.Notify();
    });
  });
  done.WaitForNotification();
}

TEST_F(EventLoopTest, ServesOthersWhileATaskAsideBlocks) {
  BlockingTask task(loop_.get());
  OnLoop([] {});
}

TEST_F(EventLoopTest, WhatComesOneAfterAnotherHasOneThread) {
  loop_.reset();
  loop_ = *EventLoop::Create(&clock_, absl::Hours(1));
  for (int i = 0; i < 100; ++i) {
    absl::Notification done;
    OnLoop([&] {
      loop_->PostAside([&] { loop_->Post([&] { done.Notify(); }); });
    });
    done.WaitForNotification();
  }
  EXPECT_EQ(ThreadsNamed("gemini-io"), 0);
}

// One thread is enough until then, which is not to be kept from the loop.
TEST_F(EventLoopTest, RunsWhatATaskAsidePostedHoweverManyFollowIt) {
  std::atomic<bool> ran{false};
  absl::Notification done;
  std::function<void()> again = [&] {
    if (ran) {
      done.Notify();
    } else {
      loop_->PostAside(again);
    }
  };
  loop_->PostAside([&] {
    loop_->Post([&] { ran = true; });
    again();
  });
  done.WaitForNotification();
}

TEST_F(EventLoopTest, HasAThreadToGoOnOnceATaskAsideThatPostedWasSlow) {
  loop_.reset();
  loop_ = *EventLoop::Create(&clock_, -absl::Nanoseconds(1));  // All are slow.
  absl::Notification slow;
  // It may not be waited for until it was: until then it waits for its end.
  loop_->PostAside([&] { loop_->Post([&] { slow.Notify(); }); });
  slow.WaitForNotification();
  absl::Notification done;
  loop_->PostAside([&] {
    absl::Notification posted;
    loop_->Post([&] { posted.Notify(); });
    posted.WaitForNotification();
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(ThreadsNamed("gemini-io"), 1);
}

// Whichever thread makes that necessary.
TEST_F(EventLoopTest, ItsThreadsAreScheduledLikeItsMaker) {
  cpu_set_t wanted;
  ASSERT_EQ(sched_getaffinity(0, sizeof(wanted), &wanted), 0);
  const int wanted_policy = sched_getscheduler(0);
  BlockingTask task(loop_.get());
  cpu_set_t processors;
  int policy = -1;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; CPU_COUNT(&one) == 0; ++i) {
      if (CPU_ISSET(i, &wanted)) CPU_SET(i, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    const sched_param none = {};
    const int another =
        wanted_policy == SCHED_BATCH ? SCHED_OTHER : SCHED_BATCH;
    ASSERT_EQ(sched_setscheduler(0, another, &none), 0);
    OnLoop([&] {
      ASSERT_EQ(sched_getaffinity(0, sizeof(processors), &processors), 0);
      policy = sched_getscheduler(0);
    });
  }).join();
  EXPECT_EQ(ThreadsNamed("gemini-io"), 1);
  EXPECT_TRUE(CPU_EQUAL(&processors, &wanted));
  EXPECT_EQ(policy, wanted_policy);
}

TEST_F(EventLoopTest, EndsWhileATaskAsideDrivesItAndAnotherThreadSleeps) {
  absl::Notification has_io;
  loop_->PostAside([&] {
    std::thread([&] { OnLoop([] {}); }).join();
    has_io.Notify();
  });
  has_io.WaitForNotification();
  ASSERT_EQ(ThreadsNamed("gemini-io"), 1);
  absl::Notification drives;
  absl::Notification stopped;
  absl::Notification ended;
  OnLoop([&] {
    loop_->PostAside([&] {
      loop_->Post([&] { drives.Notify(); });
      loop_->Await(stopped);
      ended.Notify();
    });
  });
  drives.WaitForNotification();
  loop_->Stop();
  stopped.Notify();
  ended.WaitForNotification();
}

TEST_F(EventLoopTest, MayBeWaitedForOnceItHasEnded) {
  absl::Notification waits;
  absl::Notification stopped;
  absl::Notification ended;
  loop_->PostAside([&] {
    waits.Notify();
    stopped.WaitForNotification();
    loop_->Await(stopped);
    ended.Notify();
  });
  waits.WaitForNotification();
  OnLoop([] {});  // On another thread than that.
  loop_->Stop();
  stopped.Notify();
  ended.WaitForNotification();
}

TEST_F(EventLoopTest, TheTimerOfTheRealWorldMayBeSetAnewWhenItRuns) {
  class Timer final : public EventLoop::TimerHandler {
   public:
    explicit Timer(EventLoop* loop) : loop_(loop) {}
    void OnRealTimer() override {
      if (++runs == 3) {
        ended.Notify();
        return;
      }
      loop_->SetRealTimer(absl::Nanoseconds(runs == 1 ? 0 : 1), this);
    }

    int runs = 0;
    absl::Notification ended;

   private:
    EventLoop* const loop_;
  };
  Timer timer(loop_.get());
  OnLoop([&] { loop_->SetRealTimer(absl::ZeroDuration(), &timer); });
  timer.ended.WaitForNotification();
  OnLoop([&] {
    loop_->SetRealTimer(absl::Hours(1), &timer);
    loop_->SetRealTimer(absl::ZeroDuration(), &timer);
    loop_->ClearRealTimer();
  });
  for (int i = 0; i < 3; ++i) OnLoop([] {});
  OnLoop([&] { EXPECT_EQ(timer.runs, 3); });
}

// The thread that looks after tasks that wait looks ever more rarely while none
// does.
TEST_F(EventLoopTest, GoesOnAlsoAfterManyTasksThatWaitedForNothing) {
  for (int round = 0; round < 3; ++round) {
    int left = 2000;
    absl::Notification waits;
    std::function<void()> next = [&] {
      loop_->PostAside([&] {
        loop_->Post([&] {
          if (--left > 0) {
            next();
            return;
          }
          loop_->PostAside([&] {
            OnLoop([] {});
            waits.Notify();
          });
        });
      });
    };
    OnLoop(next);
    waits.WaitForNotification();
  }
}

TEST_F(EventLoopTest, NeverRunsATaskAsideOnItsOwnThreadNorTwoOfItsOwnAtOnce) {
  // Set while the loop's thread is in a task of the loop.
  std::atomic<int> in_loop{0};
  thread_local bool in_loop_here = false;
  std::atomic<int> left{5000};
  std::atomic<int> wrong{0};
  absl::Notification last;
  std::function<void()> again = [&] {
    if (in_loop_here) ++wrong;
    if (--left == 0) {
      last.Notify();  // The last that this does.
      return;
    }
    loop_->Post([&] {
      if (in_loop.fetch_add(1) != 0) ++wrong;
      in_loop_here = true;
      loop_->PostAside(again);
      in_loop_here = false;
      in_loop.fetch_sub(1);
    });
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (t == 0) {
          OnLoop([&] { EXPECT_EQ(in_loop, 0); });
        } else if (t == 1) {
          loop_->PostAside([] {});
        } else {
          clock_.Advance(absl::Milliseconds(1));
        }
      }
    });
  }
  loop_->PostAside(again);
  for (std::thread& thread : threads) thread.join();
  last.WaitForNotification();
  EXPECT_EQ(wrong, 0);
}

// A file, say, that a callback waits for by destroying the client.
TEST_F(EventLoopTest, WhatIsPostedAsideIfThereIsTimeWaitsForNoOther) {
  for (int i = 0; i < 200; ++i) {
    absl::Notification ran;
    absl::Notification ended;
    const auto on_loop = [&] {
      EventLoop::Task task = [&] { ran.Notify(); };
      const bool posted = loop_->TryPostAside(&task);
      std::thread([&] {
        loop_->PostAside([&] {
          ran.WaitForNotification();
          ended.Notify();
        });
      }).join();
      if (!posted) ran.Notify();  // On a thread of its own.
    };
    // Whoever drives the loop.
    if (i % 2 == 0) {
      loop_->Post(on_loop);
    } else {
      loop_->PostAside([&] { loop_->Post(on_loop); });
    }
    ended.WaitForNotification();
  }
}

TEST_F(EventLoopTest, MayBeDestroyedByATaskAside) {
  absl::Notification destroyed;
  absl::Notification after;
  loop_->PostAside([&] {
    loop_->PostAside([&] { after.Notify(); });
    loop_->Stop();
    loop_.reset();
    destroyed.Notify();
  });
  destroyed.WaitForNotification();
  after.WaitForNotification();
}

TEST_F(EventLoopTest, RunsWhatIsAsideBeforeItIsDestroyed) {
  int ran = 0;
  OnLoop([&] {
    for (int i = 0; i < 10; ++i) {
      loop_->PostAside([&] {
        ++ran;
        loop_->PostAside([&] { ++ran; });
      });
    }
  });
  loop_->Stop();
  loop_->EndAside();
  EXPECT_EQ(ran, 20);
}

// Sanitizers want all addresses there are.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

// While it lives there are addresses for the stacks of so many more threads:
// each is very large.
class RoomForThreads {
 public:
  explicit RoomForThreads(size_t threads) {
    constexpr size_t kStack = size_t{512} << 20;
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    EXPECT_GT(pages, 0U);
    EXPECT_EQ(pthread_getattr_default_np(&stack_before_), 0);
    pthread_attr_t large;
    EXPECT_EQ(pthread_attr_init(&large), 0);
    EXPECT_EQ(pthread_attr_setstacksize(&large, kStack), 0);
    EXPECT_EQ(pthread_setattr_default_np(&large), 0);
    pthread_attr_destroy(&large);
    EXPECT_EQ(getrlimit(RLIMIT_AS, &room_before_), 0);
    rlimit few = room_before_;
    few.rlim_cur = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) +
                   threads * kStack + kStack / 2;
    EXPECT_EQ(setrlimit(RLIMIT_AS, &few), 0);
  }
  ~RoomForThreads() {
    EXPECT_EQ(setrlimit(RLIMIT_AS, &room_before_), 0);
    EXPECT_EQ(pthread_setattr_default_np(&stack_before_), 0);
    pthread_attr_destroy(&stack_before_);
  }

 private:
  pthread_attr_t stack_before_;
  rlimit room_before_;
};

TEST(EventLoopStartTest, ThatItsThreadCannotBeHadIsToldAtOnce) {
  const RoomForThreads none(0);
  ManualClock clock;
  const absl::Status status = EventLoop::Create(&clock).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(status.message(), HasSubstr("gemini-callback"));
}

TEST_F(EventLoopTest, DoesWhatItCanIfASecondThreadCannotBeHad) {
  const RoomForThreads none(0);
  Handler handler([&](int fd, uint32_t) { loop_->Unwatch(fd); });
  for (int i = 0; i < 50; ++i) {
    Pipe first;
    Pipe second;
    absl::Notification ran;
    absl::Notification told;
    Handler tells([&](int fd, uint32_t) {
      loop_->Unwatch(fd);
      told.Notify();
    });
    OnLoop([&] {
      // With one of them the loop is let go of, with two it is not to be.
      ASSERT_TRUE(loop_->Watch(first.out(), EPOLLIN, &tells).ok());
      if (i % 2 == 0) {
        ASSERT_TRUE(loop_->Watch(second.out(), EPOLLIN, &handler).ok());
      }
      loop_->PostAside([&] {
        first.Write();
        ran.Notify();
      });
    });
    ran.WaitForNotification();
    told.WaitForNotification();
    // And what somebody else wants meanwhile is done later.
    absl::Notification blocked;
    absl::Notification go_on;
    absl::Notification posted;
    loop_->PostAside([&] {
      blocked.Notify();
      go_on.WaitForNotification();
    });
    blocked.WaitForNotification();
    absl::Notification next_ran;
    bool was_first = false;
    loop_->PostAside([&] {
      was_first = posted.HasBeenNotified();
      next_ran.Notify();
    });
    loop_->Post([&] { posted.Notify(); });
    EXPECT_FALSE(posted.HasBeenNotified());
    go_on.Notify();
    posted.WaitForNotification();
    next_ran.WaitForNotification();
    EXPECT_TRUE(was_first);
    OnLoop([&] { loop_->Unwatch(second.out()); });
  }
  EXPECT_EQ(ThreadsNamed("gemini-io"), 0);
  loop_->Stop();
}
#endif

}  // namespace
}  // namespace gemini::internal
