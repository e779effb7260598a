#include "store/sqlite_ledger.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "store/ledger_rows.h"
#include "store/ledger_schema.h"
#include "store/sqlite.h"
#include "util/pacific_time.h"

namespace gemini::internal {
namespace {

// Of what is told to others. Longer than any window that they pace by.
constexpr absl::Duration kEventsKept = absl::Minutes(15);
constexpr absl::Duration kRefusalsKept = absl::Hours(24 * 30);
constexpr absl::Duration kMinutesKept = absl::Hours(2);
constexpr absl::Duration kDaysKept = absl::Hours(24 * 90);
constexpr absl::Duration kTidyEvery = absl::Minutes(1);

// Of events and other rows that are looked at while others wait, for each
// purpose.
constexpr int64_t kAtOnce = 200;

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(std::string path, absl::Duration patience,
               std::function<absl::Duration()> ahead)
      : path_(std::move(path)), patience_(patience), ahead_(std::move(ahead)) {}

  // In the file all times are those of the wall.
  absl::StatusOr<LedgerReply> Exchange(const LedgerRequest& asked) override {
    const absl::Duration ahead = ahead_ ? ahead_() : absl::ZeroDuration();
    LedgerRequest request = asked;
    request.now += ahead;
    request.since += ahead;
    for (LedgerEvent& event : request.events) Shift(ahead, &event);
    for (LedgerSpending& spending : request.spent) spending.at += ahead;
    absl::StatusOr<LedgerReply> reply = ExchangeByTheWall(request);
    if (!reply.ok()) return reply;
    for (LedgerEvent& event : reply->events) Shift(-ahead, &event);
    if (reply->turn_until.has_value()) *reply->turn_until -= ahead;
    return reply;
  }

 private:
  static void Shift(absl::Duration by, LedgerEvent* event) {
    event->at += by;
    if (event->diagnosis == nullptr ||
        !event->diagnosis->retry_at.has_value()) {
      return;
    }
    Diagnosis diagnosis = *event->diagnosis;
    *diagnosis.retry_at += by;
    event->diagnosis = std::make_shared<const Diagnosis>(std::move(diagnosis));
  }

  absl::StatusOr<LedgerReply> ExchangeByTheWall(const LedgerRequest& request) {
    if (database_ != nullptr && database_->WasMoved()) {
      database_ = nullptr;
      return absl::UnavailableError(absl::StrCat(
          path_,
          ": was deleted or replaced while it was in use; it is opened "
          "anew"));
    }
    if (database_ == nullptr) {
      if (absl::Status opened = Open(); !opened.ok()) return opened;
    }
    LedgerReply reply;
    reply.anew = request.seen >= 0 && known_.has_value() && known_ != file_;
    reply.seen = reply.anew ? -1 : request.seen;
    if (reply.seen < 0 || IsFarBehind(reply.seen)) {
      // Long, so not while others wait.
      database_->Run("BEGIN;");
      ReadEvents(request, &reply);
      if (request.seen < 0) reply.today = Today(request);
      database_->Run("COMMIT;");
    }
    database_->Run("BEGIN IMMEDIATE;");
    Beat(request);
    const int64_t tidied = Tidied();
    for (const LedgerEvent& event : request.events) {
      InsertEvent(database_.get(), request.service, event, tidied);
      BookEvent(request.service, event);
    }
    for (const LedgerSpending& spending : request.spent) {
      Book(request.service, spending.project, spending.model, spending.at,
           {0, 0, spending.pictures, spending.tokens});
    }
    ReleaseTheDead(request.now);
    Tidy(request.now, tidied);
    ReadEvents(request, &reply);
    PassTurn(request, &reply);
    database_->Run("COMMIT;");
    const absl::Status status = database_->status();
    if (status.ok()) {
      known_ = file_;
      return reply;
    }
    database_ = nullptr;  // Which rolls back. Perhaps the file is replaced.
    return status;
  }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Sqlite>> opened =
        Sqlite::Open(path_, Sqlite::Mode::kCreate, patience_);
    if (!opened.ok()) return opened.status();
    Sqlite* const file = opened->get();
    if (absl::Status ready = PrepareLedger(file); !ready.ok()) return ready;
    file_ = LedgerIdentity(file);
    if (!file->status().ok()) return file->status();
    database_ = *std::move(opened);
    return absl::OkStatus();
  }

  struct Amounts {
    int64_t requests;
    int64_t refused;
    int64_t pictures;
    int64_t tokens;
  };

  void Beat(const LedgerRequest& request) {
    database_
        ->Prepare(
            "INSERT INTO process (process, seen) VALUES (?1, ?2) "
            "ON CONFLICT DO UPDATE SET seen = ?2")
        .Bind(request.process)
        .Bind(request.leaves ? absl::InfinitePast() : request.now)
        .Step();
  }

  void BookEvent(const std::string& service, const LedgerEvent& event) {
    if (event.kind == LedgerEvent::Kind::kSent) {
      Book(service, event.project, event.model, event.at, {1, 0, 0, 0});
    } else if (event.kind == LedgerEvent::Kind::kUnsent) {
      Book(service, event.project, event.model, event.at, {-1, 0, 0, 0});
    } else if (IsRefusal(event)) {
      Book(service, event.project, event.model, event.at, {0, 1, 0, 0});
    }
  }

  void Book(const std::string& service, const std::string& project,
            const std::string& model, absl::Time at, const Amounts& amounts) {
    const std::pair<const char*, absl::Time> periods[] = {
        {"minute", ClockMinute(at)}, {"day", LastPacificMidnight(at)}};
    for (const auto& [period, since] : periods) {
      database_
          ->Prepare(
              "INSERT INTO spending (service, project, model, period, since, "
              "requests, refused, pictures, tokens) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
              "ON CONFLICT DO UPDATE SET requests = requests + ?6, "
              "refused = refused + ?7, pictures = pictures + ?8, "
              "tokens = tokens + ?9")
          .Bind(service)
          .Bind(project)
          .Bind(model)
          .Bind(period)
          .Bind(since)
          .Bind(amounts.requests)
          .Bind(amounts.refused)
          .Bind(amounts.pictures)
          .Bind(amounts.tokens)
          .Step();
    }
  }

  // Nobody will say how their requests ended.
  void ReleaseTheDead(absl::Time now) {
    struct Open {
      std::string process;
      int64_t request;
      int64_t event;
    };
    std::vector<Open> left;
    {
      Sqlite::Statement row = database_->Prepare(
          "SELECT process, request, event FROM open WHERE process IN "
          "(SELECT process FROM process WHERE seen < ?1) LIMIT ?2");
      row.Bind(now - kLedgerSilence).Bind(kAtOnce);
      while (row.Step()) {
        Open open;
        open.process = row.Text();
        open.request = row.Number();
        open.event = row.Number();
        left.push_back(std::move(open));
      }
    }
    for (const Open& open : left) {
      database_
          ->Prepare(
              "INSERT INTO event (service, process, request, kind, project, "
              "credential, model, at, input_tokens) "
              "SELECT service, process, request, 2, project, credential, "
              "model, at, input_tokens FROM event WHERE number = ?1 AND "
              "at >= ?2")
          .Bind(open.event)
          .Bind(now - kEventsKept)
          .Step();
      database_->Prepare("DELETE FROM open WHERE process = ?1 AND request = ?2")
          .Bind(open.process)
          .Bind(open.request)
          .Step();
    }
    if (static_cast<int64_t>(left.size()) == kAtOnce) return;  // There is more.
    database_->Prepare("DELETE FROM process WHERE seen < ?1")
        .Bind(now - kLedgerSilence)
        .Step();
  }

  // What was sent today and is not told as an event.
  std::vector<LedgerDay> Today(const LedgerRequest& request) {
    std::vector<LedgerDay> days;
    Sqlite::Statement row = database_->Prepare(
        "SELECT project, model, requests - (SELECT coalesce(sum("
        "iif(kind = 0, 1, -1)), 0) FROM event WHERE "
        "service = spending.service AND project = spending.project AND "
        "model = spending.model AND kind IN (0, 3) AND at >= max(?2, ?3)) "
        "FROM spending WHERE service = ?1 AND period = 'day' AND since = ?2");
    row.Bind(request.service)
        .Bind(LastPacificMidnight(request.now))
        .Bind(request.since);
    while (row.Step()) {
      LedgerDay day;
      day.project = row.Text();
      day.model = row.Text();
      day.sent = row.Number();
      if (day.sent > 0) days.push_back(std::move(day));
    }
    return days;
  }

  // A little now and then, of whichever process comes first.
  void Tidy(absl::Time now, int64_t tidied) {
    {
      Sqlite::Statement due = database_->Prepare(
          "SELECT 1 FROM task WHERE name = 'tidy' AND done > ?1 AND "
          "done <= ?2");
      if (due.Bind(now - kTidyEvery).Bind(now).Step()) return;
    }
    const bool more = TidyEvents(now, tidied);
    TidyRefusals(now - kRefusalsKept);
    for (const auto& [period, kept] : {std::make_pair("minute", kMinutesKept),
                                       std::make_pair("day", kDaysKept)}) {
      database_
          ->Prepare(
              "DELETE FROM spending WHERE (service, project, model, period, "
              "since) IN (SELECT service, project, model, period, since FROM "
              "spending WHERE period = ?1 AND since < ?2 LIMIT ?3)")
          .Bind(period)
          .Bind(now - kept)
          .Bind(kAtOnce)
          .Step();
    }
    if (!more) SetTask("tidy", absl::ToUnixNanos(now));
  }

  // The last refusal by each quota, and the last of each model, are kept for
  // those who ask what is known. Returns whether there is more.
  bool TidyEvents(absl::Time now, int64_t tidied) {
    std::vector<int64_t> old;
    int64_t seen = 0;
    {
      // What is of the future was written before a clock was set back.
      Sqlite::Statement row = database_->Prepare(
          "SELECT number, at < ?2 OR at > ?3, EXISTS (SELECT 1 FROM refusal "
          "WHERE event = number) FROM event WHERE number > ?1 "
          "ORDER BY number LIMIT ?4");
      row.Bind(tidied)
          .Bind(now - kEventsKept)
          .Bind(now + kEventsKept)
          .Bind(kAtOnce);
      while (row.Step()) {
        const int64_t number = row.Number();
        if (row.Number() == 0) break;
        ++seen;
        tidied = number;
        if (row.Number() == 0) old.push_back(number);
      }
    }
    for (const int64_t number : old) DeleteEvent(database_.get(), number);
    if (seen > 0) SetTask("tidied", tidied);
    return seen == kAtOnce;
  }

  // Those which nobody has met for long.
  void TidyRefusals(absl::Time until) {
    std::vector<int64_t> old;
    {
      Sqlite::Statement row = database_->Prepare(
          "SELECT event, ifnull(at < ?1, 1) FROM refusal LEFT JOIN event ON "
          "number = event ORDER BY event LIMIT ?2");
      row.Bind(until).Bind(kAtOnce);
      while (row.Step()) {
        const int64_t number = row.Number();
        if (row.Number() == 0) break;
        old.push_back(number);
      }
    }
    for (const int64_t number : old) {
      database_->Prepare("DELETE FROM refusal WHERE event = ?1")
          .Bind(number)
          .Step();
      DeleteEvent(database_.get(), number);
    }
  }

  int64_t Tidied() {
    Sqlite::Statement row =
        database_->Prepare("SELECT done FROM task WHERE name = 'tidied'");
    return row.Step() ? row.Number() : 0;
  }

  void SetTask(const char* name, int64_t done) {
    database_
        ->Prepare(
            "INSERT INTO task (name, done) VALUES (?1, ?2) "
            "ON CONFLICT DO UPDATE SET done = ?2")
        .Bind(name)
        .Bind(done)
        .Step();
  }

  // So much that others should not wait for it.
  bool IsFarBehind(int64_t seen) {
    Sqlite::Statement last = database_->Prepare(
        "SELECT seq FROM sqlite_sequence WHERE name = 'event'");
    return last.Step() && last.Number() - seen > kAtOnce;
  }

  // Those after reply->seen.
  void ReadEvents(const LedgerRequest& request, LedgerReply* reply) {
    const int64_t seen = reply->seen;
    Sqlite::Statement last = database_->Prepare(
        "SELECT seq FROM sqlite_sequence WHERE name = 'event'");
    if (last.Step()) reply->seen = last.Number();
    // Moving them to larger and larger memory would cost more than reading.
    reply->events.reserve(reply->events.size() +
                          static_cast<size_t>(std::clamp<int64_t>(
                              reply->seen - seen, 0, 1 << 17)));
    // By number, not by an index of the service, which is of all events.
    Sqlite::Statement row = database_->Prepare(
        "SELECT number, process, request, kind, project, credential, model, "
        "at, input_tokens, cause, code, message, http_status, retry_delay, "
        "retry_at FROM event NOT INDEXED WHERE number > ?1 AND service = ?2 "
        "AND "
        "process <> ?3 AND at >= ?4 ORDER BY number");
    row.Bind(seen)
        .Bind(request.service)
        .Bind(request.process)
        .Bind(seen < 0 ? request.since : absl::InfinitePast());
    while (row.Step()) {
      reply->events.push_back(ReadEvent(database_.get(), &row));
    }
  }

  void PassTurn(const LedgerRequest& request, LedgerReply* reply) {
    if (request.turn == LedgerTurn::kGiveBack) {
      database_->Prepare("DELETE FROM turn WHERE service = ?1 AND process = ?2")
          .Bind(request.service)
          .Bind(request.process)
          .Step();
    }
    if (request.turn != LedgerTurn::kTake) return;
    const absl::Time until = request.now + kLedgerTurn;
    // A turn that ends too late is that of a clock which was set back.
    Sqlite::Statement taken = database_->Prepare(
        "INSERT INTO turn (service, process, until) VALUES (?1, ?2, ?3) "
        "ON CONFLICT DO UPDATE SET process = ?2, until = ?3 "
        "WHERE process = ?2 OR until <= ?4 OR until > ?5 RETURNING until");
    taken.Bind(request.service)
        .Bind(request.process)
        .Bind(until)
        .Bind(request.now)
        .Bind(until + absl::Seconds(1));
    if (taken.Step()) reply->turn_until = taken.Time();
  }

  const std::string path_;
  const absl::Duration patience_;
  const std::function<absl::Duration()> ahead_;
  std::unique_ptr<Sqlite> database_;
  int64_t file_ = 0;              // Which it is, if it is open.
  std::optional<int64_t> known_;  // Which the last reply was of.
};

}  // namespace

std::unique_ptr<Ledger> NewSqliteLedger(std::string path,
                                        absl::Duration patience,
                                        std::function<absl::Duration()> ahead) {
  return std::make_unique<SqliteLedger>(std::move(path), patience,
                                        std::move(ahead));
}

absl::StatusOr<std::vector<QuotaRecord>> ReadSqliteLedger(
    const std::string& path, absl::Time now) {
  absl::StatusOr<std::unique_ptr<Sqlite>> database =
      Sqlite::Open(path, Sqlite::Mode::kExisting, absl::Seconds(2));
  if (!database.ok()) return database.status();
  Sqlite* const file = database->get();
  if (absl::Status good = CheckLedger(file); !good.ok()) return good;
  file->Run("BEGIN;");
  std::vector<QuotaRecord> records = ReadRecords(file, now);
  file->Run("COMMIT;");
  if (!file->status().ok()) return file->status();
  return records;
}

}  // namespace gemini::internal
