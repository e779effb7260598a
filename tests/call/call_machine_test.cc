#include "call/call_machine.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

Diagnosis Failure(Cause cause) {
  Diagnosis diagnosis;
  diagnosis.cause = cause;
  diagnosis.code = "code";
  return diagnosis;
}

Diagnosis FailureUntil(Cause cause, absl::Time retry_at) {
  Diagnosis diagnosis = Failure(cause);
  diagnosis.retry_at = retry_at;
  return diagnosis;
}

// Drives a machine through failures of one kind, as fast as it allows.
struct Course {
  int requests = 0;
  absl::Duration waited;
  Finish finish;
};

Course Drive(const Order& order, const std::vector<Diagnosis>& failures,
             double random) {
  Gates gates({}, {}, {{"key", "project"}});
  CallMachine machine(order, &gates);
  Course course;
  absl::Time now = kStart;
  Action action = machine.OnStarted(now);
  while (true) {
    if (auto* finish = std::get_if<Finish>(&action)) {
      course.finish = *finish;
      return course;
    }
    if (auto* wait = std::get_if<WaitUntil>(&action)) {
      EXPECT_GE(wait->time, now);
      course.waited += wait->time - now;
      now = wait->time;
      action = machine.OnWoke(now);
      continue;
    }
    const size_t i = static_cast<size_t>(course.requests++);
    std::optional<Diagnosis> diagnosis;
    if (i < failures.size()) diagnosis = failures[i];
    action = machine.OnAttemptEnded(diagnosis, now, random);
  }
}

Order OrderFor(RetryOptions options = {},
               absl::Duration limit = absl::Minutes(5),
               absl::Duration attempt_limit = absl::Minutes(3)) {
  Order order;
  TimeLimits limits;
  limits.attempt = attempt_limit;
  order.terms =
      std::make_shared<Terms>(Terms{options, limits, /*models=*/{"model"}});
  order.deadline = kStart + limit;
  return order;
}

Action FirstAction(const Order& order) {
  Gates gates({}, {}, {{"key", "project"}});
  CallMachine machine(order, &gates);
  return machine.OnStarted(kStart);
}

TEST(CallMachineTest, DeliversWhatTheFirstAttemptBrings) {
  const Course course = Drive(OrderFor(), {}, 0.5);
  EXPECT_EQ(course.requests, 1);
  EXPECT_EQ(course.finish.verdict, Finish::Verdict::kDelivered);
  EXPECT_EQ(course.waited, absl::ZeroDuration());
}

TEST(CallMachineTest, SendsAsManyRequestsAsTheCauseDeserves) {
  struct Case {
    Cause cause;
    int requests;
    Finish::Verdict verdict;
  };
  const Case cases[] = {
      {Cause::kRateLimited, 4, Finish::Verdict::kDegraded},
      {Cause::kSpendRate, 4, Finish::Verdict::kDegraded},
      {Cause::kOverloaded, 4, Finish::Verdict::kDegraded},
      {Cause::kTransient, 4, Finish::Verdict::kDegraded},
      {Cause::kAmbiguous, 2, Finish::Verdict::kDegraded},
      {Cause::kNoImage, 2, Finish::Verdict::kDegraded},
      {Cause::kBadResponse, 2, Finish::Verdict::kDegraded},
      {Cause::kZeroQuota, 1, Finish::Verdict::kDegraded},
      {Cause::kDailyQuota, 1, Finish::Verdict::kDegraded},
      {Cause::kBilling, 1, Finish::Verdict::kDegraded},
      {Cause::kCredential, 1, Finish::Verdict::kDegraded},
      {Cause::kModelNotFound, 1, Finish::Verdict::kDegraded},
      {Cause::kRefused, 1, Finish::Verdict::kDegraded},
      {Cause::kTokenLimit, 1, Finish::Verdict::kDegraded},
      {Cause::kInvalidRequest, 1, Finish::Verdict::kInvalid},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(static_cast<int>(c.cause));
    const Course course =
        Drive(OrderFor(), std::vector<Diagnosis>(10, Failure(c.cause)), 0.5);
    EXPECT_EQ(course.requests, c.requests);
    EXPECT_EQ(course.finish.verdict, c.verdict);
    ASSERT_TRUE(course.finish.diagnosis.has_value());
    EXPECT_EQ(course.finish.diagnosis->cause, c.cause);
  }
}

TEST(CallMachineTest, NoRetriesMeansOneRequestWhateverHappens) {
  RetryOptions options;
  options.max_retries = 0;
  for (const Cause cause : {Cause::kRateLimited, Cause::kTransient,
                            Cause::kAmbiguous, Cause::kNoImage}) {
    EXPECT_EQ(
        Drive(OrderFor(options), std::vector<Diagnosis>(5, Failure(cause)), 0.5)
            .requests,
        1)
        << static_cast<int>(cause);
  }
}

TEST(CallMachineTest, DeliversAfterFaultsThatPass) {
  const Course course =
      Drive(OrderFor(),
            {Failure(Cause::kTransient), Failure(Cause::kOverloaded),
             Failure(Cause::kNoImage)},
            0.5);
  EXPECT_EQ(course.requests, 4);
  EXPECT_EQ(course.finish.verdict, Finish::Verdict::kDelivered);
}

TEST(CallMachineTest, BacksOffExponentially) {
  const Course course = Drive(
      OrderFor(), std::vector<Diagnosis>(3, Failure(Cause::kTransient)), 0.5);
  // Half of 0.5 s, 1 s and 2 s.
  EXPECT_EQ(course.waited, absl::Milliseconds(1750));
}

TEST(CallMachineTest, WaitsLongerAfterARefusalThatStatesNoDelay) {
  const Course course = Drive(
      OrderFor(), std::vector<Diagnosis>(1, Failure(Cause::kRateLimited)), 0.5);
  EXPECT_EQ(course.waited, absl::Milliseconds(2500));
}

TEST(CallMachineTest, ABare429IsThrottledLikeARefusalForQuota) {
  Diagnosis diagnosis = Failure(Cause::kOverloaded);
  diagnosis.http_status = 429;
  EXPECT_EQ(Drive(OrderFor(), {diagnosis}, 0.5).waited,
            absl::Milliseconds(2500));
  diagnosis.reason = "MODEL_CAPACITY_EXHAUSTED";
  EXPECT_EQ(Drive(OrderFor(), {diagnosis}, 0.5).waited,
            absl::Milliseconds(250));
}

TEST(CallMachineTest, AKeyWithoutRepetitionsLeftLeavesTheCallToTheNext) {
  Gates gates({}, {}, {{"k1", "p1"}, {"k2", "p2"}});
  RetryOptions once;
  once.max_retries = 0;
  CallMachine machine(OrderFor(once), &gates);
  Action action = machine.OnStarted(kStart);
  ASSERT_TRUE(std::holds_alternative<StartAttempt>(action));
  EXPECT_EQ(std::get_if<StartAttempt>(&action)->credential, 0U);
  action = machine.OnAttemptEnded(
      FailureUntil(Cause::kRateLimited, kStart + absl::Seconds(33)), kStart, 0);
  ASSERT_TRUE(std::holds_alternative<StartAttempt>(action));
  EXPECT_EQ(std::get_if<StartAttempt>(&action)->credential, 1U);
  action = machine.OnAttemptEnded(
      FailureUntil(Cause::kRateLimited, kStart + absl::Seconds(33)), kStart, 0);
  EXPECT_TRUE(std::holds_alternative<Finish>(action));
}

TEST(CallMachineTest, NobodyIsToldToComeBackInThePast) {
  Gates gates({}, {}, {{"key", "project"}});
  CallMachine first(OrderFor({}, absl::Minutes(1)), &gates);
  CallMachine second(OrderFor({}, absl::Minutes(1)), &gates);
  first.OnStarted(kStart);
  second.OnStarted(kStart);
  first.OnAttemptEnded(
      FailureUntil(Cause::kRateLimited, kStart + absl::Seconds(1)), kStart, 0);
  second.OnWoke(kStart);
  const absl::Time end = kStart + absl::Minutes(1);
  const Action action = second.OnWoke(end);
  const auto* finish = std::get_if<Finish>(&action);
  ASSERT_NE(finish, nullptr);
  ASSERT_TRUE(finish->retry_at.has_value());
  EXPECT_GE(*finish->retry_at, end);
}

TEST(CallMachineTest, AnOutageIsProbedByAnotherCallEachTime) {
  Gates gates({}, {}, {{"key", "project"}});
  CallMachine first(OrderFor(), &gates);
  CallMachine second(OrderFor(), &gates);
  absl::Time now = kStart;
  EXPECT_TRUE(std::holds_alternative<StartAttempt>(first.OnStarted(now)));
  EXPECT_TRUE(std::holds_alternative<WaitUntil>(second.OnStarted(now)));
  first.OnAttemptEnded(Failure(Cause::kOverloaded), now, 0.0);
  // Both ask; the one that has not failed goes first.
  EXPECT_TRUE(std::holds_alternative<WaitUntil>(first.OnWoke(now)));
  EXPECT_TRUE(std::holds_alternative<StartAttempt>(second.OnWoke(now)));
}

TEST(CallMachineTest, NeverComesBackEarlierThanTheServerSaid) {
  const absl::Time told = kStart + absl::Nanoseconds(38251487996);
  for (const double random : {0.0, 0.3, 0.999}) {
    const Course course =
        Drive(OrderFor(), {FailureUntil(Cause::kRateLimited, told)}, random);
    EXPECT_EQ(course.finish.verdict, Finish::Verdict::kDelivered);
    EXPECT_GE(kStart + course.waited, told);
    EXPECT_LE(kStart + course.waited, told + absl::Seconds(1));
  }
}

TEST(CallMachineTest, DegradesAtOnceWhenTheServersDelayOverrunsTheDeadline) {
  const absl::Time told = kStart + absl::Seconds(33);
  const Course course = Drive(OrderFor({}, absl::Seconds(10)),
                              {FailureUntil(Cause::kRateLimited, told)}, 0.5);
  EXPECT_EQ(course.requests, 1);
  EXPECT_EQ(course.waited, absl::ZeroDuration());
  EXPECT_EQ(course.finish.verdict, Finish::Verdict::kDegraded);
  EXPECT_EQ(course.finish.retry_at, told);
}

TEST(CallMachineTest, WithoutAServersDelayTheGatesTellAtOnceThatItIsTooLate) {
  // A quota of which nothing is known is tested 2 s after its refusal.
  Diagnosis bare = Failure(Cause::kOverloaded);
  bare.http_status = 429;
  for (const Diagnosis& refusal : {bare, Failure(Cause::kRateLimited)}) {
    const Course course = Drive(OrderFor({}, absl::Seconds(1)), {refusal}, 0.1);
    EXPECT_EQ(course.requests, 1);
    EXPECT_EQ(course.waited, absl::ZeroDuration());
    EXPECT_EQ(course.finish.verdict, Finish::Verdict::kDegraded);
    EXPECT_EQ(course.finish.retry_at, kStart + absl::Seconds(2));
  }
}

TEST(CallMachineTest, WithoutRepetitionsLeftItSaysWhenTheGatesOpen) {
  RetryOptions once;
  once.max_retries = 0;
  const Course course =
      Drive(OrderFor(once), {Failure(Cause::kRateLimited)}, 0.1);
  EXPECT_EQ(course.finish.retry_at, kStart + absl::Seconds(2));
}

TEST(CallMachineTest, ABackoffIsExpectedToLastUntilTheGatesOpen) {
  Gates gates({}, {}, {{"key", "project"}});
  CallMachine machine(OrderFor(), &gates);
  machine.OnStarted(kStart);
  const Action action =
      machine.OnAttemptEnded(Failure(Cause::kRateLimited), kStart, 0.1);
  const auto* wait = std::get_if<WaitUntil>(&action);
  ASSERT_NE(wait, nullptr);
  EXPECT_EQ(wait->time, kStart + absl::Milliseconds(500));
  EXPECT_EQ(wait->expected, kStart + absl::Seconds(2));
}

TEST(CallMachineTest, NeverWaitsForAQuotaOfZero) {
  const Course course = Drive(OrderFor(), {Failure(Cause::kZeroQuota)}, 0.5);
  EXPECT_EQ(course.waited, absl::ZeroDuration());
  EXPECT_EQ(course.finish.retry_at, std::nullopt);
}

TEST(CallMachineTest, ADailyQuotaSaysWhenToComeBack) {
  const absl::Time reset = kStart + absl::Hours(7);
  const Course course =
      Drive(OrderFor(), {FailureUntil(Cause::kDailyQuota, reset)}, 0.5);
  EXPECT_EQ(course.requests, 1);
  EXPECT_EQ(course.finish.retry_at, reset);
}

TEST(CallMachineTest, AnAttemptEndsWithTheCall) {
  const Action action = FirstAction(OrderFor({}, absl::Minutes(1)));
  const auto* start = std::get_if<StartAttempt>(&action);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->give_up_at, kStart + absl::Minutes(1));
}

TEST(CallMachineTest, AnAttemptIsBoundedByItsOwnLimit) {
  const Action action =
      FirstAction(OrderFor({}, absl::Minutes(1), absl::Seconds(7)));
  const auto* start = std::get_if<StartAttempt>(&action);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->give_up_at, kStart + absl::Seconds(7));
}

TEST(CallMachineTest, SendsNothingAfterTheDeadline) {
  const Action action = FirstAction(OrderFor({}, absl::ZeroDuration()));
  const auto* finish = std::get_if<Finish>(&action);
  ASSERT_NE(finish, nullptr);
  EXPECT_EQ(finish->verdict, Finish::Verdict::kDegraded);
  EXPECT_EQ(finish->diagnosis->cause, Cause::kDeadlineExceeded);
}

TEST(CallMachineTest, TheCallerDecidesHowOftenALostAnswerIsRepeated) {
  for (const int allowed : {0, 1, 3}) {
    RetryOptions options;
    options.max_ambiguous_retries = allowed;
    EXPECT_EQ(Drive(OrderFor(options),
                    std::vector<Diagnosis>(9, Failure(Cause::kAmbiguous)), 0.5)
                  .requests,
              allowed + 1);
  }
}

}  // namespace
}  // namespace gemini::internal
