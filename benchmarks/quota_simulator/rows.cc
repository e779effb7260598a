#include "quota_simulator/rows.h"

#include <algorithm>
#include <utility>

namespace quota_simulator {
namespace {

using gemini::QuotaUnit;
using gemini::QuotaWindow;

QuotaModel PerMinute(int64_t limit, QuotaUnit unit = QuotaUnit::kRequests) {
  QuotaModel quota;
  quota.limit = limit;
  quota.unit = unit;
  return quota;
}

QuotaModel PerDay(int64_t limit, int64_t used = 0) {
  QuotaModel quota;
  quota.limit = limit;
  quota.window = QuotaWindow::kDay;
  quota.used_by_strangers = used;
  return quota;
}

// A call that is given up only at its deadline, and rather paid for twice than
// lost.
Row Patient(Row row) {
  row.name += ", patient";
  row.work.max_retries = 20;
  row.work.max_ambiguous_retries = 5;
  row.not_met.clear();
  return row;
}

Row NewRow(std::string name, std::vector<QuotaModel> quotas, double makespan,
           double requests) {
  Row row;
  row.name = std::move(name);
  row.model.quotas = std::move(quotas);
  row.makespan = makespan;
  row.requests_per_picture = requests;
  return row;
}

void AddMinuteRows(std::vector<Row>* rows) {
  for (const Windows windows : {Windows::kFixed, Windows::kSliding}) {
    const std::string kind =
        windows == Windows::kFixed ? "fixed window" : "sliding window";
    Row row = NewRow(kind, {PerMinute(20)}, 1.03, 1.03);
    row.model.windows = windows;
    rows->push_back(row);

    row.name = kind + ", refused ones count";
    row.model.counts_refused = true;
    rows->push_back(row);

    row.name = kind + ", refused ones count, day of 103";
    row.model.quotas.push_back(PerDay(103));
    rows->push_back(row);

    row = NewRow(kind + ", four processes", {PerMinute(20)}, 1.05, 1.05);
    row.model.windows = windows;
    row.work.processes = 4;
    row.work.ledger = true;
    rows->push_back(row);
    row.name += ", no ledger";
    row.work.ledger = false;
    row.not_met = {"requests a picture"};
    rows->push_back(row);

    row = NewRow(kind + ", used by strangers", {PerMinute(20)}, 1.02, 1.02);
    row.model.windows = windows;
    row.model.quotas[0].used_by_strangers = 20;
    row.work.into_minute = absl::Seconds(27);
    rows->push_back(row);

    row = NewRow(kind + ", bare 429", {PerMinute(20)}, 1.15, 1.15);
    row.model.windows = windows;
    row.model.bare = true;
    row.not_met = {"all pictures", "none lost"};
    rows->push_back(row);
    rows->push_back(Patient(row));
    row.not_met.clear();

    row = NewRow(kind + ", images and tokens",
                 {PerMinute(20, QuotaUnit::kImages),
                  PerMinute(1800, QuotaUnit::kInputTokens)},
                 1.05, 1.05);
    row.model.windows = windows;
    rows->push_back(row);
  }
}

void AddVerdictRows(std::vector<Row>* rows) {
  Row row;
  row.name = "limit: 0";
  row.model.projects_without_quota = 1;
  row.requests = 1;
  row.work.jobs = 20;
  rows->push_back(row);

  row.name = "credit gone";
  row.model.projects_without_quota = 0;
  row.model.credit_gone = true;
  rows->push_back(row);

  for (const bool is_long : {false, true}) {
    row = Row();
    row.name = is_long ? "day gone, long delay" : "day gone, short delay";
    row.model.quotas = {PerDay(1500, 1500)};
    row.model.day_delay = is_long ? absl::Hours(14) : absl::Seconds(33);
    row.work.jobs = 30;
    row.wasted = 1;
    rows->push_back(row);
  }

  row = NewRow("two keys, one of limit: 0", {PerMinute(20)}, 1.03, 1.03);
  row.model.projects_without_quota = 1;
  row.work.keys = 2;
  rows->push_back(row);
}

void AddFaultRows(std::vector<Row>* rows) {
  Row row;
  row.name = "5 % 503, 2 % resets";
  row.model.overloaded = 0.05;
  row.model.lost = 0.02;
  row.work.jobs = 200;
  row.work.concurrency = 20;
  row.makespan = 1.03;
  row.not_met = {"all pictures", "none lost"};
  rows->push_back(row);
  rows->push_back(Patient(row));

  row = Row();
  row.name = "outage of 12 s, slow recovery";
  row.model.outage_from = absl::Seconds(20);
  row.model.outage_for = absl::Seconds(12);
  row.model.recovery = absl::Seconds(10);
  row.work.jobs = 600;
  row.makespan = 1.10;
  row.in_outage = 20;
  row.storm = 1.2;
  row.not_met = {"all pictures", "none lost"};
  rows->push_back(row);
  rows->push_back(Patient(row));

  row = Row();
  row.name = "2,000 processes, outage of half an hour";
  row.model.outage_from = absl::Minutes(5);
  row.model.outage_for = absl::Minutes(30);
  row.model.recovery = absl::Minutes(1);
  row.model.capacity = 2000;
  row.work.processes = 2000;
  row.work.concurrency = 1;
  row.work.jobs = 100000;
  row.work.max_retries = 100;
  row.most_runs = 1;
  row.storm = 1.2;
  rows->push_back(row);

  row = NewRow("100,000 calls, day of 20,000", {PerMinute(60), PerDay(20000)},
               1.03, 1.03);
  row.makespan.reset();
  row.work.jobs = 100000;
  row.most_runs = 1;
  rows->push_back(row);

  row = Row();
  row.name = "2,000 calls, nothing refused";
  row.work.jobs = 4000;
  row.work.concurrency = 2000;
  row.in_flight = 2000;
  row.requests_per_picture = 1;
  rows->push_back(row);
  row.name = "2,000 calls, pictures after a second";
  row.model.picture_from = absl::Seconds(1);
  row.model.picture_to = absl::Milliseconds(1200);
  rows->push_back(row);
}

}  // namespace

std::vector<Row> Rows() {
  std::vector<Row> rows;
  AddMinuteRows(&rows);
  AddVerdictRows(&rows);
  AddFaultRows(&rows);
  return rows;
}

Measured Measure(const Row& row, int most_runs) {
  const int runs = std::min(most_runs, row.most_runs);
  Measured measured;
  const auto check = [&measured](bool holds, const char* what) {
    if (!holds) measured.missed.insert(what);
  };
  for (int run = 0; run < runs; ++run) {
    Work work = row.work;
    work.seed = static_cast<uint64_t>(run) + 1;
    const Result result = Simulate(row.model, work);
    measured.requests = std::max(measured.requests, result.requests);
    measured.wasted = std::max(measured.wasted, result.requests - result.ok);
    measured.lost = std::max(measured.lost, result.lost);
    measured.in_outage = std::max(measured.in_outage, result.in_outage);
    measured.requests_per_picture +=
        static_cast<double>(result.requests) / std::max(result.ok, 1) / runs;
    if (row.makespan.has_value()) {
      measured.makespan +=
          absl::FDivDuration(result.makespan,
                             OptimalMakespan(row.model, work)) /
          runs;
      check(result.ok == work.jobs, "all pictures");
    }
    if (row.storm.has_value()) {
      measured.storm =
          std::max(measured.storm, static_cast<double>(result.busiest_after) /
                                       result.busiest_before);
    }
    if (row.requests.has_value()) {
      check(result.degraded == work.jobs, "all given back");
      check(result.answered <= absl::Seconds(1), "answered within a second");
    }
    if (row.wasted.has_value()) {
      check(result.ok + result.deferred == work.jobs, "the rest deferred");
    }
    if (row.in_flight.has_value()) {
      check(result.peak_in_flight >= *row.in_flight &&
                result.peak_after <= result.answered_first + absl::Seconds(1),
            "requests in flight");
    }
    check(result.lost == 0, "none lost");
    check(result.early == 0, "none early");
    check(result.late == 0, "none late");
  }
  // Means of equal numbers are almost equal.
  constexpr double kRounding = 1e-9;
  check(measured.makespan <= row.makespan.value_or(1) + kRounding, "makespan");
  check(measured.requests_per_picture <=
            row.requests_per_picture.value_or(1e9) + kRounding,
        "requests a picture");
  check(measured.requests <= row.requests.value_or(measured.requests),
        "requests");
  check(measured.wasted <= row.wasted.value_or(measured.wasted),
        "wasted requests");
  check(measured.in_outage <= row.in_outage.value_or(measured.in_outage),
        "requests into the outage");
  check(measured.storm <= row.storm.value_or(0), "storm");
  return measured;
}

}  // namespace quota_simulator
