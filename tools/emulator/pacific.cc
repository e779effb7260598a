#include "emulator/pacific.h"

namespace gemini_emulator {
namespace {

constexpr int kStandardHours = -8;
constexpr int kSummerHours = -7;

absl::CivilDay SundayFrom(absl::CivilDay day) {
  return absl::NextWeekday(day - 1, absl::Weekday::sunday);
}

// From the second Sunday in March to the first in November, each time at two
// o'clock by the clock on the wall.
bool IsSummer(absl::Time time) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const auto year =
      absl::ToCivilYear(time + absl::Hours(kStandardHours), utc).year();
  const absl::CivilDay march = SundayFrom(absl::CivilDay(year, 3, 8));
  const absl::CivilDay november = SundayFrom(absl::CivilDay(year, 11, 1));
  const absl::Time begin =
      absl::FromCivil(absl::CivilHour(march) + 2 - kStandardHours, utc);
  const absl::Time end =
      absl::FromCivil(absl::CivilHour(november) + 2 - kSummerHours, utc);
  return begin <= time && time < end;
}

int OffsetHours(absl::Time time) {
  return IsSummer(time) ? kSummerHours : kStandardHours;
}

}  // namespace

absl::CivilDay PacificDay(absl::Time time) {
  return absl::ToCivilDay(time + absl::Hours(OffsetHours(time)),
                          absl::UTCTimeZone());
}

absl::Time NextPacificMidnight(absl::Time time) {
  const absl::CivilHour midnight(PacificDay(time) + 1);
  const absl::Time summer =
      absl::FromCivil(midnight - kSummerHours, absl::UTCTimeZone());
  return IsSummer(summer)
             ? summer
             : absl::FromCivil(midnight - kStandardHours, absl::UTCTimeZone());
}

}  // namespace gemini_emulator
