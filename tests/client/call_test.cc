#include "client/call.h"

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "testing/manual_clock.h"

namespace gemini::internal {
namespace {

TEST(CallTest, CancellingACallThatHasEndedDoesNothing) {
  gemini::testing::ManualClock clock;
  auto loop = EventLoop::Create(&clock);
  ASSERT_TRUE(loop.ok());
  auto transport = CurlTransport::Create(loop->get(), {});
  ASSERT_TRUE(transport.ok());
  const Configuration configuration;
  Gates gates({}, {}, {{"key", "project"}});
  CallContext context;
  context.gates = &gates;
  context.loop = loop->get();
  context.transport = transport->get();
  context.configuration = &configuration;
  context.after_gates = [] {};

  ImageRequest request;
  request.prompt = "a fox";
  request.count = 2;
  CallSettings settings;
  settings.request = std::make_shared<const ImageRequest>(request);
  Terms terms;
  terms.models = {"m"};
  settings.terms = std::make_shared<const Terms>(terms);
  settings.started = clock.Now() - terms.limits.call;
  settings.deadline = clock.Now();  // No time is left.
  int ends = 0;
  context.ended = [&ends](uint64_t, Completion&&, absl::StatusOr<Outcome>&&) {
    ++ends;
  };
  absl::Notification done;
  (*loop)->Post([&] {
    Call call(&context, std::move(settings));
    call.Start();
    call.Cancel();
    done.Notify();
  });
  done.WaitForNotification();
  (*loop)->Stop();
  EXPECT_EQ(ends, 1);
}

}  // namespace
}  // namespace gemini::internal
