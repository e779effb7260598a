// Prints how the gates fare in the situations of docs/adr/0006-pacing.md, as
// the worst of several seeds.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>

#include "quota_simulator/rows.h"

int main() {
  constexpr uint64_t kSeeds = 10;
  bool met = true;
  std::printf("%-46s %9s %9s %7s %6s %9s %6s  %s\n", "situation", "makespan",
              "requests", "wasted", "lost", "in outage", "storm", "missed");
  for (const quota_simulator::Row& row : quota_simulator::Rows()) {
    double makespan = 0;
    double requests = 0;
    double storm = 0;
    int wasted = 0;
    int lost = 0;
    int in_outage = 0;
    std::set<std::string> missed;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const quota_simulator::Measured measured = Measure(row, seed);
      makespan = std::max(makespan, measured.makespan);
      requests = std::max(requests, measured.requests_per_picture);
      storm = std::max(storm, measured.storm);
      wasted = std::max(wasted, measured.result.requests - measured.result.ok);
      lost = std::max(lost, measured.result.lost);
      in_outage = std::max(in_outage, measured.result.in_outage);
      missed.insert(measured.missed.begin(), measured.missed.end());
    }
    std::string list;
    for (const std::string& what : missed) {
      list += (list.empty() ? "" : ", ") + what;
    }
    met = met && missed.empty();
    std::printf("%-46s %9.3f %9.3f %7d %6d %9d %6.2f  %s\n", row.name.c_str(),
                makespan, requests, wasted, lost, in_outage, storm,
                list.empty() ? "-" : list.c_str());
  }
  return met ? 0 : 1;
}
