// Runs the call machines and gates of clients against a model of the server.

#ifndef QUOTA_SIMULATOR_SIMULATION_H_
#define QUOTA_SIMULATOR_SIMULATION_H_

#include <cstdint>

#include "absl/time/time.h"
#include "gemini/call_options.h"
#include "quota_simulator/model.h"

namespace quota_simulator {

struct Work {
  int jobs = 100;        // Of all processes together.
  int concurrency = 50;  // Of each process.
  int processes = 1;
  int jobs_of_first = 0;  // Of all those; 0: as many as the others.
  bool ledger = false;    // They share one.
  absl::Duration ledger_takes = absl::Microseconds(500);  // An exchange,
  absl::Duration ledger_jitter;                           // more, at most,
  absl::Duration ledger_slow_jitter;  // and in 2 % of the exchanges.
  int keys = 1;                       // Each of a project of its own.

  // As the library has them for those who set nothing.
  int max_retries = gemini::RetryOptions().max_retries;
  int max_ambiguous_retries = gemini::RetryOptions().max_ambiguous_retries;
  absl::Duration backoff = gemini::RetryOptions().backoff;
  absl::Duration deadline = absl::Hours(2);        // Of each call.
  absl::Duration into_minute = absl::Seconds(23);  // When it begins.
  uint64_t seed = 1;
};

struct Result {
  int ok = 0;
  int degraded = 0;  // Given back, and time will not help.
  int deferred = 0;  // Given back, with the time to come back.
  int lost = 0;
  int requests = 0;
  int early = 0;  // Sent before a time that the server had told.
  int late = 0;   // Sent, or calls that ended, after the deadline.
  int in_outage = 0;
  int repeats = 0;         // Requests after a fault.
  int busiest_before = 0;  // Requests in the busiest second before the outage;
  int busiest_after = 0;   // after it. Without one, before is all.
  int peak_in_flight = 0;
  absl::Duration peak_after;  // When that was reached.
  absl::Duration makespan;
  absl::Duration answered_first = absl::InfiniteDuration();
  absl::Duration answered;  // When the last call ended.
};

Result Simulate(const ServerModel& model, const Work& work);

// The same work by someone who sees the server's counters and repeats what
// failed at once.
absl::Duration OptimalMakespan(const ServerModel& model, const Work& work);

}  // namespace quota_simulator

#endif  // QUOTA_SIMULATOR_SIMULATION_H_
