#include "call/gates.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

Demand NewDemand(Gates* gates, Priority priority = Priority::kInteractive) {
  Demand demand;
  demand.ticket = gates->NewTicket();
  demand.place = demand.ticket;
  demand.model = "model";
  demand.priority = priority;
  demand.deadline = kStart + absl::Minutes(5);
  return demand;
}

Diagnosis Failure(Cause cause) {
  Diagnosis diagnosis;
  diagnosis.cause = cause;
  return diagnosis;
}

Diagnosis MinuteQuota(int64_t limit, absl::Time retry_at) {
  Diagnosis diagnosis = Failure(Cause::kRateLimited);
  diagnosis.retry_at = retry_at;
  QuotaViolation violation;
  violation.quota_id = "GenerateRequestsPerMinutePerProjectPerModel";
  violation.model = "model-preview";
  violation.limit = limit;
  violation.window = QuotaWindow::kMinute;
  violation.unit = QuotaUnit::kRequests;
  diagnosis.violations = {violation};
  return diagnosis;
}

Permit MustAdmit(Gates* gates, const Demand& demand, absl::Time now) {
  Admission admission = gates->Admit(demand, now);
  auto* permit = std::get_if<Permit>(&admission);
  EXPECT_NE(permit, nullptr);
  return std::move(*permit);
}

class GatesTest : public ::testing::Test {
 protected:
  Gates gates_{{}, {}, {{"key", "project"}}};
};

TEST_F(GatesTest, OneRefusalTeachesAllCallsOfTheProject) {
  const Demand first = NewDemand(&gates_);
  const Demand second = NewDemand(&gates_);
  Permit permit = MustAdmit(&gates_, first, kStart);
  const absl::Time told = kStart + absl::Seconds(33);
  gates_.Record(std::move(permit), kStart, MinuteQuota(10, told), 0.5);
  const Admission admission = gates_.Admit(second, kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->time, told);
  EXPECT_EQ(again->why->cause, Cause::kRateLimited);
}

TEST_F(GatesTest, AWaitBeyondTheDeadlineIsNotBegun) {
  Permit permit = MustAdmit(&gates_, NewDemand(&gates_), kStart);
  const absl::Time told = kStart + absl::Minutes(6);
  gates_.Record(std::move(permit), kStart, MinuteQuota(10, told), 0.5);
  const Admission admission = gates_.Admit(NewDemand(&gates_), kStart);
  const auto* refusal = std::get_if<NotAdmitted>(&admission);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->retry_at, told);
}

TEST_F(GatesTest, ThoseWhoCannotWaitSoLongAreWoken) {
  const Demand first = NewDemand(&gates_);
  const Demand second = NewDemand(&gates_);
  const Demand hurried = [&] {
    Demand demand = NewDemand(&gates_);
    demand.deadline = kStart + absl::Seconds(10);
    return demand;
  }();
  Permit permit = MustAdmit(&gates_, first, kStart);
  gates_.Admit(second, kStart);
  gates_.Admit(hurried, kStart);
  gates_.TakeWoken();
  gates_.Record(std::move(permit), kStart,
                MinuteQuota(10, kStart + absl::Seconds(33)), 0.5);
  EXPECT_THAT(gates_.TakeWoken(), Contains(hurried.ticket));
}

TEST_F(GatesTest, WhoseTurnComesTooLateIsToldAtOnce) {
  std::vector<Demand> waiting;
  for (int i = 0; i < 60; ++i) waiting.push_back(NewDemand(&gates_));
  Permit permit = MustAdmit(&gates_, waiting[0], kStart);
  for (const Demand& demand : waiting) gates_.Admit(demand, kStart);
  gates_.TakeWoken();
  // 10 a minute, from 33 s on, within 5 minutes: 50 at most.
  const absl::Time told = kStart + absl::Seconds(33);
  gates_.Record(std::move(permit), kStart, MinuteQuota(10, told), 0.5);
  EXPECT_THAT(gates_.TakeWoken(), ::testing::SizeIs(11));
  const Admission late = gates_.Admit(waiting[59], kStart);
  const auto* refusal = std::get_if<NotAdmitted>(&late);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->retry_at, told + absl::Minutes(5));
  EXPECT_EQ(refusal->why->cause, Cause::kRateLimited);
  EXPECT_TRUE(
      std::holds_alternative<AskAgain>(gates_.Admit(waiting[49], kStart)));
  // The queue is full: so is a new one.
  EXPECT_TRUE(std::holds_alternative<NotAdmitted>(
      gates_.Admit(NewDemand(&gates_), kStart)));
}

TEST_F(GatesTest, WaitersGoByPriorityThenByArrival) {
  Permit permit = MustAdmit(&gates_, NewDemand(&gates_), kStart);
  const Demand batch = NewDemand(&gates_, Priority::kBatch);
  const Demand first = NewDemand(&gates_);
  const Demand second = NewDemand(&gates_);
  for (const Demand& demand : {batch, second, first}) {
    gates_.Admit(demand, kStart);
  }
  gates_.Record(std::move(permit), kStart, std::nullopt, 0.5);
  std::vector<uint64_t> order;
  std::vector<Permit> permits;
  for (int round = 0; round < 3; ++round) {
    for (const Demand& demand : {batch, second, first}) {
      Admission admission = gates_.Admit(demand, kStart);
      if (auto* admitted = std::get_if<Permit>(&admission)) {
        permits.push_back(std::move(*admitted));
        order.push_back(demand.ticket);
        break;
      }
    }
  }
  EXPECT_THAT(order, ElementsAre(first.ticket, second.ticket, batch.ticket));
}

TEST_F(GatesTest, TheNextInLineIsWokenWhenTheFirstIsLetInOrLeaves) {
  const Demand first = NewDemand(&gates_);
  const Demand second = NewDemand(&gates_);
  const Demand third = NewDemand(&gates_);
  Permit permit = MustAdmit(&gates_, NewDemand(&gates_), kStart);
  for (const Demand& demand : {first, second, third}) {
    gates_.Admit(demand, kStart);
  }
  gates_.TakeWoken();
  gates_.Leave(first);
  EXPECT_THAT(gates_.TakeWoken(), ElementsAre(second.ticket));
  Permit next = MustAdmit(&gates_, second, kStart + absl::Seconds(1));
  EXPECT_THAT(gates_.TakeWoken(), Contains(third.ticket));
}

TEST_F(GatesTest, WhereRefusalsTakeLongSoDoesTheHold) {
  const Demand first = NewDemand(&gates_);
  const Demand second = NewDemand(&gates_);
  Permit permit = MustAdmit(&gates_, first, kStart);
  const absl::Time now = kStart + absl::Milliseconds(300);
  const absl::Time told = now + absl::Seconds(33);
  gates_.Record(std::move(permit), now, MinuteQuota(10, told), 0.5);
  permit = MustAdmit(&gates_, first, told);
  const Admission admission = gates_.Admit(second, told);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->time, told + absl::Milliseconds(600));
}

TEST_F(GatesTest, WhereTheTimesOfRefusalsDifferAFreePlaceIsWaitedForLonger) {
  // How long after a delay that was told a place of a sliding window of 8 is
  // used, where the requests after the 8th were refused after these times.
  const auto wait = [](const std::vector<int>& times) {
    Gates gates({}, {}, {{"key", "project"}});
    const Demand demand = NewDemand(&gates);
    std::vector<std::pair<absl::Time, Permit>> sent;
    absl::Time now = kStart;
    while (sent.size() < 8 + times.size()) {
      Admission admission = gates.Admit(demand, now);
      if (auto* permit = std::get_if<Permit>(&admission)) {
        sent.emplace_back(now, std::move(*permit));
      } else {
        now = *std::get_if<AskAgain>(&admission)->time;
      }
    }
    const absl::Time told = kStart + absl::Minutes(1);
    for (size_t i = 0; i < times.size(); ++i) {
      auto& [at, permit] = sent[8 + i];
      gates.Record(std::move(permit), at + absl::Milliseconds(times[i]),
                   MinuteQuota(8, told), 0.5);
    }
    now = told;
    while (true) {
      const Admission admission = gates.Admit(demand, now);
      const auto* again = std::get_if<AskAgain>(&admission);
      if (again == nullptr) return now - told;
      now = *again->time;
    }
  };
  const absl::Duration steady = wait({200, 200, 200, 200});
  EXPECT_LE(wait({200}), steady);
  EXPECT_GT(wait({200, 900, 300, 1200}), steady + absl::Milliseconds(500));
}

TEST_F(GatesTest, ABare429IsPacedByAndNoFaultOfTheModel) {
  Diagnosis bare = Failure(Cause::kOverloaded);
  bare.http_status = 429;
  absl::Time now = kStart;
  const Demand demand = NewDemand(&gates_);
  // A row of failures would keep the model closed for a second and a bit.
  for (const absl::Duration wait : {absl::Seconds(2), absl::Seconds(8)}) {
    Permit permit = MustAdmit(&gates_, demand, now);
    gates_.Record(std::move(permit), now, bare, 0.5);
    const Admission admission = gates_.Admit(demand, now);
    const auto* again = std::get_if<AskAgain>(&admission);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->time, now + wait);
    now += wait;
  }
}

TEST_F(GatesTest, ADelayToldWithAFaultHoldsForAllCalls) {
  Permit permit = MustAdmit(&gates_, NewDemand(&gates_), kStart);
  Diagnosis fault = Failure(Cause::kOverloaded);
  fault.http_status = 503;
  fault.retry_at = kStart + absl::Seconds(30);
  gates_.Record(std::move(permit), kStart, fault, 0.5);
  const Admission admission =
      gates_.Admit(NewDemand(&gates_), kStart + absl::Seconds(2));
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->time, fault.retry_at);
}

TEST_F(GatesTest, ADelayOfDaysForAMinutesQuotaIsNotBelieved) {
  Permit permit = MustAdmit(&gates_, NewDemand(&gates_), kStart);
  gates_.Record(std::move(permit), kStart,
                MinuteQuota(10, kStart + absl::Hours(24 * 31)), 0.5);
  Demand demand = NewDemand(&gates_);
  demand.deadline = kStart + absl::Hours(1);
  const Admission admission = gates_.Admit(demand, kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_LE(again->time, kStart + absl::Minutes(15));
}

Diagnosis QuotaNamed(const std::string& id, absl::Time retry_at) {
  Diagnosis diagnosis = MinuteQuota(10, retry_at);
  diagnosis.violations[0].quota_id = id;
  return diagnosis;
}

TEST_F(GatesTest, AServerThatNamesANewQuotaEachTimeIsKeptWithinBounds) {
  absl::Time now = kStart;
  Demand demand = NewDemand(&gates_);
  demand.deadline = kStart + absl::Hours(24);
  for (int i = 0; i < 1000; ++i) {
    Permit permit = MustAdmit(&gates_, demand, now);
    const absl::Time told = now + absl::Seconds(1);
    gates_.Record(std::move(permit), now,
                  QuotaNamed("quota" + std::to_string(i), told), 0.5);
    const Admission admission = gates_.Admit(demand, now);
    const auto* again = std::get_if<AskAgain>(&admission);
    ASSERT_NE(again, nullptr);
    EXPECT_GE(again->time, told);
    now = *again->time;
  }
  EXPECT_LE(gates_.quotas(), Gates::kMaxQuotas + 1);
}

TEST_F(GatesTest, NoQuotaIsForgottenWhileItIsClosed) {
  RateLimits limits;
  limits.requests_per_minute = 1000;
  Gates gates({}, limits, {{"key", "project"}});
  std::vector<Permit> permits;
  for (int i = 0; i < 200; ++i) {
    permits.push_back(MustAdmit(&gates, NewDemand(&gates), kStart));
  }
  // All at once, and the longest delay neither first nor last.
  for (int i = 0; i < 200; ++i) {
    const absl::Duration delay = absl::Seconds(i == 100 ? 55 : 5);
    gates.Record(std::move(permits[static_cast<size_t>(i)]), kStart,
                 QuotaNamed("quota" + std::to_string(i), kStart + delay), 0.5);
  }
  EXPECT_LE(gates.quotas(), Gates::kMaxQuotas + 1);
  const Admission admission = gates.Admit(NewDemand(&gates), kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_GE(again->time, kStart + absl::Seconds(55));
}

TEST_F(GatesTest, ModelsAreKeptWithinBounds) {
  const auto demand_for = [this](const std::string& model, absl::Time now) {
    Demand demand = NewDemand(&gates_);
    demand.model = model;
    demand.deadline = now + absl::Minutes(5);
    return demand;
  };
  // One that the server closed for a time, one that has a request.
  Permit permit = MustAdmit(&gates_, demand_for("closed", kStart), kStart);
  const absl::Time told = kStart + absl::Minutes(1);
  gates_.Record(std::move(permit), kStart, MinuteQuota(10, told), 0.5);
  const Permit busy = MustAdmit(&gates_, demand_for("busy", kStart), kStart);
  absl::Time now = kStart;
  for (int i = 0; i < 3000; ++i) {
    now += absl::Milliseconds(10);
    permit =
        MustAdmit(&gates_, demand_for("model" + std::to_string(i), now), now);
    std::optional<Diagnosis> diagnosis;
    if (i % 2 == 0) diagnosis = Failure(Cause::kModelNotFound);
    gates_.Record(std::move(permit), now, diagnosis, 0.5);
  }
  EXPECT_LE(gates_.models(), Gates::kMaxModels);
  EXPECT_TRUE(std::holds_alternative<AskAgain>(
      gates_.Admit(demand_for("closed", now), now)));
  EXPECT_TRUE(std::holds_alternative<AskAgain>(
      gates_.Admit(demand_for("busy", kStart), kStart)))
      << "its first request is still awaited";
  // What was asked for last is remembered.
  EXPECT_TRUE(std::holds_alternative<NotAdmitted>(
      gates_.Admit(demand_for("model2998", now), now)));
}

TEST_F(GatesTest, ADroppedPermitNeverWedgesAProbe) {
  { const Permit dropped = MustAdmit(&gates_, NewDemand(&gates_), kStart); }
  MustAdmit(&gates_, NewDemand(&gates_), kStart);
}

TEST_F(GatesTest, WhatWaitingDoesNotCureEndsCalls) {
  for (const Cause cause :
       {Cause::kZeroQuota, Cause::kDailyQuota, Cause::kBilling,
        Cause::kCredential, Cause::kModelNotFound}) {
    SCOPED_TRACE(static_cast<int>(cause));
    Gates gates({}, {}, {{"key", "project"}});
    Permit permit = MustAdmit(&gates, NewDemand(&gates), kStart);
    gates.Record(std::move(permit), kStart, Failure(cause), 0.5);
    const Admission admission = gates.Admit(NewDemand(&gates), kStart);
    const auto* refusal = std::get_if<NotAdmitted>(&admission);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->why->cause, cause);
  }
}

TEST(GatesPoolTest, AVerdictClosesWhatItIsAbout) {
  struct Case {
    Cause cause;
    std::string open;  // The keys that may still send.
  };
  // Two keys of one project, one of another.
  const Case cases[] = {
      {Cause::kCredential, "1"},
      {Cause::kZeroQuota, "2"},
      {Cause::kBilling, "2"},
  };
  for (const Case& c : cases) {
    Gates gates({}, {}, {{"a", "p"}, {"b", "p"}, {"c", "q"}});
    Permit permit = MustAdmit(&gates, NewDemand(&gates), kStart);
    EXPECT_EQ(permit.credential(), 0u);
    gates.Record(std::move(permit), kStart, Failure(c.cause), 0.5);
    const Permit next = MustAdmit(&gates, NewDemand(&gates), kStart);
    EXPECT_EQ(std::to_string(next.credential()), c.open);
  }
}

TEST(GatesPoolTest, AnotherProjectIsUsedWhileTheFirstMustWait) {
  Gates gates({}, {}, {{"a", "p"}, {"b", "q"}});
  Permit permit = MustAdmit(&gates, NewDemand(&gates), kStart);
  gates.Record(std::move(permit), kStart,
               MinuteQuota(10, kStart + absl::Seconds(33)), 0.5);
  EXPECT_EQ(MustAdmit(&gates, NewDemand(&gates), kStart).credential(), 1u);
}

TEST(GatesLimitsTest, StatedLimitsAreUsedAtOnceAndKept) {
  RateLimits limits;
  limits.requests_per_minute = 30;
  Gates gates({}, limits, {{"key", "project"}});
  std::vector<Permit> permits;
  for (int i = 0; i < 30; ++i) {
    permits.push_back(MustAdmit(&gates, NewDemand(&gates), kStart));
  }
  const Admission admission = gates.Admit(NewDemand(&gates), kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_GE(again->time, kStart + absl::Minutes(1));
}

TEST(GatesLimitsTest, WhatWasNotSentTakesNoPlace) {
  RateLimits limits;
  limits.requests_per_minute = 1;
  Gates gates({}, limits, {{"key", "project"}});
  { const Permit dropped = MustAdmit(&gates, NewDemand(&gates), kStart); }
  // No connection: nothing reached the service.
  Permit failed = MustAdmit(&gates, NewDemand(&gates), kStart);
  gates.Record(std::move(failed), kStart, Failure(Cause::kTransient), 0.5);
  // Cancelled when it was under way: it may count.
  {
    const Permit sent = MustAdmit(&gates, NewDemand(&gates), kStart);
    gates.OnUnderWay(sent, kStart);
  }
  EXPECT_TRUE(
      std::holds_alternative<AskAgain>(gates.Admit(NewDemand(&gates), kStart)));
}

TEST_F(GatesTest, WhatWasNotSentLeavesTheRetryBudgetAlone) {
  absl::Time now = kStart;
  for (int i = 0; i < 200; ++i) {
    Demand demand = NewDemand(&gates_);
    demand.repeats = true;
    const Permit dropped = MustAdmit(&gates_, demand, now);
  }
}

TEST(GatesLimitsTest, WhoMeetsAStatedLimitIsToldWhenToComeBack) {
  RateLimits limits;
  limits.requests_per_minute = 1;
  Gates gates({}, limits, {{"key", "project"}});
  Permit permit = MustAdmit(&gates, NewDemand(&gates), kStart);
  gates.Record(std::move(permit), kStart, std::nullopt, 0.5);
  Demand demand = NewDemand(&gates);
  demand.deadline = kStart + absl::Seconds(8);
  const Admission admission = gates.Admit(demand, kStart);
  const auto* refusal = std::get_if<NotAdmitted>(&admission);
  ASSERT_NE(refusal, nullptr);
  ASSERT_TRUE(refusal->retry_at.has_value());
  EXPECT_GE(*refusal->retry_at, kStart + absl::Minutes(1));
  ASSERT_NE(refusal->why, nullptr);
  EXPECT_EQ(refusal->why->cause, Cause::kRateLimited);
}

}  // namespace
}  // namespace gemini::internal
