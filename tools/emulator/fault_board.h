// The faults that are ordered, and what became of each.

#ifndef EMULATOR_FAULT_BOARD_H_
#define EMULATOR_FAULT_BOARD_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "emulator/fault.h"
#include "emulator/json.h"

namespace gemini_emulator {

struct OrderedFault {
  Fault fault;
  // Ordered by a request for itself: no other request meets it.
  bool from_header = false;
  int64_t seen = 0;       // Requests that matched.
  int64_t applied = 0;    // Answers that were given the fault.
  int64_t met = 0;        // Answers in which it took effect.
  std::string last_miss;  // Why an applied fault had no effect.
};

class FaultBoard {
 public:
  // A fault without an id gets one; a known id gets a number behind it. Returns
  // the id.
  std::string Add(Fault fault);

  // The fault for this request, or null. It stays valid after Clear(). `chance`
  // in [0, 1) decides on faults with a rate; the rates add up.
  std::shared_ptr<OrderedFault> Take(const RequestFacts& facts, double chance);

  // The same for a fault that came with the request itself.
  std::shared_ptr<OrderedFault> TakeFromHeader(Fault fault);

  void Clear() { ordered_.clear(); }

  // A sentence for each fault that was met less often than it was ordered; one
  // ordered for always must be met once.
  std::vector<std::string> Unmet() const;

  Json ToJson() const;

 private:
  OrderedFault* Find(const std::string& id);

  std::list<std::shared_ptr<OrderedFault>> ordered_;
  int64_t next_id_ = 1;
};

}  // namespace gemini_emulator

#endif  // EMULATOR_FAULT_BOARD_H_
