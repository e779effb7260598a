#include "quota_simulator/simulation.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "call/call_machine.h"
#include "call/gates.h"
#include "call/ledger_link.h"
#include "quota_simulator/memory_ledger.h"

namespace quota_simulator {
namespace {

using gemini::internal::Action;
using gemini::internal::CallMachine;
using gemini::internal::Finish;
using gemini::internal::GateCredential;
using gemini::internal::Gates;
using gemini::internal::LedgerLink;
using gemini::internal::Order;
using gemini::internal::StartAttempt;
using gemini::internal::Terms;
using gemini::internal::WaitUntil;

absl::Time StartOf(const Work& work) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, 24, 18, 5),
                         absl::UTCTimeZone()) +
         work.into_minute;
}

gemini::Diagnosis TimedOut() {
  gemini::Diagnosis diagnosis;
  diagnosis.cause = gemini::Cause::kAmbiguous;
  diagnosis.code = "attempt_timeout";
  return diagnosis;
}

// The number of a job's attempt decides its luck, whoever makes it and when.
Random LuckOf(const Work& work, int job, int attempt) {
  return Random(work.seed * 1000003 + static_cast<uint64_t>(job) * 131 +
                static_cast<uint64_t>(attempt));
}

class Timeline {
 public:
  explicit Timeline(absl::Time start) : now_(start) {}

  absl::Time now() const { return now_; }

  void At(absl::Time when, std::function<void()> task) {
    tasks_.emplace(std::make_pair(std::max(when, now_), ++number_),
                   std::move(task));
  }

  void Run() {
    while (!tasks_.empty()) {
      auto first = tasks_.begin();
      now_ = first->first.first;
      const std::function<void()> task = std::move(first->second);
      tasks_.erase(first);
      task();
    }
  }

 private:
  absl::Time now_;
  uint64_t number_ = 0;
  std::map<std::pair<absl::Time, uint64_t>, std::function<void()>> tasks_;
};

// Everything that a simulation shares.
struct World {
  World(const ServerModel& server_model, const Work& some_work)
      : model(server_model),
        work(some_work),
        start(StartOf(some_work)),
        time(start),
        server(server_model, start),
        luck(some_work.seed),
        ledger_luck(some_work.seed) {}

  absl::Duration LedgerTakes() {
    absl::Duration takes = work.ledger_takes;
    if (work.ledger_jitter > absl::ZeroDuration()) {
      const bool slow = ledger_luck.Next() < 0.02;
      takes += (slow ? work.ledger_slow_jitter : work.ledger_jitter) *
               ledger_luck.Next();
    }
    return takes;
  }

  absl::Duration OneWay() { return model.one_way + model.jitter * luck.Next(); }

  const ServerModel model;
  const Work work;
  const absl::Time start;
  Timeline time;
  Server server;
  MemoryLedger ledger;
  Random luck;
  Random ledger_luck;
  Result result;
  int in_flight = 0;
  std::vector<absl::Time> sent;
};

class Process {
 public:
  Process(World* world, int first_job, int jobs)
      : world_(world),
        gates_({}, {}, Keys(world->work)),
        next_job_(first_job),
        last_job_(first_job + jobs) {
    if (!world->work.ledger) return;
    link_ = std::make_unique<LedgerLink>(&gates_, absl::StrCat(first_job),
                                         "https://service", absl::Minutes(15));
  }

  void Start() {
    for (int i = 0; i < world_->work.concurrency; ++i) Begin();
  }

 private:
  struct Call {
    Call(const Order& order, Gates* gates, int call_job)
        : machine(order, gates), job(call_job) {}

    CallMachine machine;
    const int job;
    int attempts = 0;
    bool failed = false;  // The last one, by a fault.
    uint64_t wait = 0;    // Counts waits, so that old timers do nothing.
    absl::Time deadline;
  };

  static std::vector<GateCredential> Keys(const Work& work) {
    std::vector<GateCredential> keys;
    for (int i = 0; i < work.keys; ++i) {
      keys.push_back({absl::StrCat("key", i), absl::StrCat("project", i)});
    }
    return keys;
  }

  void Begin() {
    if (next_job_ == last_job_) return;
    Terms terms;
    terms.retry.max_retries = world_->work.max_retries;
    terms.retry.max_ambiguous_retries = world_->work.max_ambiguous_retries;
    terms.retry.backoff = world_->work.backoff;
    terms.limits.attempt = absl::Minutes(3);
    terms.models = {"model"};
    Order order;
    order.terms = std::make_shared<const Terms>(std::move(terms));
    order.deadline = world_->time.now() + world_->work.deadline;
    order.input_tokens =
        static_cast<double>(world_->model.tokens_per_request) * 0.7;
    auto call = std::make_unique<Call>(order, &gates_, next_job_++);
    call->deadline = order.deadline;
    Call* started = call.get();
    calls_[started->machine.ticket()] = std::move(call);
    Do(started, started->machine.OnStarted(world_->time.now()));
  }

  void Do(Call* call, Action action) {
    ++call->wait;
    waiting_.erase(call->machine.ticket());
    WakeThose();
    if (auto* start = std::get_if<StartAttempt>(&action)) {
      Send(call, *start);
    } else if (auto* wait = std::get_if<WaitUntil>(&action)) {
      if (wait->wakeable) waiting_[call->machine.ticket()] = call;
      world_->time.At(wait->time, [this, call, ticket = call->machine.ticket(),
                                   number = call->wait] {
        if (calls_.count(ticket) == 0 || call->wait != number) return;
        Do(call, call->machine.OnWoke(world_->time.now()));
      });
    } else {
      End(call, std::get<Finish>(action));
    }
  }

  void WakeThose() {
    if (waking_) return;
    if (!gates_.has_woken()) {
      AskLedger();
      return;
    }
    waking_ = true;
    world_->time.At(world_->time.now(), [this] {
      for (const uint64_t ticket : gates_.TakeWoken()) {
        const auto entry = waiting_.find(ticket);
        if (entry == waiting_.end()) continue;
        Call* call = entry->second;
        Do(call, call->machine.OnWoke(world_->time.now()));
      }
      waking_ = false;
      WakeThose();
    });
  }

  void AskLedger() {
    if (link_ == nullptr) return;
    if (auto request = link_->Next(world_->time.now())) {
      // A transaction, and the way to and from its thread.
      const absl::Duration half = world_->LedgerTakes() / 2;
      world_->time.At(world_->time.now() + half, [this, half, request] {
        auto reply = world_->ledger.Exchange(*request);
        world_->time.At(world_->time.now() + half,
                        [this, reply = std::move(reply)] {
                          link_->OnReply(reply, world_->time.now());
                          WakeThose();
                        });
      });
    }
    if (gates_.has_woken()) WakeThose();
    const absl::Time at = link_->wake_at();
    if (at == absl::InfiniteFuture() || calls_.empty()) return;
    const uint64_t number = ++ledger_wait_;
    world_->time.At(at, [this, number] {
      if (number == ledger_wait_) WakeThose();
    });
  }

  void Send(Call* call, const StartAttempt& action) {
    Result& result = world_->result;
    const absl::Time now = world_->time.now();
    ++result.requests;
    if (call->failed) ++result.repeats;
    if (now < told_[action.credential]) ++result.early;
    if (now >= call->deadline) ++result.late;
    world_->sent.push_back(now);
    if (++world_->in_flight > result.peak_in_flight) {
      result.peak_in_flight = world_->in_flight;
      result.peak_after = now - world_->start;
    }
    Random luck = LuckOf(world_->work, call->job, call->attempts++);
    const double chance = luck.Next();
    const double drawing = luck.Next();
    const absl::Time arrives = now + world_->OneWay();
    if (arrives > action.give_up_at) {
      world_->time.At(action.give_up_at, [this, call] {
        --world_->in_flight;
        call->failed = true;
        Do(call, call->machine.OnAttemptEnded(TimedOut(), world_->time.now(),
                                              world_->luck.Next()));
      });
      return;
    }
    world_->time.At(arrives, [this, call, action, chance, drawing] {
      if (world_->server.IsDown(world_->time.now())) {
        ++world_->result.in_outage;
      }
      const Answer answer =
          world_->server.Arrive(static_cast<int>(action.credential), chance,
                                drawing, world_->time.now());
      const bool let_in = answer.takes >= world_->model.picture_from / 2;
      world_->time.At(world_->time.now() + answer.takes, [this, let_in] {
        if (let_in) world_->server.Leave();
      });
      const absl::Duration back = world_->OneWay();
      auto diagnosis = answer.diagnosis;
      if (diagnosis.has_value() && diagnosis->retry_at.has_value() &&
          diagnosis->cause != gemini::Cause::kDailyQuota) {
        // Delays count from their receipt.
        *diagnosis->retry_at += answer.takes + back;
      }
      absl::Time ends = world_->time.now() + answer.takes + back;
      if (ends > action.give_up_at) {
        ends = action.give_up_at;
        diagnosis = TimedOut();
      }
      world_->time.At(ends, [this, call, key = action.credential,
                             ended = std::move(diagnosis)] {
        if (ended.has_value() && ended->retry_at.has_value() &&
            (ended->cause == gemini::Cause::kRateLimited ||
             ended->cause == gemini::Cause::kOverloaded)) {
          told_[key] = std::max(told_[key], *ended->retry_at);
        }
        --world_->in_flight;
        call->failed =
            ended.has_value() && (ended->cause == gemini::Cause::kAmbiguous ||
                                  (ended->cause == gemini::Cause::kOverloaded &&
                                   ended->http_status != 429));
        Do(call, call->machine.OnAttemptEnded(ended, world_->time.now(),
                                              world_->luck.Next()));
      });
    });
  }

  void End(Call* call, const Finish& finish) {
    Result& result = world_->result;
    const absl::Duration after = world_->time.now() - world_->start;
    result.answered_first = std::min(result.answered_first, after);
    result.answered = std::max(result.answered, after);
    if (world_->time.now() > call->deadline) ++result.late;
    if (finish.verdict == Finish::Verdict::kDelivered) {
      ++result.ok;
      result.makespan = std::max(result.makespan, after);
    } else if (finish.retry_at.has_value() &&
               finish.diagnosis->cause == gemini::Cause::kDailyQuota) {
      ++result.deferred;
    } else if (finish.diagnosis->cause == gemini::Cause::kZeroQuota ||
               finish.diagnosis->cause == gemini::Cause::kBilling) {
      ++result.degraded;
    } else {
      ++result.lost;
    }
    calls_.erase(call->machine.ticket());
    world_->time.At(world_->time.now(), [this] { Begin(); });
  }

  World* const world_;
  Gates gates_;
  int next_job_;
  const int last_job_;
  bool waking_ = false;
  std::unique_ptr<LedgerLink> link_;
  uint64_t ledger_wait_ = 0;
  std::map<uint64_t, std::unique_ptr<Call>> calls_;
  std::map<uint64_t, Call*> waiting_;
  std::map<size_t, absl::Time> told_;
};

// The most of `times` in a second, from `from` until `until`.
int Busiest(const std::vector<absl::Time>& times, absl::Time from,
            absl::Time until) {
  int most = 0;
  size_t begin = 0;
  for (size_t end = 0; end < times.size(); ++end) {
    while (times[begin] < from ||
           times[end] - times[begin] >= absl::Seconds(1)) {
      if (begin == end) break;
      ++begin;
    }
    if (times[begin] < from || times[end] >= until) continue;
    most = std::max(most, static_cast<int>(end - begin) + 1);
  }
  return most;
}

}  // namespace

Result Simulate(const ServerModel& model, const Work& work) {
  World world(model, work);
  std::vector<std::unique_ptr<Process>> processes;
  const int each =
      work.jobs_of_first == 0
          ? work.jobs / work.processes
          : (work.jobs - work.jobs_of_first) / std::max(work.processes - 1, 1);
  int next = 0;
  for (int i = 0; i < work.processes; ++i) {
    const int jobs =
        i == 0 && work.jobs_of_first > 0 ? work.jobs_of_first : each;
    processes.push_back(std::make_unique<Process>(&world, next, jobs));
    next += jobs;
    Process* process = processes.back().get();
    world.time.At(world.start + absl::Milliseconds(7) * i,
                  [process] { process->Start(); });
  }
  world.time.Run();
  const absl::Time down = world.start + model.outage_from;
  world.result.busiest_before = Busiest(world.sent, world.start, down);
  world.result.busiest_after =
      Busiest(world.sent, down + model.outage_for, absl::InfiniteFuture());
  return world.result;
}

absl::Duration OptimalMakespan(const ServerModel& model, const Work& work) {
  World world(model, work);
  const int workers = work.concurrency * work.processes;
  std::deque<std::pair<int, int>> open;  // Jobs and their attempts so far.
  for (int job = 0; job < work.jobs; ++job) open.emplace_back(job, 0);
  int busy = 0;
  int done = 0;
  int hopeless = 0;
  std::function<void()> tick = [&] {
    const absl::Time now = world.time.now();
    bool sent = true;
    while (sent && busy < workers && !open.empty()) {
      sent = false;
      for (int project = 0; project < work.keys; ++project) {
        if (!world.server.WouldAdmit(project, now)) continue;
        const auto [job, attempt] = open.front();
        open.pop_front();
        Random luck = LuckOf(work, job, attempt);
        const double chance = luck.Next();
        const Answer answer =
            world.server.Arrive(project, chance, luck.Next(), now);
        const bool let_in = answer.takes >= model.picture_from / 2;
        ++busy;
        world.time.At(now + answer.takes,
                      [&, let_in, failed = answer.diagnosis.has_value(),
                       j = job, a = attempt] {
                        --busy;
                        if (let_in) world.server.Leave();
                        if (failed) {
                          open.emplace_front(j, a + 1);
                        } else {
                          ++done;
                          world.result.makespan = world.time.now() -
                                                  world.start +
                                                  2 * model.one_way;
                        }
                      });
        sent = true;
        break;
      }
    }
    hopeless = sent || busy > 0 ? 0 : hopeless + 1;
    if (done < work.jobs && hopeless < 20000) {
      world.time.At(now + absl::Milliseconds(10), tick);
    }
  };
  world.time.At(world.start, tick);
  world.time.Run();
  return world.result.makespan;
}

}  // namespace quota_simulator
