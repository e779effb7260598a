// What every ledger must do, whatever it keeps its entries in.

#include <functional>
#include <memory>
#include <string>

#include "base/ledger.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quota_simulator/memory_ledger.h"
#include "store/sqlite_ledger.h"
#include "testing/program.h"

namespace gemini::internal {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

class TheSameLedger final : public Ledger {
 public:
  explicit TheSameLedger(Ledger* ledger) : ledger_(ledger) {}

  absl::StatusOr<LedgerReply> Exchange(const LedgerRequest& request) override {
    return ledger_->Exchange(request);
  }

 private:
  Ledger* const ledger_;
};

// A place that several processes may open.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Ledger> Open() = 0;
};

class FilePlace final : public Place {
 public:
  std::unique_ptr<Ledger> Open() override {
    return NewSqliteLedger(directory_.path() + "/ledger");
  }

 private:
  testing::TemporaryDirectory directory_;
};

class MemoryPlace final : public Place {
 public:
  std::unique_ptr<Ledger> Open() override {
    return std::make_unique<TheSameLedger>(&ledger_);
  }

 private:
  quota_simulator::MemoryLedger ledger_;
};

struct Engine {
  const char* name;
  std::unique_ptr<Place> (*make)();
};

class LedgerContractTest : public ::testing::TestWithParam<Engine> {
 protected:
  // One process's view.
  struct Process {
    std::string name;
    std::unique_ptr<Ledger> ledger;
    int64_t seen = -1;
  };

  Process NewProcess(const std::string& name) { return {name, place_->Open()}; }

  static LedgerRequest RequestOf(const Process& process, absl::Time now) {
    LedgerRequest request;
    request.process = process.name;
    request.service = "https://service";
    request.now = now;
    request.seen = process.seen;
    request.since = now - absl::Minutes(15);
    return request;
  }

  static LedgerReply Exchange(Process* process, LedgerRequest request) {
    auto reply = process->ledger->Exchange(request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    if (!reply.ok()) return {};
    process->seen = reply->seen;
    return *std::move(reply);
  }

  static LedgerReply Tell(Process* process, LedgerEvent event) {
    event.process = process->name;
    LedgerRequest request = RequestOf(*process, event.at);
    request.events = {std::move(event)};
    return Exchange(process, std::move(request));
  }

  static LedgerReply Look(Process* process, absl::Time now) {
    return Exchange(process, RequestOf(*process, now));
  }

  static LedgerReply Turn(Process* process, LedgerTurn turn, absl::Time now) {
    LedgerRequest request = RequestOf(*process, now);
    request.turn = turn;
    return Exchange(process, std::move(request));
  }

  static LedgerEvent Sent(uint64_t request, absl::Time at) {
    LedgerEvent event;
    event.request = request;
    event.project = "project";
    event.credential = "key";
    event.model = "model";
    event.at = at;
    event.input_tokens = 12.5;
    return event;
  }

  const std::unique_ptr<Place> place_ = GetParam().make();
};

TEST_P(LedgerContractTest, WhatOneTellsAllOthersHearOnceAndInOrder) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Look(&b, kStart);
  EXPECT_THAT(Tell(&a, Sent(1, kStart)).events, IsEmpty());
  Tell(&a, Sent(2, kStart + absl::Seconds(1)));
  const LedgerReply heard = Look(&b, kStart + absl::Seconds(2));
  ASSERT_THAT(heard.events, SizeIs(2));
  EXPECT_EQ(heard.events[0].process, "a");
  EXPECT_EQ(heard.events[0].request, 1U);
  EXPECT_EQ(heard.events[0].kind, LedgerEvent::Kind::kSent);
  EXPECT_EQ(heard.events[0].project, "project");
  EXPECT_EQ(heard.events[0].credential, "key");
  EXPECT_EQ(heard.events[0].model, "model");
  EXPECT_EQ(heard.events[0].at, kStart);
  EXPECT_EQ(heard.events[0].input_tokens, 12.5);
  EXPECT_EQ(heard.events[0].diagnosis, nullptr);
  EXPECT_EQ(heard.events[1].request, 2U);
  EXPECT_THAT(Look(&b, kStart + absl::Seconds(2)).events, IsEmpty());
}

TEST_P(LedgerContractTest, RefusalsComeWithTheirQuotas) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Tell(&a, Sent(1, kStart));
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kRateLimited;
  diagnosis.code = "rate_limited";
  diagnosis.message = "too many";
  diagnosis.http_status = 429;
  diagnosis.retry_delay = absl::Milliseconds(33600);
  diagnosis.retry_at = kStart + absl::Milliseconds(33600);
  QuotaViolation violation;
  violation.metric = "metric";
  violation.quota_id = "id";
  violation.model = "model-preview";
  violation.location = "global";
  violation.limit = 20;
  violation.limit_source = LimitSource::kMessage;
  violation.window = QuotaWindow::kMinute;
  violation.unit = QuotaUnit::kImages;
  violation.tier = QuotaTier::kTier2;
  violation.dimensions = {{"model", "model-preview"}, {"location", "global"}};
  diagnosis.violations = {violation, violation};
  diagnosis.violations[1].limit = std::nullopt;
  LedgerEvent ended = Sent(1, kStart);
  ended.kind = LedgerEvent::Kind::kEnded;
  ended.diagnosis = std::make_shared<const Diagnosis>(diagnosis);
  Tell(&a, ended);

  const LedgerReply heard = Look(&b, kStart);
  ASSERT_THAT(heard.events, SizeIs(2));
  ASSERT_NE(heard.events[1].diagnosis, nullptr);
  const Diagnosis& read = *heard.events[1].diagnosis;
  EXPECT_EQ(read.cause, diagnosis.cause);
  EXPECT_EQ(read.code, diagnosis.code);
  EXPECT_EQ(read.message, diagnosis.message);
  EXPECT_EQ(read.http_status, diagnosis.http_status);
  EXPECT_EQ(read.retry_delay, diagnosis.retry_delay);
  EXPECT_EQ(read.retry_at, diagnosis.retry_at);
  ASSERT_THAT(read.violations, SizeIs(2));
  EXPECT_EQ(read.violations[0].metric, violation.metric);
  EXPECT_EQ(read.violations[0].quota_id, violation.quota_id);
  EXPECT_EQ(read.violations[0].model, violation.model);
  EXPECT_EQ(read.violations[0].location, violation.location);
  EXPECT_EQ(read.violations[0].limit, 20);
  EXPECT_EQ(read.violations[0].limit_source, violation.limit_source);
  EXPECT_EQ(read.violations[0].window, violation.window);
  EXPECT_EQ(read.violations[0].unit, violation.unit);
  EXPECT_EQ(read.violations[0].tier, violation.tier);
  EXPECT_EQ(read.violations[0].dimensions, violation.dimensions);
  EXPECT_EQ(read.violations[1].limit, std::nullopt);
}

TEST_P(LedgerContractTest, TimesWithoutEndStayWithoutEnd) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Tell(&a, Sent(1, kStart));
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kRateLimited;
  diagnosis.retry_at = absl::InfiniteFuture();
  LedgerEvent ended = Sent(1, kStart);
  ended.kind = LedgerEvent::Kind::kEnded;
  ended.diagnosis = std::make_shared<const Diagnosis>(diagnosis);
  Tell(&a, ended);
  const LedgerReply heard = Look(&b, kStart);
  ASSERT_THAT(heard.events, SizeIs(2));
  EXPECT_EQ(heard.events[1].diagnosis->retry_at, absl::InfiniteFuture());
}

TEST_P(LedgerContractTest, WhoComesLaterHearsWhatIsNotTooOld) {
  Process a = NewProcess("a");
  Tell(&a, Sent(1, kStart));
  Tell(&a, Sent(2, kStart + absl::Minutes(10)));
  Process b = NewProcess("b");
  const LedgerReply heard = Look(&b, kStart + absl::Minutes(16));
  // Its process may be taken for dead by then, which is told too.
  ASSERT_FALSE(heard.events.empty());
  for (const LedgerEvent& event : heard.events) EXPECT_EQ(event.request, 2U);
}

TEST_P(LedgerContractTest, ServicesAreStrangersToEachOther) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  LedgerRequest request = RequestOf(a, kStart);
  request.service = "https://other";
  request.events = {Sent(1, kStart)};
  request.events[0].process = "a";
  request.turn = LedgerTurn::kTake;
  EXPECT_TRUE(Exchange(&a, request).turn_until.has_value());
  EXPECT_THAT(Look(&b, kStart).events, IsEmpty());
  EXPECT_TRUE(Turn(&b, LedgerTurn::kTake, kStart).turn_until.has_value());
}

TEST_P(LedgerContractTest, TheTurnIsOfOneAtATime) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  EXPECT_EQ(Turn(&a, LedgerTurn::kTake, kStart).turn_until,
            kStart + kLedgerTurn);
  EXPECT_EQ(Turn(&b, LedgerTurn::kTake, kStart).turn_until, std::nullopt);
  Turn(&b, LedgerTurn::kGiveBack, kStart);  // It is not b's to give.
  EXPECT_EQ(Turn(&b, LedgerTurn::kTake, kStart).turn_until, std::nullopt);
  EXPECT_EQ(Turn(&a, LedgerTurn::kGiveBack, kStart).turn_until, std::nullopt);
  EXPECT_TRUE(Turn(&b, LedgerTurn::kTake, kStart).turn_until.has_value());
}

TEST_P(LedgerContractTest, TheTurnOfOneWhoIsSilentPassesOn) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Turn(&a, LedgerTurn::kTake, kStart);
  EXPECT_TRUE(
      Turn(&b, LedgerTurn::kTake, kStart + kLedgerTurn).turn_until.has_value());
}

TEST_P(LedgerContractTest, RequestsOfTheDeadAreReleased) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Tell(&a, Sent(1, kStart));
  Tell(&a, Sent(2, kStart));
  LedgerEvent ended = Sent(1, kStart);
  ended.kind = LedgerEvent::Kind::kEnded;
  Tell(&a, ended);
  EXPECT_THAT(Look(&b, kStart).events, SizeIs(3));
  EXPECT_THAT(Look(&b, kStart + kLedgerSilence).events, IsEmpty());
  const LedgerReply heard =
      Look(&b, kStart + kLedgerSilence + absl::Seconds(1));
  ASSERT_THAT(heard.events, SizeIs(1));
  EXPECT_EQ(heard.events[0].kind, LedgerEvent::Kind::kReleased);
  EXPECT_EQ(heard.events[0].process, "a");
  EXPECT_EQ(heard.events[0].request, 2U);
}

TEST_P(LedgerContractTest, WhatWasNeverSentIsToldAndNotReleasedAgain) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Tell(&a, Sent(1, kStart));
  LedgerEvent unsent = Sent(1, kStart);
  unsent.kind = LedgerEvent::Kind::kUnsent;
  Tell(&a, unsent);
  const LedgerReply heard = Look(&b, kStart);
  ASSERT_THAT(heard.events, SizeIs(2));
  EXPECT_EQ(heard.events[1].kind, LedgerEvent::Kind::kUnsent);
  EXPECT_EQ(heard.events[1].request, 1U);
  EXPECT_THAT(Look(&b, kStart + kLedgerSilence + absl::Seconds(1)).events,
              IsEmpty());
}

TEST_P(LedgerContractTest, WhoLeavesReleasesAtOnce) {
  Process a = NewProcess("a");
  Process b = NewProcess("b");
  Tell(&a, Sent(1, kStart));
  Look(&b, kStart);
  LedgerRequest farewell = RequestOf(a, kStart);
  farewell.leaves = true;
  farewell.turn = LedgerTurn::kGiveBack;
  Exchange(&a, farewell);
  const LedgerReply heard = Look(&b, kStart);
  ASSERT_THAT(heard.events, SizeIs(1));
  EXPECT_EQ(heard.events[0].kind, LedgerEvent::Kind::kReleased);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, LedgerContractTest,
    ::testing::Values(Engine{"Sqlite",
                             []() -> std::unique_ptr<Place> {
                               return std::make_unique<FilePlace>();
                             }},
                      Engine{"Memory",
                             []() -> std::unique_ptr<Place> {
                               return std::make_unique<MemoryPlace>();
                             }}),
    [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace gemini::internal
