// What deciding costs: the call machine and its gates, without any I/O.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "benchmark/benchmark.h"
#include "call/call_machine.h"

namespace gemini::internal {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

Order PlainOrder() {
  static const auto terms = [] {
    Terms alike;
    alike.models = {"gemini-2.5-flash-image"};
    return std::make_shared<const Terms>(std::move(alike));
  }();
  Order order;
  order.terms = terms;
  order.deadline = absl::InfiniteFuture();
  return order;
}

Diagnosis Refusal(absl::Time now) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kRateLimited;
  diagnosis.code = "rate_limited";
  diagnosis.http_status = 429;
  diagnosis.retry_at = now + absl::Seconds(33);
  QuotaViolation violation;
  violation.quota_id = "GenerateRequestsPerMinutePerProjectPerModel";
  violation.model = "gemini-2.5-flash-image";
  violation.limit = 10;
  violation.window = QuotaWindow::kMinute;
  violation.unit = QuotaUnit::kRequests;
  diagnosis.violations.push_back(std::move(violation));
  return diagnosis;
}

// A call that is drawn by its first request.
void BM_CallThatSucceeds(benchmark::State& state) {
  Gates gates({}, {}, {{"key", "project"}});
  absl::Time now = kStart;
  for (auto _ : state) {
    now += absl::Seconds(1);
    CallMachine machine(PlainOrder(), &gates);
    benchmark::DoNotOptimize(machine.OnStarted(now));
    machine.OnUnderWay(now);
    now += absl::Seconds(1);
    benchmark::DoNotOptimize(machine.OnAttemptEnded(std::nullopt, now, 0.5));
    benchmark::DoNotOptimize(gates.TakeWoken());
  }
}
BENCHMARK(BM_CallThatSucceeds);

// A call that is refused once, waits for the window and is drawn.
void BM_CallThatWaits(benchmark::State& state) {
  absl::Time now = kStart;
  for (auto _ : state) {
    Gates gates({}, {}, {{"key", "project"}});
    CallMachine machine(PlainOrder(), &gates);
    Action action = machine.OnStarted(now);
    bool refused = false;
    while (!std::holds_alternative<Finish>(action)) {
      if (const auto* wait = std::get_if<WaitUntil>(&action)) {
        now = wait->time;
        action = machine.OnWoke(now);
        continue;
      }
      machine.OnUnderWay(now);
      now += absl::Milliseconds(20);
      std::optional<Diagnosis> diagnosis;
      if (!std::exchange(refused, true)) diagnosis = Refusal(now);
      action = machine.OnAttemptEnded(std::move(diagnosis), now, 0.5);
    }
    now += absl::Minutes(2);
  }
}
BENCHMARK(BM_CallThatWaits);

// Calls that all begin at once, before a stated limit, each ten seconds under
// way.
class Line {
 public:
  explicit Line(size_t calls)
      : gates_({}, SixHundredAMinute(), {{"key", "project"}}),
        agenda_of_(calls) {
    for (size_t i = 0; i < calls; ++i) {
      machines_.push_back(std::make_unique<CallMachine>(PlainOrder(), &gates_));
      by_ticket_[machines_[i]->ticket()] = i;
    }
  }

  void Run() {
    for (size_t i = 0; i < machines_.size(); ++i) {
      Take(i, machines_[i]->OnStarted(now_));
      Wake();
    }
    while (!agenda_.empty()) {
      const auto [i, ends] = agenda_.begin()->second;
      now_ = agenda_.begin()->first;
      agenda_.erase(agenda_.begin());
      Take(i, ends ? machines_[i]->OnAttemptEnded(std::nullopt, now_, 0.5)
                   : machines_[i]->OnWoke(now_));
      Wake();
    }
  }

 private:
  // When a call is to be asked again, or (true) its attempt ends.
  using Agenda = std::multimap<absl::Time, std::pair<size_t, bool>>;

  static RateLimits SixHundredAMinute() {
    RateLimits limits;
    limits.images_per_minute = 600;
    return limits;
  }

  void Take(size_t i, const Action& action) {
    by_ticket_[machines_[i]->ticket()] = i;
    if (const auto* wait = std::get_if<WaitUntil>(&action)) {
      agenda_of_[i] = agenda_.emplace(wait->time, std::make_pair(i, false));
    } else if (std::holds_alternative<StartAttempt>(action)) {
      machines_[i]->OnUnderWay(now_);
      agenda_of_[i] =
          agenda_.emplace(now_ + absl::Seconds(10), std::make_pair(i, true));
    }
  }

  void Wake() {
    while (true) {
      const std::vector<uint64_t> woken = gates_.TakeWoken();
      if (woken.empty()) return;
      for (const uint64_t ticket : woken) {
        const size_t i = by_ticket_[ticket];
        agenda_.erase(agenda_of_[i]);
        Take(i, machines_[i]->OnWoke(now_));
      }
    }
  }

  Gates gates_;
  absl::Time now_ = kStart;
  std::vector<std::unique_ptr<CallMachine>> machines_;
  absl::flat_hash_map<uint64_t, size_t> by_ticket_;
  Agenda agenda_;
  std::vector<Agenda::iterator> agenda_of_;
};

// From the start of all to the end of the last, with all the asking in between.
void BM_CallsInLine(benchmark::State& state) {
  for (auto _ : state) Line(static_cast<size_t>(state.range(0))).Run();
  state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(BM_CallsInLine)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gemini::internal
