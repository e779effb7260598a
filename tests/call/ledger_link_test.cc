#include "call/ledger_link.h"

#include <memory>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

Diagnosis Failure(Cause cause) {
  Diagnosis diagnosis;
  diagnosis.cause = cause;
  diagnosis.code = "a_code";
  return diagnosis;
}

LedgerEvent Foreign(LedgerEvent::Kind kind, uint64_t request, absl::Time at) {
  LedgerEvent event;
  event.kind = kind;
  event.process = "other";
  event.request = request;
  event.project = "project";
  event.credential = "key";
  event.model = "model";
  event.at = at;
  return event;
}

LedgerEvent ForeignEnd(uint64_t request, const Diagnosis& diagnosis,
                       absl::Time at) {
  LedgerEvent event = Foreign(LedgerEvent::Kind::kEnded, request, at);
  event.diagnosis = std::make_shared<const Diagnosis>(diagnosis);
  return event;
}

LedgerReply Reply(std::vector<LedgerEvent> events,
                  std::optional<absl::Time> turn_until = std::nullopt) {
  LedgerReply reply;
  reply.events = std::move(events);
  reply.turn_until = turn_until;
  return reply;
}

class LedgerLinkTest : public ::testing::Test {
 protected:
  Demand NewDemand() {
    Demand demand;
    demand.ticket = gates_.NewTicket();
    demand.place = demand.ticket;
    demand.model = "model";
    demand.deadline = kStart + absl::Hours(1);
    return demand;
  }

  // Somebody asks, and the ledger gives this process the turn.
  void TakeTurn(const Demand& demand, absl::Time now,
                std::vector<LedgerEvent> told = {}) {
    EXPECT_TRUE(std::holds_alternative<AskAgain>(gates_.Admit(demand, now)));
    const auto request = link_.Next(now);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->turn, LedgerTurn::kTake);
    link_.OnReply(Reply(std::move(told), now + kLedgerTurn), now);
    EXPECT_THAT(gates_.TakeWoken(), Contains(demand.ticket));
  }

  Gates gates_{{}, {}, {{"key", "project"}}};
  LedgerLink link_{&gates_, "me", "https://service", absl::Minutes(15)};
};

TEST_F(LedgerLinkTest, NothingIsSentBeforeTheTurnComes) {
  const Demand demand = NewDemand();
  EXPECT_EQ(link_.Next(kStart), nullptr) << "nobody wants anything";
  TakeTurn(demand, kStart);
  EXPECT_TRUE(std::holds_alternative<Permit>(gates_.Admit(demand, kStart)));
}

TEST_F(LedgerLinkTest, TheTurnIsGivenBackWithWhatWasSentInIt) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart);
  const Admission admission = gates_.Admit(demand, kStart);
  const auto request = link_.Next(kStart);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->turn, LedgerTurn::kGiveBack);
  ASSERT_THAT(request->events, SizeIs(1));
  EXPECT_EQ(request->events[0].kind, LedgerEvent::Kind::kSent);
  EXPECT_EQ(request->events[0].process, "me");
  const Demand next = NewDemand();
  EXPECT_TRUE(std::holds_alternative<AskAgain>(gates_.Admit(next, kStart)));
}

TEST_F(LedgerLinkTest, ATurnEndsAfterSomeRequestsAndIsAskedForAgain) {
  // What is known of the quota lets all of them go.
  RateLimits limits;
  limits.requests_per_minute = 1000;
  Gates gates({}, limits, {{"key", "project"}});
  LedgerLink link(&gates, "me", "https://service", absl::Minutes(15));
  std::vector<Permit> permits;
  std::vector<Demand> demands;
  for (int i = 0; i < 40; ++i) {
    Demand demand = NewDemand();
    demand.ticket = gates.NewTicket();
    demand.place = demand.ticket;
    demands.push_back(demand);
    EXPECT_TRUE(std::holds_alternative<AskAgain>(gates.Admit(demand, kStart)));
  }
  size_t next = 0;
  int turns = 0;
  while (next < demands.size() && turns < 100) {
    auto request = link.Next(kStart);
    ASSERT_NE(request, nullptr);
    const bool take = request->turn == LedgerTurn::kTake;
    link.OnReply(
        Reply({}, take ? std::optional<absl::Time>(kStart + kLedgerTurn)
                       : std::nullopt),
        kStart);
    if (!take) continue;
    ++turns;
    while (next < demands.size()) {
      Admission admission = gates.Admit(demands[next], kStart);
      auto* permit = std::get_if<Permit>(&admission);
      if (permit == nullptr) break;
      permits.push_back(std::move(*permit));
      ++next;
    }
  }
  EXPECT_EQ(next, demands.size());
  EXPECT_EQ(turns, 3);
}

TEST_F(LedgerLinkTest, WhenAnotherHasTheTurnItIsAskedForSoonAgain) {
  const Demand demand = NewDemand();
  gates_.Admit(demand, kStart);
  ASSERT_NE(link_.Next(kStart), nullptr);
  link_.OnReply(Reply({}), kStart);
  EXPECT_EQ(link_.Next(kStart), nullptr);
  EXPECT_GT(link_.wake_at(), kStart);
  EXPECT_LE(link_.wake_at(), kStart + absl::Milliseconds(10));
  const auto again = link_.Next(link_.wake_at());
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->turn, LedgerTurn::kTake);
}

TEST_F(LedgerLinkTest, ARefusalOfAnotherProcessHoldsForThisOne) {
  Diagnosis refusal = Failure(Cause::kRateLimited);
  refusal.retry_at = kStart + absl::Seconds(33);
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart,
           {Foreign(LedgerEvent::Kind::kSent, 1, kStart),
            ForeignEnd(1, refusal, kStart)});
  const Admission admission = gates_.Admit(demand, kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->time, refusal.retry_at);
}

TEST_F(LedgerLinkTest, AnotherProcessesProbeIsWaitedFor) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart, {Foreign(LedgerEvent::Kind::kSent, 1, kStart)});
  const Admission admission = gates_.Admit(demand, kStart);
  const auto* again = std::get_if<AskAgain>(&admission);
  ASSERT_NE(again, nullptr) << "one request goes first, whoever sends it";
  EXPECT_EQ(again->time, kStart + GateOptions().cold_hold);
}

TEST_F(LedgerLinkTest, AnotherProcessesVerdictEndsCallsHere) {
  const Demand first = NewDemand();
  TakeTurn(first, kStart, {Foreign(LedgerEvent::Kind::kSent, 1, kStart)});
  gates_.Admit(first, kStart);  // Waits for what becomes of the other.
  ASSERT_NE(link_.Next(kStart), nullptr);
  link_.OnReply(Reply({}), kStart);
  const absl::Time later = kStart + absl::Seconds(3);
  ASSERT_NE(link_.Next(later), nullptr);
  link_.OnReply(Reply({ForeignEnd(1, Failure(Cause::kZeroQuota), later)}),
                later);
  EXPECT_THAT(gates_.TakeWoken(), Contains(first.ticket));
  TakeTurn(first, later);
  const Admission admission = gates_.Admit(first, later);
  const auto* refused = std::get_if<NotAdmitted>(&admission);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->why->cause, Cause::kZeroQuota);
}

TEST_F(LedgerLinkTest, AVerdictFromBeforeThisProcessIsTestedByOneRequest) {
  const absl::Time before = kStart - absl::Minutes(1);
  const Demand first = NewDemand();
  const Demand second = NewDemand();
  TakeTurn(first, kStart,
           {Foreign(LedgerEvent::Kind::kSent, 1, before),
            ForeignEnd(1, Failure(Cause::kZeroQuota), before)});
  const Admission probe = gates_.Admit(first, kStart);
  EXPECT_TRUE(std::holds_alternative<Permit>(probe));
  EXPECT_TRUE(
      std::holds_alternative<NotAdmitted>(gates_.Admit(second, kStart)));
}

TEST_F(LedgerLinkTest, VerdictsOfALedgerThatIsAnotherAreTestedToo) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart);
  gates_.Leave(demand);
  ASSERT_NE(link_.Next(kStart), nullptr);
  const absl::Time before = kStart - absl::Minutes(1);
  LedgerReply reply =
      Reply({Foreign(LedgerEvent::Kind::kSent, 1, before),
             ForeignEnd(1, Failure(Cause::kZeroQuota), before)});
  reply.anew = true;
  link_.OnReply(reply, kStart);
  TakeTurn(demand, kStart);
  EXPECT_TRUE(std::holds_alternative<Permit>(gates_.Admit(demand, kStart)));
}

TEST_F(LedgerLinkTest, AVerdictOfAMomentAgoIsBelieved) {
  const absl::Time before = kStart - absl::Seconds(1);
  const Demand first = NewDemand();
  TakeTurn(first, kStart,
           {Foreign(LedgerEvent::Kind::kSent, 1, before),
            ForeignEnd(1, Failure(Cause::kZeroQuota), before)});
  EXPECT_TRUE(std::holds_alternative<NotAdmitted>(gates_.Admit(first, kStart)));
}

TEST_F(LedgerLinkTest, KeysOfOthersDoNotMatter) {
  const Demand demand = NewDemand();
  LedgerEvent sent = Foreign(LedgerEvent::Kind::kSent, 1, kStart);
  sent.project = "somebody else's";
  TakeTurn(demand, kStart, {sent});
  EXPECT_TRUE(std::holds_alternative<Permit>(gates_.Admit(demand, kStart)));
}

TEST_F(LedgerLinkTest, WithoutAnAnswerEachProcessGoesByItsOwnMemory) {
  const Demand demand = NewDemand();
  gates_.Admit(demand, kStart);
  ASSERT_NE(link_.Next(kStart), nullptr);
  EXPECT_EQ(link_.Next(kStart + absl::Milliseconds(399)), nullptr);
  EXPECT_EQ(link_.TakeNews(), std::nullopt);
  const absl::Time later = kStart + absl::Milliseconds(400);
  EXPECT_EQ(link_.Next(later), nullptr);
  EXPECT_THAT(gates_.TakeWoken(), Contains(demand.ticket));
  Admission admission = gates_.Admit(demand, later);
  EXPECT_TRUE(std::holds_alternative<Permit>(admission));
  EXPECT_EQ(link_.TakeNews()->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(link_.TakeNews(), std::nullopt) << "told once";

  // The answer comes after all: what was sent meanwhile is told.
  link_.OnReply(Reply({}), later);
  EXPECT_TRUE(link_.TakeNews()->ok());
  const auto request = link_.Next(later + absl::Milliseconds(2));
  ASSERT_NE(request, nullptr);
  EXPECT_THAT(request->events, SizeIs(1));
  EXPECT_TRUE(
      std::holds_alternative<AskAgain>(gates_.Admit(NewDemand(), later)));

  // Since they take so long, the next is waited for longer.
  const absl::Time asked_at = later + absl::Milliseconds(2);
  EXPECT_EQ(link_.Next(asked_at + absl::Milliseconds(799)), nullptr);
  EXPECT_EQ(link_.TakeNews(), std::nullopt);
  EXPECT_EQ(link_.Next(asked_at + absl::Milliseconds(800)), nullptr);
  EXPECT_EQ(link_.TakeNews()->code(), absl::StatusCode::kDeadlineExceeded);

  // But not for ever.
  link_.OnReply(Reply({}), asked_at + absl::Minutes(1));
  gates_.Admit(NewDemand(), asked_at + absl::Minutes(1));
  const absl::Time again = asked_at + absl::Minutes(2);
  ASSERT_NE(link_.Next(again), nullptr);
  EXPECT_EQ(link_.TakeNews()->code(), absl::StatusCode::kOk);
  EXPECT_EQ(link_.Next(again + absl::Seconds(1)), nullptr);
  EXPECT_EQ(link_.TakeNews()->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(LedgerLinkTest, AfterAFailureItIsTriedAgainEverLater) {
  const Demand demand = NewDemand();
  gates_.Admit(demand, kStart);
  absl::Time now = kStart;
  absl::Duration last;
  for (int i = 0; i < 12; ++i) {
    ASSERT_NE(link_.Next(now), nullptr);
    link_.OnReply(absl::UnavailableError("locked"), now);
    if (i == 0) {
      EXPECT_EQ(link_.TakeNews()->code(), absl::StatusCode::kUnavailable);
      const Admission admission = gates_.Admit(demand, now);
      ASSERT_TRUE(std::holds_alternative<Permit>(admission));
    } else {
      EXPECT_EQ(link_.TakeNews(), std::nullopt);
    }
    EXPECT_EQ(link_.Next(now), nullptr);
    EXPECT_GE(link_.wake_at() - now, last);
    EXPECT_LE(link_.wake_at() - now, absl::Minutes(1));
    last = link_.wake_at() - now;
    now = link_.wake_at();
  }
  // Nothing that happened meanwhile is lost.
  const auto request = link_.Next(now);
  ASSERT_NE(request, nullptr);
  EXPECT_THAT(request->events, SizeIs(2)) << "sent, and its end";
}

TEST_F(LedgerLinkTest, TheFarewellTellsTheRest) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart);
  { const Admission admission = gates_.Admit(demand, kStart); }
  link_.Spend({"project", "model", kStart, 1, 1290});
  const LedgerRequest farewell = link_.Farewell(kStart);
  EXPECT_TRUE(farewell.leaves);
  EXPECT_EQ(farewell.turn, LedgerTurn::kGiveBack);
  EXPECT_THAT(farewell.events, SizeIs(2)) << "sent, and released";
  EXPECT_THAT(farewell.spent, SizeIs(1));
}

TEST_F(LedgerLinkTest, WhatWasNotSentTakesNoPlaceAnywhere) {
  RateLimits limits;
  limits.requests_per_minute = 1;
  Gates gates({}, limits, {{"key", "project"}});
  LedgerLink link(&gates, "me", "https://service", absl::Minutes(15));
  Demand demand = NewDemand();
  demand.ticket = gates.NewTicket();
  gates.Admit(demand, kStart);
  ASSERT_NE(link.Next(kStart), nullptr);
  link.OnReply(Reply({Foreign(LedgerEvent::Kind::kSent, 1, kStart),
                      Foreign(LedgerEvent::Kind::kUnsent, 1, kStart)},
                     kStart + kLedgerTurn),
               kStart);
  // Nor does what is given up here.
  {
    const Admission admission = gates.Admit(demand, kStart);
    EXPECT_TRUE(std::holds_alternative<Permit>(admission));
  }
  const auto request = link.Next(kStart);
  ASSERT_NE(request, nullptr);
  ASSERT_THAT(request->events, SizeIs(2));
  EXPECT_EQ(request->events[1].kind, LedgerEvent::Kind::kUnsent);
  EXPECT_EQ(request->events[1].at, request->events[0].at);
}

TEST_F(LedgerLinkTest, WhileRequestsAreOnTheirWayItShowsThatItLives) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart);
  const Admission admission = gates_.Admit(demand, kStart);
  ASSERT_NE(link_.Next(kStart), nullptr);
  link_.OnReply(Reply({}), kStart);
  EXPECT_EQ(link_.Next(kStart), nullptr);
  EXPECT_LT(link_.wake_at(), kStart + kLedgerSilence / 2);
  const auto beat = link_.Next(link_.wake_at());
  ASSERT_NE(beat, nullptr);
  EXPECT_EQ(beat->turn, LedgerTurn::kNone);
  EXPECT_THAT(beat->events, IsEmpty());
}

TEST_F(LedgerLinkTest, EndsWithoutABeginningAreIgnored) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart,
           {ForeignEnd(77, Failure(Cause::kZeroQuota), kStart),
            Foreign(LedgerEvent::Kind::kReleased, 78, kStart)});
  EXPECT_TRUE(std::holds_alternative<Permit>(gates_.Admit(demand, kStart)));
}

TEST_F(LedgerLinkTest, AnEndThatIsNeverToldIsNotWaitedForForEver) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart, {Foreign(LedgerEvent::Kind::kSent, 1, kStart)});
  EXPECT_TRUE(gates_.has_requests());
  link_.Next(kStart + absl::Minutes(14));
  EXPECT_TRUE(gates_.has_requests());
  link_.Next(kStart + absl::Minutes(16));
  EXPECT_FALSE(gates_.has_requests());
}

TEST_F(LedgerLinkTest, WhatIsToldTwiceCountsOnce) {
  const Demand demand = NewDemand();
  TakeTurn(demand, kStart,
           {Foreign(LedgerEvent::Kind::kSent, 1, kStart),
            Foreign(LedgerEvent::Kind::kSent, 1, kStart),
            Foreign(LedgerEvent::Kind::kEnded, 1, kStart)});
  EXPECT_FALSE(gates_.has_requests());
}

TEST_F(LedgerLinkTest, OfALongBacklogWhatHappenedLastIsKept) {
  RateLimits limits;
  limits.requests_per_minute = 1000000;
  Gates gates({}, limits, {{"key", "project"}});
  LedgerLink link(&gates, "me", "https://service", absl::Minutes(15));
  gates.OnAlone(true);
  for (int i = 0; i < 6000; ++i) {
    Demand demand = NewDemand();
    demand.ticket = gates.NewTicket();
    demand.place = demand.ticket;
    EXPECT_TRUE(std::holds_alternative<Permit>(gates.Admit(demand, kStart)));
  }
  // Sent and never sent, twice 6000, told in parts and without a turn.
  const auto asked = link.Next(kStart);
  ASSERT_NE(asked, nullptr);
  EXPECT_LE(asked->events.size(), 500U);
  link.OnReply(absl::UnavailableError("locked"), kStart);
  absl::Time now = link.wake_at() + absl::Seconds(1);
  gates.OnAlone(false);
  Demand waiting = NewDemand();
  waiting.ticket = gates.NewTicket();
  gates.Admit(waiting, now);
  size_t told = 0;
  uint64_t last = 0;
  std::shared_ptr<const LedgerRequest> again;
  while ((again = link.Next(now)) != nullptr) {
    EXPECT_LE(again->events.size(), 500U);
    told += again->events.size();
    if (!again->events.empty()) last = again->events.back().request;
    EXPECT_EQ(again->turn,
              told < 10000 ? LedgerTurn::kNone : LedgerTurn::kTake);
    link.OnReply(Reply({}), now);
  }
  EXPECT_EQ(told, 10000U);
  EXPECT_EQ(last, 6000U);
}

TEST_F(LedgerLinkTest, RequestsOfTheDayCountAgainstAStatedLimit) {
  RateLimits limits;
  limits.requests_per_day = 10;
  limits.requests_per_minute = 100;
  Gates gates({}, limits, {{"key", "project"}});
  LedgerLink link(&gates, "me", "https://service", absl::Minutes(15));
  Demand demand = NewDemand();
  demand.ticket = gates.NewTicket();
  gates.Admit(demand, kStart);
  ASSERT_NE(link.Next(kStart), nullptr);
  LedgerReply reply = Reply({}, kStart + kLedgerTurn);
  reply.today = {{"project", "model", 10}};
  link.OnReply(reply, kStart);
  EXPECT_FALSE(std::holds_alternative<Permit>(gates.Admit(demand, kStart)));
}

}  // namespace
}  // namespace gemini::internal
