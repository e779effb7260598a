// Clients are programs: what they are told and what they say.

#ifndef GOODPUT_CLIENT_PROCESS_H_
#define GOODPUT_CLIENT_PROCESS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "goodput/measure.h"

namespace goodput {

struct Command {
  std::vector<std::string> words;
  // In addition to the harness's own; an empty value removes the variable.
  std::map<std::string, std::string> variables;
};

// Runs them at once and waits for all. Nothing if one did not end in time, or
// not well, or said nothing; a message on standard error tells which.
std::optional<Said> RunTogether(const std::vector<Command>& commands,
                                absl::Duration at_most);

// How a command ends that only says that it cannot be run here.
constexpr int kSkipped = 77;

// The exit code of a command whose output does not matter.
int ExitCodeOf(const Command& command);

}  // namespace goodput

#endif  // GOODPUT_CLIENT_PROCESS_H_
