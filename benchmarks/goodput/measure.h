// What is made of a run: from what the server saw and the client said.

#ifndef GOODPUT_MEASURE_H_
#define GOODPUT_MEASURE_H_

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "goodput/local_server.h"
#include "goodput/situation.h"

namespace goodput {

// The last line of a client's output; of several processes, the sums.
struct Said {
  int ok = 0;
  int degraded = 0;
  int deferred = 0;
  int failed = 0;
  int attempts = 0;
  double wall_s = 0;  // The longest.
  std::string diagnosis;
};

struct Measured {
  double makespan = 0;  // In optima; 0 where there is none.
  double requests_per_picture = 0;
  double storm = 0;
  int requests = 0;  // As the server counted.
  int lost = 0;      // Pictures that should have been drawn.
  int wasted = 0;    // Requests that brought no picture.
  int in_outage = 0;
  int early = 0;  // Sent to a project while the delay runs that it told the
                  // same process.
  absl::Duration answered;  // The client's own time, start and end included.
  Said said;
  std::set<std::string> missed;  // The targets that do not hold.
};

Measured Measure(const Situation& situation, const ServerOptions& options,
                 const std::vector<Seen>& seen, const Said& said);

// The worst of several runs; ratios are means.
Measured Together(const Situation& situation,
                  const std::vector<Measured>& runs);

}  // namespace goodput

#endif  // GOODPUT_MEASURE_H_
