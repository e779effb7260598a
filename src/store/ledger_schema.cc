#include "store/ledger_schema.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

namespace gemini::internal {
namespace {

constexpr int64_t kVersion = 1;

// "gmld" in PRAGMA application_id: what the file is.
constexpr int64_t kApplication = 0x676d6c64;

// Times are nanoseconds since 1970 in UTC. Names, not numbers, stand for
// enumerators.
constexpr char kMarks[] = R"sql(
PRAGMA application_id = 1735224420;
PRAGMA user_version = 1;
)sql";

// Older files get what they lack. Those who do not know it can use them still.
constexpr char kTables[] = R"sql(
-- What became of requests: kind 0 sent, 1 ended, 2 released, 3 never
-- sent after all (with the time at which it was to be).
CREATE TABLE IF NOT EXISTS event (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  process TEXT NOT NULL,
  request INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  project TEXT NOT NULL,
  credential TEXT NOT NULL,
  model TEXT NOT NULL,
  at INTEGER NOT NULL,
  input_tokens REAL NOT NULL,
  cause TEXT,              -- Null: not ended, or ended well.
  code TEXT,
  message TEXT,
  http_status INTEGER,
  retry_delay INTEGER,     -- Nanoseconds, as the service said.
  retry_at INTEGER
);
CREATE INDEX IF NOT EXISTS event_request ON event (process, request, kind);
CREATE INDEX IF NOT EXISTS event_route ON event (service, project, model, at);
CREATE INDEX IF NOT EXISTS event_refusal ON event (service, project, model)
  WHERE cause IS NOT NULL;

-- The quotas that a refusal named.
CREATE TABLE IF NOT EXISTS violation (
  event INTEGER NOT NULL,
  position INTEGER NOT NULL,
  metric TEXT NOT NULL,
  quota_id TEXT NOT NULL,
  model TEXT NOT NULL,
  location TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  quota_limit INTEGER,
  limit_source TEXT NOT NULL,
  period TEXT NOT NULL,
  unit TEXT NOT NULL,
  tier TEXT NOT NULL,
  PRIMARY KEY (event, position)
) WITHOUT ROWID;

-- Who may send now.
CREATE TABLE IF NOT EXISTS turn (
  service TEXT PRIMARY KEY,
  process TEXT NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS process (
  process TEXT PRIMARY KEY,
  seen INTEGER NOT NULL
) WITHOUT ROWID;

-- What is done now and then, and when it was done last. Of "file": a number
-- that tells this file from others. Of "tidied": up to which event.
CREATE TABLE IF NOT EXISTS task (
  name TEXT PRIMARY KEY,
  done INTEGER NOT NULL
) WITHOUT ROWID;

-- The books: of clock minutes and of Pacific days.
CREATE TABLE IF NOT EXISTS spending (
  service TEXT NOT NULL,
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  period TEXT NOT NULL,
  since INTEGER NOT NULL,
  requests INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  pictures INTEGER NOT NULL DEFAULT 0,
  tokens INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (service, project, model, period, since)
) WITHOUT ROWID;

-- What can be found without a search, so that nobody keeps others waiting for
-- one. Requests whose end is not told so far.
CREATE TABLE IF NOT EXISTS open (
  process TEXT NOT NULL,
  request INTEGER NOT NULL,
  event INTEGER NOT NULL,  -- That it was sent.
  PRIMARY KEY (process, request)
) WITHOUT ROWID;

-- The last refusal by each quota, and of each model (quota is empty).
CREATE TABLE IF NOT EXISTS refusal (
  service TEXT NOT NULL,
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  quota TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (service, project, model, quota)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refusal_event ON refusal (event);
CREATE INDEX IF NOT EXISTS spending_since ON spending (period, since);
)sql";

// Of kTables, with those that SQLite makes for them.
constexpr int64_t kTablesAndIndexes = 14;

struct Marks {
  int64_t application = 0;
  int64_t version = 0;
  int64_t tables = 0;
};

Marks ReadMarks(Sqlite* database) {
  Marks marks;
  Sqlite::Statement row = database->Prepare(
      "SELECT (SELECT application_id FROM pragma_application_id), "
      "(SELECT user_version FROM pragma_user_version), "
      "(SELECT count(*) FROM sqlite_schema)");
  if (row.Step()) {
    marks.application = row.Number();
    marks.version = row.Number();
    marks.tables = row.Number();
  }
  return marks;
}

absl::Status Check(const Marks& marks) {
  if (marks.application != kApplication) {
    return absl::DataLossError("the file is a database, but no ledger");
  }
  if (marks.version > kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the ledger is of version ", marks.version,
                     ", which this library is too old for (", kVersion,
                     "): use another file, or the newer library everywhere"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PrepareLedger(Sqlite* database) {
  Marks marks = ReadMarks(database);
  if (!database->status().ok()) return database->status();
  if (marks.tables == 0 && marks.application == 0) {
    database->Run("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;");
    // Another process may have been faster.
    marks = ReadMarks(database);
    if (marks.tables == 0) {
      database->Run(kMarks);
      database->Run(kTables);
      marks = ReadMarks(database);
    }
    database->Run("COMMIT;");
    if (!database->status().ok()) return database->status();
  }
  if (absl::Status good = Check(marks); !good.ok()) return good;
  // A loss of power may lose the last entries, not the file.
  database->Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  if (marks.tables < kTablesAndIndexes) database->Run(kTables);
  return database->status();
}

int64_t LedgerIdentity(Sqlite* database) {
  const auto read = [database]() -> std::optional<int64_t> {
    Sqlite::Statement row =
        database->Prepare("SELECT done FROM task WHERE name = 'file'");
    if (!row.Step()) return std::nullopt;
    return row.Number();
  };
  if (const std::optional<int64_t> known = read()) return *known;
  database->Run(
      "INSERT INTO task (name, done) VALUES ('file', random()) "
      "ON CONFLICT DO NOTHING;");
  return read().value_or(0);
}

absl::Status CheckLedger(Sqlite* database) {
  const Marks marks = ReadMarks(database);
  if (!database->status().ok()) return database->status();
  return Check(marks);
}

}  // namespace gemini::internal
