// How much work gets through a quota that nobody told the client: N pictures,
// at most K at once, within D seconds. The last line of standard output is one
// JSON object. With --time-scale F the client's own time constants are F times
// their length, so that a quota per minute can be watched in seconds; with
// --clock-ahead-s A its clock shows A seconds more than the time of day.

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "client/client_core.h"
#include "gemini/client.h"

namespace {

using gemini::Cause;

constexpr char kUsage[] =
    "usage: goodput_client --base-url URL --model M --jobs N --concurrency K "
    "--deadline-s D --api-key KEY[,KEY2] [--time-scale F] [--clock-ahead-s A]";

struct Options {
  std::string base_url;
  std::string model;
  std::vector<std::string> keys;
  int jobs = 0;
  int concurrency = 0;
  double deadline_s = 0;
  double time_scale = 1;
  double clock_ahead_s = 0;
};

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    bool good = true;
    if (name == "--base-url") {
      options->base_url = value;
    } else if (name == "--model") {
      options->model = value;
    } else if (name == "--api-key") {
      options->keys = absl::StrSplit(value, ',', absl::SkipEmpty());
    } else if (name == "--jobs") {
      good = absl::SimpleAtoi(value, &options->jobs);
    } else if (name == "--concurrency") {
      good = absl::SimpleAtoi(value, &options->concurrency);
    } else if (name == "--deadline-s") {
      good = absl::SimpleAtod(value, &options->deadline_s);
    } else if (name == "--time-scale") {
      good = absl::SimpleAtod(value, &options->time_scale);
    } else if (name == "--clock-ahead-s") {
      good = absl::SimpleAtod(value, &options->clock_ahead_s);
    } else {
      good = false;
    }
    if (!good) return false;
  }
  return argc % 2 == 1 && !options->base_url.empty() &&
         !options->model.empty() && !options->keys.empty() &&
         options->jobs > 0 && options->concurrency > 0 &&
         options->deadline_s > 0 && options->time_scale > 0;
}

// The system's clock, set differently.
class ClockAhead final : public gemini::internal::Clock {
 public:
  explicit ClockAhead(absl::Duration ahead) : ahead_(ahead) {}

  absl::Time Now() override { return clock_->Now() + ahead_; }
  absl::Duration RealTimeUntil(absl::Time time) override {
    return clock_->RealTimeUntil(time - ahead_);
  }
  void SetWaker(std::function<void()> wake) override {
    clock_->SetWaker(std::move(wake));
  }

 private:
  const absl::Duration ahead_;
  const std::shared_ptr<gemini::internal::Clock> clock_ =
      gemini::internal::NewSystemClock();
};

// Copies that run at once have numbers, and share a ledger where the system
// gives them a folder for it.
std::string LedgerOfSeveral() {
  const char* const process = std::getenv("GOODPUT_PROC");
  const char* const folder = std::getenv("XDG_RUNTIME_DIR");
  if (process == nullptr || folder == nullptr || folder[0] != '/') return "";
  return absl::StrCat("sqlite://", folder, "/gemini-goodput.ledger");
}

// Every time constant of the gates, scaled. How long a refusal takes is the
// business of the server and of this machine, whose clocks run at their own
// pace: what stands for that does not go below what both need.
gemini::internal::GateOptions Scaled(double scale) {
  gemini::internal::GateOptions gates;
  for (absl::Duration* constant :
       {&gates.minute, &gates.hold, &gates.cold_hold, &gates.max_hold,
        &gates.careful_step, &gates.ramp_doubling, &gates.ramp_time,
        &gates.bare_probe, &gates.day_probe, &gates.verdict_probe,
        &gates.max_probe, &gates.breaker_window, &gates.breaker_open,
        &gates.breaker_max_open, &gates.recovery_step, &gates.recovery_doubling,
        &gates.retry_refill}) {
    *constant *= scale;
  }
  gates.hold = std::max(gates.hold, absl::Milliseconds(10));
  gates.cold_hold = std::max(gates.cold_hold, absl::Milliseconds(40));
  gates.careful_step = std::max(gates.careful_step, absl::Milliseconds(3));
  return gates;
}

enum class Fate { kOk, kDegraded, kDeferred, kFailed };

Fate FateOf(const absl::StatusOr<gemini::Outcome>& outcome) {
  if (!outcome.ok()) return Fate::kFailed;
  if (outcome->images() != nullptr) return Fate::kOk;
  switch (outcome->diagnosis->cause) {
    case Cause::kZeroQuota:
    case Cause::kBilling:
    case Cause::kCredential:
    case Cause::kModelNotFound:
    case Cause::kRefused:
      return Fate::kDegraded;
    default:
      return outcome->retry_at.has_value() ? Fate::kDeferred : Fate::kFailed;
  }
}

class Jobs {
 public:
  Jobs(const Options& options, absl::Time deadline,
       gemini::GeminiImageClient* client)
      : options_(options), deadline_(deadline), client_(client) {
    const char* process = std::getenv("GOODPUT_PROC");
    process_ = process == nullptr ? "0" : process;
  }

  void Run() {
    const int at_once = std::min(options_.concurrency, options_.jobs);
    begun_ = at_once;
    for (int i = 0; i < at_once; ++i) Begin(i);
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return ended_ == options_.jobs; });
  }

  void Print(absl::Duration wall) const {
    std::printf(
        "{\"ok\":%d,\"degraded\":%d,\"deferred\":%d,\"failed\":%d,"
        "\"attempts\":%d,\"wall_s\":%.3f,\"diagnosis\":\"%s\"}\n",
        Count(Fate::kOk), Count(Fate::kDegraded), Count(Fate::kDeferred),
        Count(Fate::kFailed), attempts_, absl::ToDoubleSeconds(wall),
        diagnosis_.c_str());
  }

 private:
  int Count(Fate fate) const { return fates_[static_cast<size_t>(fate)]; }

  void Begin(int number) {
    gemini::ImageRequest request;
    request.prompt = absl::StrCat("a lighthouse, job-p", process_, "-", number);
    gemini::CallOptions call;
    call.timeout = std::max(deadline_ - absl::Now(), absl::Milliseconds(1));
    client_->GenerateAsync(std::move(request), std::move(call),
                           [this](absl::StatusOr<gemini::Outcome> outcome) {
                             End(std::move(outcome));
                           });
  }

  // On the client's callback thread.
  void End(absl::StatusOr<gemini::Outcome> outcome) {
    int next = -1;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++fates_[static_cast<size_t>(FateOf(outcome))];
      attempts_ += static_cast<int>(
          outcome.ok() ? outcome->attempts.size()
                       : gemini::AttemptsOf(outcome.status()).size());
      const auto diagnosis = outcome.ok()
                                 ? outcome->diagnosis
                                 : gemini::DiagnosisOf(outcome.status());
      if (diagnosis_.empty() && diagnosis.has_value()) {
        diagnosis_ = diagnosis->code;
      }
      if (begun_ < options_.jobs) next = begun_++;
      if (++ended_ == options_.jobs) changed_.notify_one();
    }
    if (next >= 0) Begin(next);
  }

  const Options& options_;
  const absl::Time deadline_;
  gemini::GeminiImageClient* const client_;
  std::string process_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  int ended_ = 0;
  int attempts_ = 0;
  int fates_[4] = {};
  std::string diagnosis_;
};

}  // namespace

int main(int argc, char** argv) {
  const absl::Time start = absl::Now();
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr, "%s\n", kUsage);
    return 2;
  }
  gemini::ClientOptions client_options;
  client_options.base_url = options.base_url;
  client_options.model = options.model;
  for (const std::string& key : options.keys) {
    client_options.credentials.push_back({key, ""});
  }
  // Given up only at the deadline, and rather paid for twice than lost.
  client_options.retry.max_retries = 20;
  client_options.retry.max_ambiguous_retries = 5;
  client_options.ledger = LedgerOfSeveral();
  for (absl::Duration* constant :
       {&client_options.retry.backoff, &client_options.retry.throttled_backoff,
        &client_options.retry.max_backoff}) {
    *constant *= options.time_scale;
  }
  gemini::internal::ClientParts parts;
  parts.gates = Scaled(options.time_scale);
  parts.clock =
      std::make_shared<ClockAhead>(absl::Seconds(options.clock_ahead_s));
  auto client = std::move(parts).Assemble(std::move(client_options));
  if (!client.ok()) {
    std::fprintf(stderr, "goodput_client: %s\n",
                 client.status().ToString().c_str());
    return 1;
  }
  Jobs jobs(options, start + absl::Seconds(options.deadline_s), &*client);
  jobs.Run();
  jobs.Print(absl::Now() - start);
  return 0;
}
