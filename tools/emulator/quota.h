// Quotas, spending and capacity, and the refusals that they lead to.
//
// Nothing here reads a clock: the time is an argument and must not run
// backwards.

#ifndef EMULATOR_QUOTA_H_
#define EMULATOR_QUOTA_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "emulator/error_bodies.h"
#include "emulator/json.h"

namespace gemini_emulator {

enum class QuotaWindow {
  kSliding,  // The last sixty seconds.
  kFixed     // From one full minute to the next.
};

// The limits of every project and model that match, each pair counted on its
// own. Absent limits do not limit.
struct QuotaRule {
  std::string project = "*";  // A "*" at the end stands for what follows.
  std::string model = "*";
  std::string tier = "*";
  std::optional<int64_t> rpm;
  std::optional<int64_t> tpm;  // Input tokens.
  std::optional<int64_t> ipm;  // Pictures.
  std::optional<int64_t> rpd;
  QuotaWindow window = QuotaWindow::kSliding;
  bool count_refused = false;  // Refused requests use up quota too.
  // Where not empty, the template of refusals, which tell nothing else then.
  std::string error_template;
  // A daily refusal names the time till midnight instead of the misleading
  // half minute that the service often sends.
  bool daily_retry_at_reset = false;
};

struct SpendRule {
  std::string project = "*";
  std::string tier = "*";
  std::optional<double> per_ten_minutes_usd;
  std::optional<double> monthly_cap_usd;
  std::optional<double> prepaid_usd;
};

struct CapacityRule {
  std::string model = "*";
  absl::Duration from;  // Since the scenario began, in the quotas' time.
  absl::Duration lasts = absl::InfiniteDuration();
  std::optional<int64_t> in_flight;         // Generations at once.
  std::optional<int64_t> in_flight_at_end;  // Grows to this while it lasts.
  std::optional<double> refuse_rate;        // Of requests, 0 to 1.
  std::string error_template = "overloaded";
};

struct QuotaConfig {
  std::vector<QuotaRule> quotas;
  std::vector<SpendRule> spend;
  std::vector<CapacityRule> capacity;
};

// What capacity is judged by.
struct Load {
  int64_t in_flight = 0;  // Without this request.
  double random = 0;      // From 0 to 1.
  absl::Duration since;   // Since the scenario began.
};

// What one request asks of its project.
struct Demand {
  std::string project;
  std::string tier;  // "free", "paid", "tier1", "tier2" or "tier3".
  std::string model;
  std::string quota_model;  // The name in refusals.
  bool draws = false;
  int64_t input_tokens = 0;
};

class QuotaEngine {
 public:
  // `time_scale`: seconds of `now` that pass in one second of the client's
  // clock; delays are told in the client's.
  // Behind the rules of the configuration stand those of the tiers: the free
  // one has no quota for models that draw, 1 to 3 have their spending limits.
  explicit QuotaEngine(QuotaConfig config, double time_scale = 1);

  // Of the rules that match, the first of each kind holds. Counts the request
  // when it is admitted.
  std::optional<ApiError> Admit(const Demand& demand, absl::Time now);

  std::optional<ApiError> AdmitToCapacity(const std::string& model,
                                          const Load& load,
                                          const ErrorContext& context) const;

  // What a delivered picture costs.
  void Charge(const std::string& project, double usd, absl::Time now);

  // Forgets what was used, keeps the rules.
  void Reset();

  // Forgets what was used and sets other rules.
  void Configure(QuotaConfig config);

  Json ToJson(absl::Time now) const;

 private:
  struct Window {
    std::deque<std::pair<absl::Time, int64_t>> uses;
    int64_t used = 0;
  };
  struct Account {
    std::deque<std::pair<absl::Time, double>> recent;
    absl::CivilDay month;  // Its first day.
    double in_month = 0;
    double in_all = 0;
  };
  struct Limit;

  void DropOld(Window* window, QuotaWindow kind, absl::Time now) const;
  std::vector<Limit> LimitsOf(const QuotaRule& rule, const Demand& demand);
  std::optional<ApiError> AdmitToSpend(const Demand& demand, absl::Time now);
  std::optional<ApiError> AdmitToQuotas(const Demand& demand, absl::Time now);
  absl::Duration ForClient(absl::Duration delay) const {
    return delay / time_scale_;
  }

  QuotaConfig config_;
  const double time_scale_;
  // By project, quota model and quota id.
  std::map<std::tuple<std::string, std::string, std::string>, Window> windows_;
  std::map<std::string, Account> accounts_;
};

}  // namespace gemini_emulator

#endif  // EMULATOR_QUOTA_H_
