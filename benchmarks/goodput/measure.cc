#include "goodput/measure.h"

#include <algorithm>

#include "goodput/optimum.h"

namespace goodput {
namespace {

// Until a refusal has come to the client, and while a request that was sent
// before it is on its way.
constexpr absl::Duration kOnTheWay = absl::Milliseconds(25);

int CountEarly(const std::vector<Seen>& seen) {
  int early = 0;
  for (const Seen& request : seen) {
    const bool told =
        std::any_of(seen.begin(), seen.end(), [&request](const Seen& other) {
          return other.told.has_value() && other.process == request.process &&
                 other.project == request.project &&
                 request.arrived > other.answered + kOnTheWay &&
                 request.arrived <
                     other.answered + *other.told - absl::Milliseconds(1);
        });
    if (told) ++early;
  }
  return early;
}

// The most that arrived within `window`, from `from` until `until`.
int Busiest(const std::vector<Seen>& seen, absl::Duration window,
            absl::Duration from, absl::Duration until) {
  std::vector<absl::Duration> times;
  for (const Seen& request : seen) {
    if (request.arrived >= from && request.arrived < until) {
      times.push_back(request.arrived);
    }
  }
  std::sort(times.begin(), times.end());
  int most = 0;
  size_t begin = 0;
  for (size_t end = 0; end < times.size(); ++end) {
    while (times[end] - times[begin] >= window) ++begin;
    most = std::max(most, static_cast<int>(end - begin) + 1);
  }
  return most;
}

// Names the targets that do not hold.
void Check(const Situation& situation, Measured* measured) {
  const Targets& targets = situation.targets;
  std::set<std::string>* missed = &measured->missed;
  const auto check = [missed](bool holds, const char* what) {
    if (!holds) missed->insert(what);
  };
  check(measured->makespan <= targets.makespan.value_or(1e9), "makespan");
  check(measured->requests_per_picture <=
            targets.requests_per_picture.value_or(1e9),
        "requests a picture");
  check(measured->requests <= targets.requests.value_or(measured->requests),
        "requests");
  check(measured->wasted <= targets.wasted.value_or(measured->wasted),
        "wasted");
  check(measured->in_outage <= targets.in_outage.value_or(measured->in_outage),
        "requests into the outage");
  check(measured->storm <= targets.storm.value_or(1e9), "busiest second");
  check(
      measured->answered <= targets.answered.value_or(absl::InfiniteDuration()),
      "answered");
  check(measured->lost == 0, "none lost");
  check(measured->early == 0, "none early");
}

}  // namespace

Measured Measure(const Situation& situation, const ServerOptions& options,
                 const std::vector<Seen>& seen, const Said& said) {
  Measured measured;
  measured.said = said;
  measured.requests = static_cast<int>(seen.size());
  measured.wasted = measured.requests - said.ok;
  measured.answered = absl::Seconds(said.wall_s);
  measured.early = CountEarly(seen);
  absl::Duration first = absl::InfiniteDuration();
  absl::Duration last_picture;
  const absl::Duration down =
      (situation.into_minute + situation.outage_from) * options.time_scale;
  const absl::Duration up = down + situation.outage_for * options.time_scale;
  for (const Seen& request : seen) {
    first = std::min(first, request.arrived);
    if (request.outcome == "200") {
      last_picture = std::max(last_picture, request.answered);
    }
    if (request.arrived >= down && request.arrived < up) ++measured.in_outage;
  }
  const absl::Duration optimum =
      seen.empty() ? absl::ZeroDuration() : Optimum(situation, options, first);
  if (optimum > absl::ZeroDuration()) {
    measured.makespan = absl::FDivDuration(last_picture - first, optimum);
    measured.requests_per_picture =
        static_cast<double>(measured.requests) / std::max(said.ok, 1);
  }
  switch (situation.expected) {
    case Expected::kPictures:
      measured.lost = situation.jobs - said.ok;
      break;
    case Expected::kDegraded:
      measured.lost = situation.jobs - said.degraded;
      break;
    case Expected::kDeferred:
      measured.lost = situation.jobs - said.deferred;
      break;
  }
  if (situation.outage_for > absl::ZeroDuration()) {
    const absl::Duration second = absl::Seconds(options.time_scale);
    const int before = Busiest(seen, second, absl::ZeroDuration(), down);
    const int after = Busiest(seen, second, up, absl::InfiniteDuration());
    measured.storm = static_cast<double>(after) / std::max(before, 1);
  }
  if (said.attempts != measured.requests) {
    measured.missed.insert("attempts as the server counts");
  }
  Check(situation, &measured);
  return measured;
}

Measured Together(const Situation& situation,
                  const std::vector<Measured>& runs) {
  Measured all;
  const auto count = static_cast<double>(runs.size());
  for (const Measured& run : runs) {
    all.makespan += run.makespan / count;
    all.requests_per_picture += run.requests_per_picture / count;
    all.storm = std::max(all.storm, run.storm);
    all.requests = std::max(all.requests, run.requests);
    all.lost = std::max(all.lost, run.lost);
    all.wasted = std::max(all.wasted, run.wasted);
    all.in_outage = std::max(all.in_outage, run.in_outage);
    all.early = std::max(all.early, run.early);
    all.answered = std::max(all.answered, run.answered);
    all.said = run.said;
    if (run.missed.count("attempts as the server counts") > 0) {
      all.missed.insert("attempts as the server counts");
    }
  }
  Check(situation, &all);
  return all;
}

}  // namespace goodput
