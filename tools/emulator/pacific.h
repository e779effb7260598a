// The calendar of America/Los_Angeles, by which daily quotas are counted. Built
// in, so that it needs no time zone database: the rules of the United States
// since 2007.

#ifndef EMULATOR_PACIFIC_H_
#define EMULATOR_PACIFIC_H_

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace gemini_emulator {

absl::CivilDay PacificDay(absl::Time time);

// The midnight that comes after `time`.
absl::Time NextPacificMidnight(absl::Time time);

}  // namespace gemini_emulator

#endif  // EMULATOR_PACIFIC_H_
