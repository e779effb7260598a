// A model of an image service with quotas, for simulations in virtual time.

#ifndef QUOTA_SIMULATOR_MODEL_H_
#define QUOTA_SIMULATOR_MODEL_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gemini/diagnosis.h"

namespace quota_simulator {

// Uniform in [0, 1), the same on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  double Next();

 private:
  uint64_t state_;
};

enum class Windows { kFixed, kSliding };

struct QuotaModel {
  gemini::QuotaUnit unit = gemini::QuotaUnit::kRequests;
  gemini::QuotaWindow window = gemini::QuotaWindow::kMinute;
  int64_t limit = 0;
  int64_t used_by_strangers = 0;  // When the simulation begins.
};

struct ServerModel {
  Windows windows = Windows::kFixed;
  bool counts_refused = false;
  bool bare = false;                        // Refusals say nothing but 429,
  bool bare_delay = false;                  // and when to come back.
  std::optional<absl::Duration> day_delay;  // Told with a day's refusal.
  std::vector<QuotaModel> quotas;           // Of each project.
  int projects_without_quota = 0;           // The first ones: limit 0.
  bool credit_gone = false;
  int64_t tokens_per_request = 100;

  double overloaded = 0;  // Part of the requests.
  double told = 0;        // Part of those 503s that state `told_delay`.
  absl::Duration told_delay;
  double lost = 0;  // Part of the requests: reset after being sent.
  absl::Duration outage_from = absl::InfiniteDuration();
  absl::Duration outage_for;
  absl::Duration recovery;  // After the outage, until it serves all again.
  int capacity = 50;        // In flight, at the end of the recovery.

  absl::Duration refusal = absl::Milliseconds(2);  // Takes the server so long.
  absl::Duration one_way = absl::Milliseconds(8);  // Of the network, at least.
  absl::Duration jitter = absl::Milliseconds(4);   // In addition, at most.
  absl::Duration picture_from = absl::Seconds(4);
  absl::Duration picture_to = absl::Seconds(8);
};

// What the server makes of one request.
struct Answer {
  std::optional<gemini::Diagnosis> diagnosis;  // None: a picture.
  absl::Duration takes;                        // Before it is sent back.
};

class Server {
 public:
  Server(const ServerModel& model, absl::Time start);

  // A request arrives; `chance` and `work` in [0, 1) decide on faults and on
  // how long a picture takes.
  Answer Arrive(int project, double chance, double work, absl::Time now);

  // A request that was let in has ended.
  void Leave() { --in_flight_; }

  // Whether it would be let in, for those who know everything.
  bool WouldAdmit(int project, absl::Time now);

  bool IsDown(absl::Time now) const;

 private:
  struct Use {
    absl::Time at;
    int64_t amount;
  };
  struct Counter {
    std::deque<Use> uses;
    int64_t used = 0;
  };

  int64_t AmountOf(const QuotaModel& quota) const;
  absl::Time WindowStart(const QuotaModel& quota, absl::Time now) const;
  void Forget(const QuotaModel& quota, Counter* counter, absl::Time now) const;
  absl::Duration Delay(const QuotaModel& quota, const Counter& counter,
                       absl::Time now) const;
  bool HasCapacity(absl::Time now) const;

  const ServerModel model_;
  const absl::Time start_;
  std::vector<std::vector<Counter>> counters_;  // By project and quota.
  int in_flight_ = 0;
};

}  // namespace quota_simulator

#endif  // QUOTA_SIMULATOR_MODEL_H_
