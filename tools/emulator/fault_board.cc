#include "emulator/fault_board.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

bool IsUsedUp(const OrderedFault& ordered) {
  return ordered.fault.times != 0 && ordered.applied >= ordered.fault.times;
}

bool IsUnmet(const OrderedFault& ordered) {
  return ordered.met < std::max<int64_t>(ordered.fault.times, 1);
}

}  // namespace

OrderedFault* FaultBoard::Find(const std::string& id) {
  for (const auto& ordered : ordered_) {
    if (ordered->fault.id == id) return ordered.get();
  }
  return nullptr;
}

std::string FaultBoard::Add(Fault fault) {
  const std::string stem =
      fault.id.empty() ? absl::StrCat(NameOf(fault.action), "-", next_id_++)
                       : fault.id;
  fault.id = stem;
  for (int64_t i = 2; Find(fault.id) != nullptr; ++i) {
    fault.id = absl::StrCat(stem, "#", i);
  }
  auto ordered = std::make_shared<OrderedFault>();
  ordered->fault = std::move(fault);
  ordered_.push_back(ordered);
  return ordered->fault.id;
}

std::shared_ptr<OrderedFault> FaultBoard::Take(const RequestFacts& facts,
                                               double chance) {
  std::shared_ptr<OrderedFault> taken;
  for (const auto& ordered : ordered_) {
    if (ordered->from_header || !Matches(ordered->fault.match, facts)) {
      continue;
    }
    ++ordered->seen;
    if (taken == nullptr && ordered->seen >= ordered->fault.match.nth &&
        !IsUsedUp(*ordered)) {
      if (chance < ordered->fault.rate) {
        taken = ordered;
      } else {
        chance -= ordered->fault.rate;
      }
    }
  }
  if (taken != nullptr) ++taken->applied;
  return taken;
}

std::shared_ptr<OrderedFault> FaultBoard::TakeFromHeader(Fault fault) {
  std::shared_ptr<OrderedFault> ordered;
  for (const auto& known : ordered_) {
    if (known->from_header && known->fault.id == fault.id) ordered = known;
  }
  if (ordered == nullptr) {
    ordered = std::make_shared<OrderedFault>();
    ordered->fault = std::move(fault);
    ordered->from_header = true;
    ordered_.push_back(ordered);
  }
  ++ordered->seen;
  if (IsUsedUp(*ordered)) return nullptr;
  ++ordered->applied;
  return ordered;
}

std::vector<std::string> FaultBoard::Unmet() const {
  std::vector<std::string> unmet;
  for (const auto& ordered : ordered_) {
    if (!IsUnmet(*ordered)) continue;
    std::string sentence = absl::StrCat(
        "fault '", ordered->fault.id, "' (", NameOf(ordered->fault.action),
        ") was ordered ",
        ordered->fault.times == 0 ? std::string("for always")
                                  : absl::StrCat(ordered->fault.times, "x"),
        " and met ", ordered->met, "x; ", ordered->seen, " requests matched");
    if (!ordered->last_miss.empty()) {
      absl::StrAppend(&sentence, "; ", ordered->last_miss);
    }
    unmet.push_back(std::move(sentence));
  }
  return unmet;
}

Json FaultBoard::ToJson() const {
  Json faults = Json::array();
  for (const auto& ordered : ordered_) {
    Json entry = {{"id", ordered->fault.id},
                  {"action", std::string(NameOf(ordered->fault.action))},
                  {"ordered", ordered->fault.times},
                  {"seen", ordered->seen},
                  {"applied", ordered->applied},
                  {"met", ordered->met},
                  {"unmet", IsUnmet(*ordered)}};
    if (!ordered->last_miss.empty()) entry["lastMiss"] = ordered->last_miss;
    faults.push_back(std::move(entry));
  }
  return {{"faults", std::move(faults)}};
}

}  // namespace gemini_emulator
