// The situations that are measured over sockets, and what is aimed at in each.
// The names are those of quota_simulator, which measures them in virtual time.

#ifndef GOODPUT_SITUATION_H_
#define GOODPUT_SITUATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "emulator/scenario.h"

namespace goodput {

constexpr char kModel[] = "gemini-nano-banana-2.1";

// When strangers used the quota, before the client begins.
constexpr absl::Duration kStrangersAgo = absl::Seconds(27);

// What the client is to do with its work.
enum class Expected { kPictures, kDegraded, kDeferred };

// Bounds; absent ones do not apply.
struct Targets {
  std::optional<double> makespan;  // In optima.
  std::optional<double> requests_per_picture;
  std::optional<int> requests;
  std::optional<int> wasted;  // Requests that brought no picture.
  std::optional<int> in_outage;
  std::optional<double> storm;  // Busiest second after to that before.
  std::optional<absl::Duration> answered;  // On the wall.
};

struct Situation {
  std::string name;
  gemini_emulator::Scenario server;  // Times are not scaled yet.
  std::vector<std::string> keys;
  int jobs = 100;       // Of all processes together.
  int concurrency = 0;  // Of each process.
  int processes = 1;
  bool shares_ledger = false;
  int limit = 0;      // A minute: for the limiter that is told.
  int strangers = 0;  // Requests of others.
  absl::Duration into_minute = absl::Seconds(23);  // When the client begins.
  absl::Duration into_day = absl::Hours(10);       // In Los Angeles.
  absl::Duration outage_from;  // Empty where `outage_for` is.
  absl::Duration outage_for;
  Expected expected = Expected::kPictures;
  Targets targets;
};

// `limit`: of requests or pictures a minute. `concurrency`: of each process,
// where the situation is not about it.
std::vector<Situation> Situations(int limit, int concurrency);

// The prompt of a process's job.
std::string PromptOf(int process, int job);

// The full minute, on the server's clock, into which the client begins.
absl::Time MinuteOf(const Situation& situation);

}  // namespace goodput

#endif  // GOODPUT_SITUATION_H_
