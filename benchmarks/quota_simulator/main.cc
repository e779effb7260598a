// Prints how the gates fare in the situations of docs/adr/0006-pacing.md.
// Makespan (in optima) and requests a picture are means of several runs, the
// other figures the largest.

#include <cstdio>
#include <string>

#include "quota_simulator/rows.h"

int main() {
  constexpr int kRuns = 20;
  bool met = true;
  std::printf("%-46s %9s %9s %7s %5s %10s %6s  %s\n", "situation", "makespan",
              "requests", "wasted", "lost", "in outage", "storm", "missed");
  for (const quota_simulator::Row& row : quota_simulator::Rows()) {
    const quota_simulator::Measured measured = Measure(row, kRuns);
    std::string missed;
    for (const std::string& what : measured.missed) {
      missed += (missed.empty() ? "" : ", ") + what;
    }
    met = met && missed.empty();
    std::printf("%-46s %9.3f %9.3f %7d %5d %10d %6.2f  %s\n", row.name.c_str(),
                measured.makespan, measured.requests_per_picture,
                measured.wasted, measured.lost, measured.in_outage,
                measured.storm, missed.empty() ? "-" : missed.c_str());
  }
  return met ? 0 : 1;
}
