#include "goodput/situation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace goodput {
namespace {

using gemini_emulator::CapacityRule;
using gemini_emulator::Fault;
using gemini_emulator::FaultAction;
using gemini_emulator::KeyEntry;
using gemini_emulator::QuotaRule;
using gemini_emulator::QuotaWindow;

// What differs from one run of the benchmark to the next.
struct Scale {
  int limit = 0;
  int concurrency = 0;
};

KeyEntry Key(const std::string& name, const std::string& tier,
             const std::string& state = "") {
  return {name, absl::StrCat("project-", name), tier, state};
}

Situation NewSituation(const Scale& scale, std::string name) {
  Situation situation;
  situation.name = std::move(name);
  situation.concurrency = scale.concurrency;
  situation.server.keys = {Key("one", "paid")};
  situation.server.latency = {absl::Seconds(4), absl::Seconds(8)};
  situation.keys = {"one"};
  return situation;
}

Situation WithQuota(const Scale& scale, std::string name, const QuotaRule& rule,
                    double target) {
  Situation situation = NewSituation(scale, std::move(name));
  situation.server.quotas.quotas = {rule};
  situation.limit = scale.limit;
  situation.targets.makespan = target;
  situation.targets.requests_per_picture = target;
  return situation;
}

void AddMinutes(const Scale& scale, std::vector<Situation>* all) {
  for (const QuotaWindow window :
       {QuotaWindow::kFixed, QuotaWindow::kSliding}) {
    const std::string kind =
        window == QuotaWindow::kFixed ? "fixed window" : "sliding window";
    QuotaRule per_minute;
    per_minute.window = window;
    per_minute.rpm = scale.limit;
    all->push_back(WithQuota(scale, kind, per_minute, 1.03));

    QuotaRule counting = per_minute;
    counting.count_refused = true;
    all->push_back(
        WithQuota(scale, kind + ", refused ones count", counting, 1.03));
    counting.rpd = 103;
    all->push_back(WithQuota(scale, kind + ", refused ones count, day of 103",
                             counting, 1.03));

    Situation four =
        WithQuota(scale, kind + ", four processes", per_minute, 1.05);
    four.processes = 4;
    four.shares_ledger = true;
    all->push_back(four);
    four.name += ", no ledger";
    four.shares_ledger = false;
    all->push_back(four);

    Situation strangers =
        WithQuota(scale, kind + ", used by strangers", per_minute, 1.02);
    strangers.strangers = scale.limit;
    strangers.into_minute = absl::Seconds(27);
    all->push_back(strangers);

    QuotaRule bare = per_minute;
    bare.error_template = "quota_unspecified";
    all->push_back(WithQuota(scale, kind + ", bare 429", bare, 1.15));
    bare.error_template = "resource_exhausted";
    all->push_back(WithQuota(
        scale, kind + ", bare 429 in the words of capacity", bare, 1.15));

    QuotaRule both = per_minute;
    both.rpm.reset();
    both.ipm = scale.limit;
    both.tpm = scale.limit * 11 / 2;  // A prompt has six, or five.
    all->push_back(WithQuota(scale, kind + ", images and tokens", both, 1.05));
  }
}

void AddVerdicts(const Scale& scale, std::vector<Situation>* all) {
  Situation situation = NewSituation(scale, "limit: 0");
  situation.server.keys = {Key("one", "free")};
  situation.jobs = 20;
  situation.limit = scale.limit;
  situation.expected = Expected::kDegraded;
  situation.targets.requests = 1;
  situation.targets.answered = absl::Seconds(1);
  all->push_back(situation);

  situation.name = "credit gone, 429";
  situation.server.keys = {Key("one", "paid", "prepaid_depleted_429")};
  all->push_back(situation);
  situation.name = "credit gone, 402";
  situation.server.keys = {Key("one", "paid", "prepaid_depleted")};
  all->push_back(situation);

  QuotaRule day;
  day.rpd = scale.limit;
  situation = NewSituation(scale, "day gone, short delay");
  situation.server.quotas.quotas = {day};
  situation.jobs = 30;
  situation.limit = scale.limit;
  situation.strangers = scale.limit;
  situation.into_minute = absl::Seconds(27);
  situation.expected = Expected::kDeferred;
  situation.targets.wasted = 1;
  situation.targets.answered = absl::Seconds(1);
  all->push_back(situation);
  situation.name = "day gone, long delay";
  situation.server.quotas.quotas[0].daily_retry_at_reset = true;
  all->push_back(situation);

  QuotaRule per_minute;
  per_minute.project = "project-two";
  per_minute.rpm = scale.limit;
  per_minute.window = QuotaWindow::kFixed;
  situation = WithQuota(scale, "two keys, one of limit: 0", per_minute, 1.03);
  situation.server.keys = {Key("one", "free"), Key("two", "paid")};
  situation.keys = {"one", "two"};
  all->push_back(situation);
}

void AddFaults(const Scale& scale, std::vector<Situation>* all) {
  Situation situation = NewSituation(scale, "5 % 503, 2 % resets");
  Fault overloaded;
  overloaded.id = "503";
  overloaded.times = 0;
  overloaded.rate = 0.05;
  overloaded.error_template = "overloaded";
  Fault reset;
  reset.id = "reset";
  reset.times = 0;
  reset.rate = 0.02;
  reset.action = FaultAction::kReset;
  situation.server.faults = {overloaded, reset};
  situation.jobs = 200;
  situation.concurrency = 20;
  situation.targets.makespan = 1.03;
  all->push_back(situation);

  situation = NewSituation(scale, "outage of 12 s, slow recovery");
  situation.outage_from = absl::Seconds(20);
  situation.outage_for = absl::Seconds(12);
  CapacityRule outage;
  outage.from = situation.outage_from;
  outage.lasts = situation.outage_for;
  outage.in_flight = 0;
  CapacityRule recovery;
  recovery.from = outage.from + outage.lasts;
  recovery.lasts = absl::Seconds(10);
  recovery.in_flight = 8;
  recovery.in_flight_at_end = 50;
  situation.server.quotas.capacity = {outage, recovery};
  situation.jobs = 600;
  situation.concurrency = 50;
  situation.targets.makespan = 1.10;
  situation.targets.in_outage = 20;
  situation.targets.storm = 1.2;
  all->push_back(situation);
}

}  // namespace

std::vector<Situation> Situations(int limit, int concurrency) {
  const Scale scale = {limit, concurrency};
  std::vector<Situation> all;
  AddMinutes(scale, &all);
  AddVerdicts(scale, &all);
  AddFaults(scale, &all);
  return all;
}

std::string PromptOf(int process, int job) {
  return absl::StrCat("a lighthouse, job-p", process, "-", job);
}

absl::Time MinuteOf(const Situation& situation) {
  // Los Angeles is eight hours behind in November.
  return absl::FromCivil(absl::CivilDay(2026, 11, 24), absl::UTCTimeZone()) +
         absl::Hours(8) + situation.into_day + absl::Minutes(5);
}

}  // namespace goodput
