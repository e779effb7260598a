// America/Los_Angeles without a time zone database: Google resets daily quotas
// at midnight there, and a container may have no /usr/share/zoneinfo.

#ifndef GEMINI_SRC_UTIL_PACIFIC_TIME_H_
#define GEMINI_SRC_UTIL_PACIFIC_TIME_H_

#include "absl/time/time.h"

namespace gemini::internal {

// The fixed offset that is in force at `time`, by the rule of the United States
// since 2007 (15 U.S.C. 260a): daylight saving from the second Sunday of March,
// 2:00, to the first Sunday of November, 2:00.
absl::TimeZone PacificZoneAt(absl::Time time);

// The beginning of the next Pacific day after `time`.
absl::Time NextPacificMidnight(absl::Time time);

// The beginning of the Pacific day of `time`.
absl::Time LastPacificMidnight(absl::Time time);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_PACIFIC_TIME_H_
