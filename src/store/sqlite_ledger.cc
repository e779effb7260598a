#include "store/sqlite_ledger.h"

#include <utility>

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

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(std::string path, absl::Duration patience)
      : path_(std::move(path)), patience_(patience) {}

  absl::StatusOr<LedgerReply> Exchange(const LedgerRequest& request) override {
    if (database_ == nullptr) {
      absl::StatusOr<std::unique_ptr<Sqlite>> database =
          Sqlite::Open(path_, Sqlite::Mode::kCreate, patience_);
      if (!database.ok()) return database.status();
      if (absl::Status ready = PrepareLedger(database->get()); !ready.ok()) {
        return ready;
      }
      database_ = *std::move(database);
    }
    LedgerReply reply;
    database_->Run("BEGIN IMMEDIATE;");
    Beat(request);
    for (const LedgerEvent& event : request.events) {
      InsertEvent(database_.get(), request.service, event);
      BookEvent(request.service, event);
    }
    for (const LedgerSpending& spending : request.spent) {
      Book(request.service, spending.project, spending.model, spending.at,
           {0, 0, spending.pictures, spending.tokens});
    }
    ReleaseTheDead(request.now);
    if (request.seen < 0) reply.today = Today(request);
    if (request.now >= tidied_at_ + kTidyEvery) Tidy(request.now);
    ReadEvents(request, &reply);
    PassTurn(request, &reply);
    database_->Run("COMMIT;");
    const absl::Status status = database_->status();
    if (status.ok()) return reply;
    database_ = nullptr;  // Which rolls back. Perhaps the file is replaced.
    return status;
  }

 private:
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
    database_
        ->Prepare(
            "INSERT INTO event (service, process, request, kind, project, "
            "credential, model, at, input_tokens) "
            "SELECT service, process, request, 2, project, credential, model, "
            "at, input_tokens FROM event AS sent WHERE kind = 0 AND process IN "
            "(SELECT process FROM process WHERE seen < ?1) AND NOT EXISTS "
            "(SELECT 1 FROM event WHERE process = sent.process AND "
            "request = sent.request AND kind > 0)")
        .Bind(now - kLedgerSilence)
        .Step();
    database_->Prepare("DELETE FROM process WHERE seen < ?1")
        .Bind(now - kLedgerSilence)
        .Step();
  }

  // What was sent today and is not told as an event.
  std::vector<LedgerDay> Today(const LedgerRequest& request) {
    std::vector<LedgerDay> days;
    Sqlite::Statement row = database_->Prepare(
        "SELECT project, model, requests - (SELECT count(*) FROM event WHERE "
        "service = spending.service AND project = spending.project AND "
        "model = spending.model AND kind = 0 AND at >= max(?2, ?3)) "
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

  void Tidy(absl::Time now) {
    tidied_at_ = now;
    // The last refusal by each quota, and the last of each model, are kept for
    // those who ask what is known.
    database_
        ->Prepare(
            "DELETE FROM event WHERE at < ?1 AND (at < ?2 OR number NOT IN "
            "(SELECT max(number) FROM event JOIN violation "
            "ON violation.event = event.number GROUP BY service, project, "
            "event.model, metric, quota_id, violation.model, location, "
            "dimensions UNION ALL SELECT max(number) FROM event WHERE "
            "cause IS NOT NULL GROUP BY service, project, model))")
        .Bind(now - kEventsKept)
        .Bind(now - kRefusalsKept)
        .Step();
    database_
        ->Prepare(
            "DELETE FROM violation WHERE event NOT IN "
            "(SELECT number FROM event)")
        .Step();
    database_
        ->Prepare(
            "DELETE FROM spending WHERE since < ?2 OR "
            "(period = 'minute' AND since < ?1)")
        .Bind(now - kMinutesKept)
        .Bind(now - kDaysKept)
        .Step();
  }

  void ReadEvents(const LedgerRequest& request, LedgerReply* reply) {
    Sqlite::Statement last = database_->Prepare(
        "SELECT seq FROM sqlite_sequence WHERE name = 'event'");
    if (last.Step()) reply->seen = last.Number();
    Sqlite::Statement row = database_->Prepare(
        "SELECT number, process, request, kind, project, credential, model, "
        "at, input_tokens, cause, code, message, http_status, retry_delay, "
        "retry_at FROM event WHERE number > ?1 AND service = ?2 AND "
        "process <> ?3 AND at >= ?4 ORDER BY number");
    row.Bind(request.seen)
        .Bind(request.service)
        .Bind(request.process)
        .Bind(request.seen < 0 ? request.since : absl::InfinitePast());
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
  std::unique_ptr<Sqlite> database_;
  absl::Time tidied_at_ = absl::InfinitePast();
};

}  // namespace

std::unique_ptr<Ledger> NewSqliteLedger(std::string path,
                                        absl::Duration patience) {
  return std::make_unique<SqliteLedger>(std::move(path), patience);
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
