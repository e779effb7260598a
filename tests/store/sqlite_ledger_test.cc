#include "store/sqlite_ledger.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gemini/quota.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 12:00:30 in California.
const absl::Time kNoon = absl::FromUnixSeconds(1800043230);

LedgerEvent Event(LedgerEvent::Kind kind, uint64_t request, absl::Time at) {
  LedgerEvent event;
  event.kind = kind;
  event.process = "a";
  event.request = request;
  event.project = "#1234abcd";
  event.credential = "1234abcd";
  event.model = "model";
  event.at = at;
  return event;
}

std::shared_ptr<const Diagnosis> Refusal(QuotaWindow window, int64_t limit,
                                         absl::Time retry_at) {
  auto diagnosis = std::make_shared<Diagnosis>();
  diagnosis->cause =
      window == QuotaWindow::kDay ? Cause::kDailyQuota : Cause::kRateLimited;
  diagnosis->code = "some_code";
  diagnosis->retry_at = retry_at;
  QuotaViolation violation;
  violation.quota_id = std::string(QuotaWindowName(window));
  violation.limit = limit;
  violation.limit_source = LimitSource::kQuotaValue;
  violation.window = window;
  violation.unit = QuotaUnit::kRequests;
  diagnosis->violations = {violation};
  return diagnosis;
}

class SqliteLedgerTest : public ::testing::Test {
 protected:
  absl::StatusOr<LedgerReply> Exchange(std::vector<LedgerEvent> events,
                                       absl::Time now) {
    LedgerRequest request;
    request.process = "a";
    request.service = "https://service";
    request.now = now;
    request.since = now - absl::Minutes(15);
    request.events = std::move(events);
    return ledger_->Exchange(request);
  }

  // By another program.
  void Run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/ledger";
  std::unique_ptr<Ledger> ledger_ =
      NewSqliteLedger(path_, absl::Milliseconds(20));
};

TEST_F(SqliteLedgerTest, TheFileIsItsOwnersAlone) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  struct stat status = {};
  for (const std::string& name : directory_.List()) {
    ASSERT_EQ(stat((directory_.path() + "/" + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600) << name;
  }
}

TEST_F(SqliteLedgerTest, ADamagedFileIsNamedAndItsRemovalHeals) {
  directory_.Write("ledger", std::string(4096, 'x'));
  const auto damaged = Exchange({}, kNoon);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr(path_));
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("delete"));
  unlink(path_.c_str());
  EXPECT_TRUE(Exchange({}, kNoon).ok());
}

TEST_F(SqliteLedgerTest, ADeletedFileIsNoticedAndMadeAnew) {
  const auto exchange = [](Ledger* ledger, std::string process, int64_t seen,
                           std::vector<LedgerEvent> events) {
    LedgerRequest request;
    request.process = std::move(process);
    request.service = "https://service";
    request.now = kNoon;
    request.since = kNoon - absl::Minutes(15);
    request.seen = seen;
    request.events = std::move(events);
    return ledger->Exchange(request);
  };
  const auto other = NewSqliteLedger(path_, absl::Milliseconds(20));
  ASSERT_TRUE(
      Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon)}, kNoon).ok());
  auto heard = exchange(other.get(), "b", -1, {});
  ASSERT_TRUE(heard.ok()) << heard.status();
  EXPECT_FALSE(heard->anew);
  const int64_t seen = heard->seen;

  unlink(path_.c_str());
  heard = exchange(other.get(), "b", seen, {});
  EXPECT_EQ(heard.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(heard.status().message()), HasSubstr("deleted"));
  EXPECT_FALSE(Exchange({}, kNoon).ok());
  ASSERT_TRUE(
      Exchange({Event(LedgerEvent::Kind::kSent, 2, kNoon)}, kNoon).ok());
  // The numbers of the old file mean nothing.
  heard = exchange(other.get(), "b", seen, {});
  ASSERT_TRUE(heard.ok()) << heard.status();
  EXPECT_TRUE(heard->anew);
  ASSERT_THAT(heard->events, SizeIs(1));
  EXPECT_EQ(heard->events[0].request, 2U);
  heard = exchange(other.get(), "b", heard->seen, {});
  ASSERT_TRUE(heard.ok()) << heard.status();
  EXPECT_FALSE(heard->anew);
  EXPECT_THAT(heard->events, IsEmpty());
}

TEST_F(SqliteLedgerTest, AnotherFileInItsPlaceIsNoticed) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  ASSERT_TRUE(NewSqliteLedger(directory_.path() + "/new")
                  ->Exchange(LedgerRequest())
                  .ok());
  ASSERT_EQ(rename((directory_.path() + "/new").c_str(), path_.c_str()), 0);
  EXPECT_EQ(Exchange({}, kNoon).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Exchange({}, kNoon).ok());
}

TEST_F(SqliteLedgerTest, AnIdleProcessWithADeletedFileIsInNobodysWay) {
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  char byte = 0;
  const pid_t child = fork();
  if (child == 0) {
    bool good = Exchange({}, kNoon).ok();
    good = write(ready[1], &byte, 1) == 1 && good;
    good = read(go[0], &byte, 1) == 1 && good;
    good = !Exchange({}, kNoon).ok() && good;
    good = Exchange({}, kNoon).ok() && good;
    _exit(good ? 0 : 1);
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  unlink(path_.c_str());
  EXPECT_TRUE(Exchange({}, kNoon).ok());
  EXPECT_TRUE(
      Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon)}, kNoon).ok());
  ASSERT_EQ(write(go[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(Exchange({}, kNoon).ok());
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) close(fd);
}

#ifndef __SANITIZE_THREAD__  // It does not follow forks of threaded programs.
TEST_F(SqliteLedgerTest, AChildBesideAnOpenLedgerIsToldNotHung) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  std::atomic<bool> stop{false};
  std::thread busy([this, &stop] {
    for (uint64_t i = 0; !stop; ++i) {
      Exchange({Event(LedgerEvent::Kind::kSent, i, kNoon)}, kNoon)
          .IgnoreError();
    }
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);  // Should it hang.
      const auto code =
          NewSqliteLedger(path_)->Exchange(LedgerRequest()).status().code();
      _exit(code == absl::StatusCode::kFailedPrecondition ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  busy.join();
  EXPECT_TRUE(Exchange({}, kNoon).ok());
  // Nothing is inherited of what was closed before.
  ledger_ = nullptr;
  const pid_t child = fork();
  if (child == 0) {
    _exit(NewSqliteLedger(path_)->Exchange(LedgerRequest()).ok() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

TEST_F(SqliteLedgerTest, AFileCutShortIsADiagnosisNotACrash) {
  for (uint64_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(
        Exchange({Event(LedgerEvent::Kind::kSent, i, kNoon)}, kNoon).ok());
  }
  ledger_ = nullptr;
  const std::string whole = directory_.Read("ledger");
  for (const size_t part : {2U, 3U, 10U, 50U}) {
    for (const std::string& name : directory_.List()) {
      unlink((directory_.path() + "/" + name).c_str());
    }
    directory_.Write("ledger", whole.substr(0, whole.size() / part));
    ledger_ = NewSqliteLedger(path_, absl::Milliseconds(20));
    EXPECT_EQ(Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon)}, kNoon)
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(SqliteLedgerTest, ANewerVersionIsLeftAlone) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  ledger_ = NewSqliteLedger(path_, absl::Milliseconds(20));
  Run("PRAGMA user_version = 2");
  const auto newer = Exchange({}, kNoon);
  EXPECT_EQ(newer.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(newer.status().message()), HasSubstr("version 2"));
  EXPECT_EQ(ReadSqliteLedger(path_, kNoon).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(SqliteLedgerTest, AnOlderFileGetsWhatItLacks) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  ledger_ = NewSqliteLedger(path_, absl::Milliseconds(20));
  Run("DROP TABLE open; DROP TABLE refusal; DROP INDEX spending_since");
  LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, 1, kNoon);
  refused.diagnosis = Refusal(QuotaWindow::kMinute, 5, kNoon);
  EXPECT_TRUE(
      Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon), refused}, kNoon)
          .ok());
  Run("SELECT * FROM open; SELECT * FROM refusal");
}

TEST_F(SqliteLedgerTest, TheDatabaseOfAnotherProgramIsLeftAlone) {
  Run("CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('x')");
  EXPECT_EQ(Exchange({}, kNoon).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteLedgerTest, AMissingFolderIsNamed) {
  ledger_ = NewSqliteLedger(directory_.path() + "/no/ledger");
  const auto reply = Exchange({}, kNoon);
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("folder"));
}

TEST_F(SqliteLedgerTest, ALockedFileIsUnavailableUntilItIsLetGo) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(Exchange({}, kNoon).status().code(),
            absl::StatusCode::kUnavailable);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE(Exchange({}, kNoon).ok());
}

TEST_F(SqliteLedgerTest, NothingIsHalfTold) {
  ASSERT_TRUE(Exchange({}, kNoon).ok());
  Run("CREATE TRIGGER full BEFORE INSERT ON violation BEGIN "
      "SELECT RAISE(ABORT, 'disk full'); END");
  LedgerEvent ended = Event(LedgerEvent::Kind::kEnded, 1, kNoon);
  ended.diagnosis = Refusal(QuotaWindow::kMinute, 5, kNoon);
  EXPECT_FALSE(
      Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon), ended}, kNoon).ok());
  Run("DROP TRIGGER full");
  const auto records = ReadSqliteLedger(path_, kNoon);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_THAT(*records, IsEmpty());
}

TEST_F(SqliteLedgerTest, TellsWhatWasSpentAndWhatIsKnown) {
  const absl::Time told = kNoon + absl::Seconds(20);
  LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, 2, kNoon);
  refused.diagnosis = Refusal(QuotaWindow::kMinute, 5, told);
  LedgerRequest request;
  request.process = "a";
  request.service = "https://service";
  request.now = kNoon;
  request.events = {
      Event(LedgerEvent::Kind::kSent, 1, kNoon - absl::Hours(1)),
      Event(LedgerEvent::Kind::kEnded, 1, kNoon - absl::Hours(1)),
      Event(LedgerEvent::Kind::kSent, 2, kNoon - absl::Seconds(1)), refused};
  request.spent = {{"#1234abcd", "model", kNoon - absl::Hours(1), 1, 1290}};
  ASSERT_TRUE(ledger_->Exchange(request).ok());

  const auto records = ReadSqliteLedger(path_, kNoon);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_THAT(*records, SizeIs(1));
  const QuotaRecord& record = (*records)[0];
  EXPECT_EQ(record.service, "https://service");
  EXPECT_EQ(record.project, "#1234abcd");
  EXPECT_EQ(record.model, "model");
  EXPECT_EQ(record.minute.requests, 1);
  EXPECT_EQ(record.minute.refused, 1);
  EXPECT_EQ(record.day.requests, 2);
  EXPECT_EQ(record.day.pictures, 1);
  EXPECT_EQ(record.day.tokens, 1290);
  ASSERT_THAT(record.quotas, SizeIs(1));
  EXPECT_EQ(record.quotas[0].quota.limit, 5);
  EXPECT_EQ(record.quotas[0].used, 1);
  EXPECT_EQ(record.quotas[0].resets_at, told);
  ASSERT_TRUE(record.refusal.has_value());
  EXPECT_EQ(record.refusal->code, "some_code");

  const auto later = ReadSqliteLedger(path_, told);
  ASSERT_TRUE(later.ok());
  EXPECT_EQ((*later)[0].quotas[0].resets_at, std::nullopt);
}

TEST_F(SqliteLedgerTest, WhatWasNeverSentIsNotInTheBooks) {
  LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, 1, kNoon);
  refused.diagnosis = Refusal(QuotaWindow::kMinute, 5, kNoon);
  ASSERT_TRUE(Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon), refused,
                        Event(LedgerEvent::Kind::kSent, 2, kNoon),
                        Event(LedgerEvent::Kind::kUnsent, 2, kNoon)},
                       kNoon)
                  .ok());
  const auto records = ReadSqliteLedger(path_, kNoon);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_THAT(*records, SizeIs(1));
  EXPECT_EQ((*records)[0].minute.requests, 1);
  EXPECT_EQ((*records)[0].day.requests, 1);
  ASSERT_THAT((*records)[0].quotas, SizeIs(1));
  EXPECT_EQ((*records)[0].quotas[0].used, 1);
  // Who begins now hears of the events, so that they are not of the past.
  const auto soon = Exchange({}, kNoon + absl::Minutes(1));
  EXPECT_THAT(soon->today, IsEmpty());
  const auto late = Exchange({}, kNoon + absl::Minutes(40));
  ASSERT_THAT(late->today, SizeIs(1));
  EXPECT_EQ(late->today[0].sent, 1);
}

TEST_F(SqliteLedgerTest, ADaysQuotaIsRememberedWhenItsEventsAreLongGone) {
  LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, 1, kNoon);
  refused.diagnosis = Refusal(QuotaWindow::kDay, 100, kNoon + absl::Hours(12));
  ASSERT_TRUE(
      Exchange({Event(LedgerEvent::Kind::kSent, 1, kNoon), refused}, kNoon)
          .ok());
  const absl::Time later = kNoon + absl::Hours(3);
  const auto reply = Exchange({}, later);
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(reply->events, IsEmpty());
  ASSERT_THAT(reply->today, SizeIs(1));
  EXPECT_EQ(reply->today[0].sent, 1);
  const auto records = ReadSqliteLedger(path_, later);
  ASSERT_TRUE(records.ok());
  ASSERT_THAT((*records)[0].quotas, SizeIs(1));
  EXPECT_EQ((*records)[0].quotas[0].used, 1);
  EXPECT_EQ((*records)[0].quotas[0].quota.limit, 100);
}

TEST_F(SqliteLedgerTest, TheFileStaysSmallHoweverLongItIsUsed) {
  absl::Time now = kNoon;
  for (uint64_t i = 0; i < 2000; ++i) {
    LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, i, now);
    refused.diagnosis = Refusal(QuotaWindow::kMinute, 5, now);
    ASSERT_TRUE(
        Exchange({Event(LedgerEvent::Kind::kSent, i, now), refused}, now).ok());
    now += absl::Minutes(1);
  }
  ledger_ = nullptr;
  EXPECT_LT(directory_.Read("ledger").size(), size_t{256} << 10);
}

TEST_F(SqliteLedgerTest, ProcessesAgreeWhateverTheirOwnClocksShow) {
  // The second was made after the system's clock had been set back.
  ledger_ =
      NewSqliteLedger(path_, absl::Seconds(1), [] { return -absl::Hours(1); });
  LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, 1, kNoon);
  refused.at = kNoon + absl::Hours(1);
  refused.diagnosis =
      Refusal(QuotaWindow::kMinute, 5, refused.at + absl::Seconds(30));
  LedgerEvent sent = Event(LedgerEvent::Kind::kSent, 1, refused.at);
  ASSERT_TRUE(Exchange({sent, refused}, kNoon + absl::Hours(1)).ok());
  ledger_ = NewSqliteLedger(path_, absl::Seconds(1),
                            [] { return absl::ZeroDuration(); });
  LedgerRequest request;
  request.process = "b";
  request.service = "https://service";
  request.now = kNoon;
  request.since = kNoon - absl::Minutes(15);
  const auto reply = ledger_->Exchange(request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_THAT(reply->events, SizeIs(2));
  EXPECT_EQ(reply->events[0].at, kNoon);
  EXPECT_EQ(reply->events[1].diagnosis->retry_at, kNoon + absl::Seconds(30));
}

TEST_F(SqliteLedgerTest, ATurnThatASteppedClockLeftBehindEnds) {
  LedgerRequest request;
  request.process = "b";
  request.service = "https://service";
  request.now = kNoon + absl::Hours(1);
  request.turn = LedgerTurn::kTake;
  ASSERT_TRUE(ledger_->Exchange(request)->turn_until.has_value());
  request.process = "a";
  request.now = kNoon;
  EXPECT_TRUE(ledger_->Exchange(request)->turn_until.has_value());
}

// What a connection does while it keeps others waiting, in steps of SQLite's
// machine.
struct Work {
  bool locked = false;
  int64_t steps = 0;
  int64_t most = 0;
};
Work work;

int OnStatement(unsigned, void*, void* statement, void*) {
  auto* const of = static_cast<sqlite3_stmt*>(statement);
  const std::string sql = sqlite3_sql(of);
  work.steps += sqlite3_stmt_status(of, SQLITE_STMTSTATUS_VM_STEP, 1);
  if (sql == "BEGIN IMMEDIATE;") {
    work.locked = true;
    work.steps = 0;
  } else if (work.locked && sql == "COMMIT;") {
    work.locked = false;
    work.most = std::max(work.most, work.steps);
  }
  return 0;
}

int WatchConnection(sqlite3* database, char**, const sqlite3_api_routines*) {
  return sqlite3_trace_v2(database, SQLITE_TRACE_PROFILE, &OnStatement,
                          nullptr);
}

class SqliteLedgerWorkTest : public SqliteLedgerTest {
 protected:
  SqliteLedgerWorkTest() {
    work = Work();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&WatchConnection));
  }
  ~SqliteLedgerWorkTest() override { sqlite3_reset_auto_extension(); }

  // The steps of the dearest transaction since the last time.
  static int64_t TakeMost() { return std::exchange(work.most, 0); }

  absl::StatusOr<LedgerReply> ExchangeAs(const std::string& process,
                                         int64_t seen, absl::Time now) {
    LedgerRequest request;
    request.process = process;
    request.service = "https://service";
    request.now = now;
    request.since = now - absl::Minutes(15);
    request.seen = seen;
    return NewSqliteLedger(path_)->Exchange(request);
  }
};

TEST_F(SqliteLedgerWorkTest, NobodyIsKeptWaitingForALongHistory) {
  constexpr int kRefused = 8000;
  // Most by one quota, each tenth by one of its own, all within ten minutes.
  absl::Time now = kNoon;
  std::vector<LedgerEvent> events;
  for (uint64_t i = 0; i < kRefused; ++i) {
    now += absl::Minutes(10) / kRefused;
    LedgerEvent refused = Event(LedgerEvent::Kind::kEnded, i, now);
    auto why =
        std::make_shared<Diagnosis>(*Refusal(QuotaWindow::kMinute, 5, now));
    if (i % 10 == 0) why->violations[0].quota_id = std::to_string(i);
    refused.diagnosis = why;
    events.push_back(Event(LedgerEvent::Kind::kSent, i, now));
    events.push_back(refused);
    if (i % 50 < 49) continue;
    ASSERT_TRUE(Exchange(std::exchange(events, {}), now).ok());
  }
  // A few hundred rows, some hundred steps for each; never all of them.
  constexpr int64_t kMost = 40000;
  EXPECT_LT(TakeMost(), kMost);

  // One that begins and one that was idle: both read what happened.
  auto reply = ExchangeAs("b", -1, now);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(reply->events, SizeIs(2 * kRefused));
  EXPECT_LT(TakeMost(), kMost);
  reply = ExchangeAs("b", 10, now);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(reply->events, SizeIs(2 * kRefused - 10));
  EXPECT_LT(TakeMost(), kMost);

  // One dies that had thousands on their way.
  now += absl::Minutes(1);
  for (uint64_t i = 0; i < 2000; i += 100) {
    std::vector<LedgerEvent> sent;
    for (uint64_t j = 0; j < 100; ++j) {
      sent.push_back(
          Event(LedgerEvent::Kind::kSent, kRefused + 1 + i + j, now));
    }
    ASSERT_TRUE(Exchange(std::move(sent), now).ok());
  }
  now += kLedgerSilence + absl::Seconds(1);
  TakeMost();
  int64_t seen = ExchangeAs("b", -1, now)->seen;
  size_t released = 0;
  for (int i = 0; i < 20; ++i) {
    reply = ExchangeAs("b", seen, now);
    ASSERT_TRUE(reply.ok()) << reply.status();
    seen = reply->seen;
    released += reply->events.size();
  }
  EXPECT_EQ(released + 200, 2000U);
  EXPECT_LT(TakeMost(), kMost);

  // All of it becomes old.
  now += absl::Minutes(20);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(ExchangeAs("b", seen, now).ok());
  }
  EXPECT_LT(TakeMost(), kMost);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
  int left = 0;
  sqlite3_exec(
      database, "SELECT count(*) FROM event",
      [](void* to, int, char** columns, char**) {
        *static_cast<int*>(to) = std::stoi(columns[0]);
        return 0;
      },
      &left, nullptr);
  sqlite3_close(database);
  EXPECT_EQ(left, kRefused / 10 + 1) << "the last refusal by each quota";
}

TEST(ReadQuotaLedgerTest, AMissingFileIsNotFound) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(ReadQuotaLedger("sqlite://" + directory.path() + "/x", kNoon)
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace gemini::internal
