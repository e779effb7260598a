#include "util/pacific_time.h"

#include "absl/time/civil_time.h"

namespace gemini::internal {
namespace {

constexpr int kStandardOffset = -8 * 3600;
constexpr int kDaylightOffset = -7 * 3600;

// 2:00 on the n-th Sunday of a month.
absl::CivilSecond SundayAtTwo(absl::civil_year_t year, int month, int nth) {
  absl::CivilDay day = absl::NextWeekday(absl::CivilDay(year, month, 1) - 1,
                                         absl::Weekday::sunday);
  day += 7 * (nth - 1);
  return absl::CivilSecond(day) + 2 * 3600;
}

}  // namespace

absl::TimeZone PacificZoneAt(absl::Time time) {
  const absl::TimeZone standard = absl::FixedTimeZone(kStandardOffset);
  const absl::TimeZone daylight = absl::FixedTimeZone(kDaylightOffset);
  const absl::civil_year_t year = absl::ToCivilSecond(time, standard).year();
  const absl::Time begin = absl::FromCivil(SundayAtTwo(year, 3, 2), standard);
  const absl::Time end = absl::FromCivil(SundayAtTwo(year, 11, 1), daylight);
  return time >= begin && time < end ? daylight : standard;
}

absl::Time NextPacificMidnight(absl::Time time) {
  const absl::CivilDay tomorrow =
      absl::ToCivilDay(time, PacificZoneAt(time)) + 1;
  // Changes happen at 2:00, so on their days midnight still has the old offset.
  const absl::Time standard =
      absl::FromCivil(tomorrow, absl::FixedTimeZone(kStandardOffset));
  return absl::FromCivil(tomorrow, PacificZoneAt(standard));
}

absl::Time LastPacificMidnight(absl::Time time) {
  // A day has at most 25 hours.
  const absl::Time first = NextPacificMidnight(time - absl::Hours(25));
  const absl::Time second = NextPacificMidnight(first);
  return second <= time ? second : first;
}

}  // namespace gemini::internal
