#include "quota_simulator/memory_ledger.h"

#include <algorithm>
#include <set>

namespace quota_simulator {

using gemini::internal::LedgerEvent;
using gemini::internal::LedgerReply;
using gemini::internal::LedgerRequest;
using gemini::internal::LedgerTurn;

absl::StatusOr<LedgerReply> MemoryLedger::Exchange(
    const LedgerRequest& request) {
  alive_[request.process] = request.leaves ? absl::InfinitePast() : request.now;
  for (const LedgerEvent& event : request.events) {
    events_.emplace_back(request.service, event);
  }
  ReleaseTheDead(request.now);
  LedgerReply reply;
  const auto begin = static_cast<size_t>(std::max<int64_t>(request.seen, 0));
  for (size_t i = begin; i < events_.size(); ++i) {
    const auto& [service, event] = events_[i];
    if (service != request.service || event.process == request.process ||
        (request.seen < 0 && event.at < request.since)) {
      continue;
    }
    reply.events.push_back(event);
  }
  reply.seen = static_cast<int64_t>(events_.size());

  Turn& turn = turns_[request.service];
  if (request.turn == LedgerTurn::kGiveBack &&
      turn.process == request.process) {
    turn = {};
  } else if (request.turn == LedgerTurn::kTake &&
             (turn.process.empty() || turn.process == request.process ||
              turn.until <= request.now)) {
    turn = {request.process, request.now + gemini::internal::kLedgerTurn};
    reply.turn_until = turn.until;
  }
  return reply;
}

void MemoryLedger::ReleaseTheDead(absl::Time now) {
  for (auto process = alive_.begin(); process != alive_.end();) {
    if (process->second >= now - gemini::internal::kLedgerSilence) {
      ++process;
      continue;
    }
    std::map<uint64_t, std::pair<std::string, LedgerEvent>> open;
    for (const auto& [service, event] : events_) {
      if (event.process != process->first) continue;
      if (event.kind == LedgerEvent::Kind::kSent) {
        open[event.request] = {service, event};
      } else {
        open.erase(event.request);
      }
    }
    for (auto& [request, entry] : open) {
      entry.second.kind = LedgerEvent::Kind::kReleased;
      events_.push_back(std::move(entry));
    }
    process = alive_.erase(process);
  }
}

}  // namespace quota_simulator
