#include "goodput/optimum.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>

#include "emulator/fault_board.h"
#include "emulator/generate_request.h"
#include "emulator/luck.h"
#include "emulator/quota.h"

namespace goodput {
namespace {

using gemini_emulator::FaultAction;
using gemini_emulator::KeyEntry;
using gemini_emulator::Scenario;

// How closely the server's counters are watched, on the wall.
constexpr absl::Duration kTick = absl::Milliseconds(1);
constexpr absl::Duration kHopeless = absl::Minutes(10);

struct Job {
  std::string prompt;
  int64_t attempts = 0;
};

gemini_emulator::Demand DemandOf(const KeyEntry& key,
                                 const std::string& prompt) {
  gemini_emulator::Demand demand;
  demand.project = key.project;
  demand.tier = key.tier;
  demand.model = demand.quota_model = kModel;
  demand.draws = true;
  const gemini_emulator::Json part = {{"text", prompt}};
  demand.input_tokens =
      gemini_emulator::CountTokens(
          {{"contents", {{{"parts", gemini_emulator::Json::array({part})}}}}})
          .total();
  return demand;
}

class Oracle {
 public:
  Oracle(const Situation& situation, const ServerOptions& options)
      : situation_(situation),
        options_(options),
        server_(Scaled(situation, options)),
        minute_(MinuteOf(situation)),
        quota_(server_.quotas) {
    for (const gemini_emulator::Fault& fault : server_.faults) {
      faults_.Add(fault);
    }
    const int each = situation.jobs / situation.processes;
    for (int job = 0; job < each; ++job) {
      for (int process = 0; process < situation.processes; ++process) {
        open_.push_back({PromptOf(process, job)});
      }
    }
    for (int i = 0; i < situation.strangers; ++i) {
      quota_.Admit(DemandOf(server_.keys.back(), "a stranger"),
                   minute_ + situation.into_minute - kStrangersAgo);
    }
  }

  absl::Duration Run(absl::Duration first) {
    absl::Duration makespan;
    for (absl::Duration now = first; now < kHopeless; now += kTick) {
      while (!busy_.empty() && busy_.begin()->first <= now) {
        const auto& [job, drawn] = busy_.begin()->second;
        if (drawn) {
          makespan = busy_.begin()->first - first;
        } else {
          open_.push_front(job);
        }
        busy_.erase(busy_.begin());
      }
      if (open_.empty() && busy_.empty()) return makespan;
      while (!open_.empty() && now >= opens_ && Send(now)) {
      }
    }
    return makespan;
  }

 private:
  // Whether the first open job was let in.
  bool Send(absl::Duration now) {
    const auto workers =
        static_cast<size_t>(situation_.concurrency * situation_.processes);
    if (busy_.size() >= workers) return false;
    Job job = open_.front();
    const gemini_emulator::Luck luck =
        gemini_emulator::LuckOf(server_.seed, job.prompt, job.attempts + 1);
    const absl::Duration on_server = now / options_.time_scale;
    if (quota_.AdmitToCapacity(
            kModel,
            {static_cast<int64_t>(busy_.size()), luck.capacity, on_server},
            {})) {
      return false;
    }
    opens_ = absl::InfiniteDuration();
    for (const KeyEntry& key : server_.keys) {
      if (!key.state.empty()) continue;
      if (const auto refused =
              quota_.Admit(DemandOf(key, job.prompt), minute_ + on_server)) {
        const absl::Duration delay =
            refused->retry_after.value_or(absl::ZeroDuration());
        opens_ = std::min(opens_, now + delay * options_.time_scale);
        continue;
      }
      opens_ = absl::ZeroDuration();
      gemini_emulator::RequestFacts facts;
      facts.method = "generateContent";
      facts.model = kModel;
      const auto fault = faults_.Take(facts, luck.fault);
      const bool refused =
          fault != nullptr && fault->fault.action == FaultAction::kStatus;
      ++job.attempts;
      open_.pop_front();
      busy_.emplace(now + (refused ? server_.refusal_latency : server_.latency)
                              .At(luck.latency),
                    std::make_pair(job, fault == nullptr));
      return true;
    }
    return false;
  }

  const Situation& situation_;
  const ServerOptions options_;
  const Scenario server_;
  const absl::Time minute_;
  gemini_emulator::QuotaEngine quota_;
  gemini_emulator::FaultBoard faults_;
  std::deque<Job> open_;
  absl::Duration opens_;  // When the quotas may let in the next one.
  std::multimap<absl::Duration, std::pair<Job, bool>> busy_;  // By their ends.
};

}  // namespace

absl::Duration Optimum(const Situation& situation, const ServerOptions& options,
                       absl::Duration first) {
  if (situation.expected != Expected::kPictures) return absl::ZeroDuration();
  Situation without_refusals = situation;
  for (auto& rule : without_refusals.server.quotas.quotas) {
    // It asks whether it would be let in, and is never refused.
    rule.count_refused = false;
    rule.error_template.clear();
  }
  return Oracle(without_refusals, options).Run(first);
}

}  // namespace goodput
