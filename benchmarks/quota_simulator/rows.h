// The situations that are measured, and what is aimed at in each.

#ifndef QUOTA_SIMULATOR_ROWS_H_
#define QUOTA_SIMULATOR_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "quota_simulator/simulation.h"

namespace quota_simulator {

struct Row {
  std::string name;
  ServerModel model;
  Work work;

  // Bounds; absent ones do not apply.
  std::optional<double> makespan;  // In optima.
  std::optional<double> requests_per_picture;
  std::optional<int> requests;
  std::optional<int> wasted;  // Requests that brought no picture.
  std::optional<int> in_outage;
  std::optional<double> storm;   // Busiest second after to that before.
  std::optional<int> in_flight;  // At least, within `in_flight_within`.
  absl::Duration in_flight_within;
};

struct Measured {
  Result result;
  double makespan = 0;  // In optima; 0 if there is none.
  double requests_per_picture = 0;
  double storm = 0;
  std::vector<std::string> missed;  // The bounds that do not hold.
};

std::vector<Row> Rows();

// `seed` changes what chance decides.
Measured Measure(const Row& row, uint64_t seed);

}  // namespace quota_simulator

#endif  // QUOTA_SIMULATOR_ROWS_H_
