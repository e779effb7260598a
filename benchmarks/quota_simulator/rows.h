// The situations that are measured, and what is aimed at in each.

#ifndef QUOTA_SIMULATOR_ROWS_H_
#define QUOTA_SIMULATOR_ROWS_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quota_simulator/simulation.h"

namespace quota_simulator {

struct Row {
  std::string name;
  ServerModel model;
  Work work;
  int most_runs = 1000;  // Of large ones few do.

  // Bounds; absent ones do not apply.
  std::optional<double> makespan;  // In optima.
  std::optional<double> requests_per_picture;
  std::optional<int> requests;
  std::optional<int> wasted;  // Requests that brought no picture.
  std::optional<int> in_outage;
  std::optional<double> storm;   // Busiest second after to that before.
  std::optional<int> in_flight;  // Within a second of the first picture.

  // Bounds that are known not to hold (docs/adr/0006-pacing.md tells why), by
  // their names in Measured::missed.
  std::set<std::string> not_met;
};

// Of several runs that differ in what chance decides.
struct Measured {
  double makespan = 0;              // In optima, the mean; 0 if there is none.
  double requests_per_picture = 0;  // The mean.
  double storm = 0;                 // The largest, as are the counts.
  int requests = 0;
  int wasted = 0;
  int lost = 0;
  int in_outage = 0;
  std::set<std::string> missed;  // The bounds that do not hold.
};

std::vector<Row> Rows();

Measured Measure(const Row& row, int runs);

}  // namespace quota_simulator

#endif  // QUOTA_SIMULATOR_ROWS_H_
