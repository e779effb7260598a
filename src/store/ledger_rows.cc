#include "store/ledger_rows.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/pacific_time.h"

namespace gemini::internal {
namespace {

// Names are what lasts; enumerators may move. Unknown names are of a newer
// library: the first enumerator stands for what is not known.
template <typename Enum>
Enum FromName(absl::string_view name, Enum last,
              absl::string_view (*name_of)(Enum)) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return static_cast<Enum>(0);
}

// Between a dimension's name and value, and after it: neither can hold them.
constexpr char kIs = '\x1f';
constexpr char kEnd = '\x1e';

std::string JoinDimensions(const std::map<std::string, std::string>& map) {
  std::string joined;
  for (const auto& [name, value] : map) {
    absl::StrAppend(&joined, name, std::string(1, kIs), value,
                    std::string(1, kEnd));
  }
  return joined;
}

std::map<std::string, std::string> SplitDimensions(const std::string& joined) {
  std::map<std::string, std::string> map;
  for (const absl::string_view entry :
       absl::StrSplit(joined, kEnd, absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(entry, absl::MaxSplits(kIs, 1));
    map.insert(pair);
  }
  return map;
}

void InsertViolations(Sqlite* database, int64_t event,
                      const std::vector<QuotaViolation>& violations) {
  int64_t position = 0;
  for (const QuotaViolation& violation : violations) {
    database
        ->Prepare(
            "INSERT INTO violation (event, position, metric, quota_id, model, "
            "location, dimensions, quota_limit, limit_source, period, unit, "
            "tier) VALUES "
            "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
        .Bind(event)
        .Bind(position++)
        .Bind(violation.metric)
        .Bind(violation.quota_id)
        .Bind(violation.model)
        .Bind(violation.location)
        .Bind(JoinDimensions(violation.dimensions))
        .Bind(violation.limit)
        .Bind(LimitSourceName(violation.limit_source))
        .Bind(QuotaWindowName(violation.window))
        .Bind(QuotaUnitName(violation.unit))
        .Bind(QuotaTierName(violation.tier))
        .Step();
  }
}

// `row` stands on the columns from metric to tier.
QuotaViolation ReadViolation(Sqlite::Statement* row) {
  QuotaViolation violation;
  violation.metric = row->Text();
  violation.quota_id = row->Text();
  violation.model = row->Text();
  violation.location = row->Text();
  violation.dimensions = SplitDimensions(row->Text());
  violation.limit = row->NumberOrNull();
  violation.limit_source =
      FromName(row->Text(), LimitSource::kMessage, LimitSourceName);
  violation.window =
      FromName(row->Text(), QuotaWindow::kMonth, QuotaWindowName);
  violation.unit = FromName(row->Text(), QuotaUnit::kBytes, QuotaUnitName);
  violation.tier = FromName(row->Text(), QuotaTier::kTier3, QuotaTierName);
  return violation;
}

std::vector<QuotaViolation> ViolationsOf(Sqlite* database, int64_t event) {
  std::vector<QuotaViolation> violations;
  Sqlite::Statement row = database->Prepare(
      "SELECT metric, quota_id, model, location, dimensions, quota_limit, "
      "limit_source, period, unit, tier FROM violation WHERE event = ?1 "
      "ORDER BY position");
  row.Bind(event);
  while (row.Step()) violations.push_back(ReadViolation(&row));
  return violations;
}

// `row` stands on: cause, code, message, http_status, retry_delay, retry_at.
std::shared_ptr<Diagnosis> ReadDiagnosis(Sqlite::Statement* row) {
  const std::string cause = row->Text();
  if (cause.empty()) return nullptr;
  auto diagnosis = std::make_shared<Diagnosis>();
  diagnosis->cause = FromName(cause, Cause::kDeadlineExceeded, CauseName);
  diagnosis->code = row->Text();
  diagnosis->message = row->Text();
  if (const auto status = row->NumberOrNull()) {
    diagnosis->http_status = static_cast<int>(*status);
  }
  if (const auto delay = row->NumberOrNull()) {
    diagnosis->retry_delay = absl::Nanoseconds(*delay);
  }
  diagnosis->retry_at = row->TimeOrNull();
  diagnosis->evidence = "another process was told so; read from the ledger";
  return diagnosis;
}

QuotaSpending ReadSpending(Sqlite* database, const QuotaRecord& of,
                           const char* period, absl::Time since) {
  QuotaSpending spending;
  spending.since = since;
  Sqlite::Statement row = database->Prepare(
      "SELECT requests, refused, pictures, tokens FROM spending WHERE "
      "service = ?1 AND project = ?2 AND model = ?3 AND period = ?4 AND "
      "since = ?5");
  row.Bind(of.service).Bind(of.project).Bind(of.model).Bind(period).Bind(since);
  if (row.Step()) {
    spending.requests = row.Number();
    spending.refused = row.Number();
    spending.pictures = row.Number();
    spending.tokens = row.Number();
  }
  return spending;
}

std::optional<absl::Duration> LengthOf(QuotaWindow window) {
  switch (window) {
    case QuotaWindow::kMinute:
      return absl::Minutes(1);
    case QuotaWindow::kTenMinutes:
      return absl::Minutes(10);
    default:
      return std::nullopt;
  }
}

int64_t SentSince(Sqlite* database, const QuotaRecord& of, absl::Time since) {
  Sqlite::Statement row = database->Prepare(
      "SELECT coalesce(sum(iif(kind = 0, 1, -1)), 0) FROM event WHERE "
      "service = ?1 AND project = ?2 AND model = ?3 AND at > ?4 AND "
      "kind IN (0, 3)");
  row.Bind(of.service).Bind(of.project).Bind(of.model).Bind(since);
  return row.Step() ? row.Number() : 0;
}

std::optional<int64_t> UsedOf(Sqlite* database, const QuotaRecord& record,
                              const QuotaViolation& quota, absl::Time now) {
  if (quota.window == QuotaWindow::kDay) {
    switch (quota.unit) {
      case QuotaUnit::kRequests:
        return record.day.requests;
      case QuotaUnit::kImages:
        return record.day.pictures;
      default:
        return std::nullopt;
    }
  }
  const std::optional<absl::Duration> length = LengthOf(quota.window);
  if (!length.has_value() || (quota.unit != QuotaUnit::kRequests &&
                              quota.unit != QuotaUnit::kImages)) {
    return std::nullopt;
  }
  return SentSince(database, record, now - *length);
}

void ReadQuotas(Sqlite* database, absl::Time now, QuotaRecord* record) {
  Sqlite::Statement row = database->Prepare(
      "SELECT metric, quota_id, violation.model, location, dimensions, "
      "quota_limit, limit_source, period, unit, tier, at, retry_at, "
      "max(number) FROM violation JOIN event ON number = event "
      "WHERE service = ?1 AND project = ?2 AND event.model = ?3 "
      "GROUP BY metric, quota_id, violation.model, location, dimensions "
      "ORDER BY metric, quota_id");
  row.Bind(record->service).Bind(record->project).Bind(record->model);
  while (row.Step()) {
    KnownQuota known;
    known.quota = ReadViolation(&row);
    known.refused_at = row.Time();
    known.resets_at = row.TimeOrNull();
    if (known.resets_at.has_value() && *known.resets_at <= now) {
      known.resets_at.reset();
    }
    if (known.quota.window == QuotaWindow::kDay) {
      known.resets_at = NextPacificMidnight(now);
    }
    known.used = UsedOf(database, *record, known.quota, now);
    record->quotas.push_back(std::move(known));
  }
}

// The last word of the service, if it was a refusal.
void ReadRefusal(Sqlite* database, QuotaRecord* record) {
  Sqlite::Statement row = database->Prepare(
      "SELECT number, at, cause, code, message, http_status, retry_delay, "
      "retry_at FROM event WHERE service = ?1 AND project = ?2 AND "
      "model = ?3 AND kind = 1 ORDER BY number DESC LIMIT 1");
  row.Bind(record->service).Bind(record->project).Bind(record->model);
  if (!row.Step()) return;
  const int64_t number = row.Number();
  const absl::Time at = row.Time();
  const std::shared_ptr<Diagnosis> diagnosis = ReadDiagnosis(&row);
  if (diagnosis == nullptr) return;
  diagnosis->violations = ViolationsOf(database, number);
  record->refusal = *diagnosis;
  record->refused_at = at;
}

void InsertRow(Sqlite* database, const std::string& service,
               const LedgerEvent& event) {
  const Diagnosis* const why = event.diagnosis.get();
  Sqlite::Statement row = database->Prepare(
      "INSERT INTO event (service, process, request, kind, project, "
      "credential, model, at, input_tokens, code, message, http_status, "
      "retry_delay, retry_at, cause) VALUES "
      "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
  row.Bind(service)
      .Bind(event.process)
      .Bind(static_cast<int64_t>(event.request))
      .Bind(static_cast<int64_t>(event.kind))
      .Bind(event.project)
      .Bind(event.credential)
      .Bind(event.model)
      .Bind(event.at)
      .Bind(event.input_tokens);
  if (why == nullptr) {
    row.Step();
    return;
  }
  row.Bind(why->code).Bind(why->message);
  row.Bind(why->http_status.has_value()
               ? std::optional<int64_t>(*why->http_status)
               : std::nullopt);
  row.Bind(
      why->retry_delay.has_value()
          ? std::optional<int64_t>(absl::ToInt64Nanoseconds(*why->retry_delay))
          : std::nullopt);
  row.Bind(why->retry_at).Bind(CauseName(why->cause)).Step();
}

std::string QuotaKey(const QuotaViolation& violation) {
  const std::string end(1, kEnd);
  return absl::StrCat(violation.metric, end, violation.quota_id, end,
                      violation.model, end, violation.location, end,
                      JoinDimensions(violation.dimensions));
}

// What it takes the place of is not needed any more.
void SetLastRefusal(Sqlite* database, const std::string& service,
                    const LedgerEvent& event, const std::string& quota,
                    int64_t number, int64_t tidied) {
  int64_t before = number;
  {
    Sqlite::Statement row = database->Prepare(
        "SELECT event FROM refusal WHERE service = ?1 AND project = ?2 AND "
        "model = ?3 AND quota = ?4");
    row.Bind(service).Bind(event.project).Bind(event.model).Bind(quota);
    if (row.Step()) before = row.Number();
  }
  database
      ->Prepare(
          "INSERT INTO refusal (service, project, model, quota, event) VALUES "
          "(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET event = ?5")
      .Bind(service)
      .Bind(event.project)
      .Bind(event.model)
      .Bind(quota)
      .Bind(number)
      .Step();
  if (before > tidied || before == number) return;
  {
    Sqlite::Statement row =
        database->Prepare("SELECT 1 FROM refusal WHERE event = ?1");
    if (row.Bind(before).Step()) return;
  }
  DeleteEvent(database, before);
}

}  // namespace

bool IsRefusal(const LedgerEvent& event) {
  if (event.diagnosis == nullptr) return false;
  switch (event.diagnosis->cause) {
    case Cause::kRateLimited:
    case Cause::kSpendRate:
    case Cause::kDailyQuota:
    case Cause::kZeroQuota:
    case Cause::kBilling:
    case Cause::kCredential:
    case Cause::kModelNotFound:
      return true;
    default:
      return false;
  }
}

absl::Time ClockMinute(absl::Time time) {
  return absl::UnixEpoch() +
         absl::Floor(time - absl::UnixEpoch(), absl::Minutes(1));
}

void DeleteEvent(Sqlite* database, int64_t number) {
  database->Prepare("DELETE FROM violation WHERE event = ?1")
      .Bind(number)
      .Step();
  database->Prepare("DELETE FROM event WHERE number = ?1").Bind(number).Step();
}

void InsertEvent(Sqlite* database, const std::string& service,
                 const LedgerEvent& event, int64_t tidied) {
  const Diagnosis* const why = event.diagnosis.get();
  InsertRow(database, service, event);
  if (event.kind == LedgerEvent::Kind::kSent) {
    database
        ->Prepare(
            "INSERT INTO open (process, request, event) VALUES "
            "(?1, ?2, last_insert_rowid()) ON CONFLICT DO NOTHING")
        .Bind(event.process)
        .Bind(static_cast<int64_t>(event.request))
        .Step();
    return;
  }
  database->Prepare("DELETE FROM open WHERE process = ?1 AND request = ?2")
      .Bind(event.process)
      .Bind(static_cast<int64_t>(event.request))
      .Step();
  if (why == nullptr) return;
  const int64_t number = database->last_number();
  InsertViolations(database, number, why->violations);
  SetLastRefusal(database, service, event, "", number, tidied);
  for (const QuotaViolation& violation : why->violations) {
    SetLastRefusal(database, service, event, QuotaKey(violation), number,
                   tidied);
  }
}

LedgerEvent ReadEvent(Sqlite* database, Sqlite::Statement* row) {
  LedgerEvent event;
  const int64_t number = row->Number();
  event.process = row->Text();
  event.request = static_cast<uint64_t>(row->Number());
  event.kind =
      static_cast<LedgerEvent::Kind>(std::clamp<int64_t>(row->Number(), 0, 3));
  event.project = row->Text();
  event.credential = row->Text();
  event.model = row->Text();
  event.at = row->Time();
  event.input_tokens = row->Real();
  const std::shared_ptr<Diagnosis> diagnosis = ReadDiagnosis(row);
  if (diagnosis != nullptr) {
    diagnosis->violations = ViolationsOf(database, number);
  }
  event.diagnosis = diagnosis;
  return event;
}

std::vector<QuotaRecord> ReadRecords(Sqlite* database, absl::Time now) {
  std::vector<QuotaRecord> records;
  {
    Sqlite::Statement row = database->Prepare(
        "SELECT service, project, model FROM spending "
        "GROUP BY service, project, model ORDER BY service, project, model");
    while (row.Step()) {
      QuotaRecord record;
      record.service = row.Text();
      record.project = row.Text();
      record.model = row.Text();
      records.push_back(std::move(record));
    }
  }
  for (QuotaRecord& record : records) {
    record.minute = ReadSpending(database, record, "minute", ClockMinute(now));
    record.day =
        ReadSpending(database, record, "day", LastPacificMidnight(now));
    ReadQuotas(database, now, &record);
    ReadRefusal(database, &record);
  }
  return records;
}

}  // namespace gemini::internal
